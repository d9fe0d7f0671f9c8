"""The database file: opening it, reading from it, writing to it, and what SQLite's errors mean.

What was committed survives a power cut: every commit waits until its write-ahead log is on the disk.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bot.errors import SettingsError, StorageError
from storage.connection import Connection, Operation, Parameters, Transaction
from storage.failures import TroubleLog, translated
from storage.lock import exclusive_lock
from storage.migrate import migrate
from storage.writer import Writer

BUSY_TIMEOUT_SECONDS: Final = 1.0
"""How long another program's lock is waited for: within the 3 seconds in which Discord wants an answer."""

_URL_PREFIX = "sqlite:///"
_Result = TypeVar("_Result")

# At DEBUG aiosqlite logs every statement with its parameters, and tokens are among them.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


class Database:
    """An open database with one writer, and a reader each for short and for long readings. Made by `open`."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        work: asyncio.Task[None],
        *,
        reader: Connection,
        reporter: Connection,
    ) -> None:
        self.path = path
        self._writer = writer
        self._work = work
        self._reader = reader
        self._reporter = reporter
        self._troubles = TroubleLog()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Database"]:
        """Lock, migrate and open a database, and close it when the context ends.

        Args:
            url: `sqlite:///relative/path` or `sqlite:////absolute/path`. Folder and file are made if missing.

        Raises:
            SettingsError: the address is of another kind.
            AlreadyRunningError: another process works on it.
            SchemaError: it is damaged, or newer than the program.
            StorageError: it cannot be opened or written to.
        """
        path = _path_of(url)
        async with AsyncExitStack() as stack:
            with translated(str(path)):
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(exclusive_lock(path))
                # Interaction tokens and callback hashes lie in it; SQLite gives its side files the same mode.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
                await asyncio.to_thread(migrate, path)
                connection = await stack.enter_async_context(_connect(path))
                reader = await stack.enter_async_context(_connect(path))
                reporter = await stack.enter_async_context(_connect(path))
                for reading in (reader, reporter):
                    await reading.execute_fetchall("PRAGMA query_only = ON")
            writer = Writer(connection)
            work = await stack.enter_async_context(_running(writer))
            yield cls(path, writer, work, reader=reader, reporter=reporter)

    async def watch(self) -> None:
        """Return, or raise, when the writer has ended: as long as it works, wait."""
        await asyncio.shield(self._work)

    @property
    def commits(self) -> int:
        """Transactions committed since it was opened."""
        return self._writer.commits

    async def write(self, operation: Operation[_Result]) -> _Result:
        """Do an operation in a transaction, shared with others that wait, and return its result once durable.

        Args:
            operation: gets the `Transaction`, in the writer's thread. It may be run again after a rollback.
                A refusal that is part of normal life is returned, not raised, so that the others need not be
                repeated.

        Raises:
            StorageError: the database did not do it; nothing was written.
            Exception: what the operation raised; nothing was written.
        """
        with self._asked():
            return await self._writer.do(operation)

    async def read(self, statement: str, parameters: Parameters) -> list[sqlite3.Row]:
        """Return the rows of a query, as of the last commit. Does not wait for the writer.

        Raises:
            StorageError: the database could not be read.
        """
        with self._asked():
            return list(await self._reader.execute_fetchall(statement, parameters))

    async def look(self, operation: Operation[_Result]) -> _Result:
        """Do an operation that only reads, and return its result: all of it as of one commit.

        Raises:
            StorageError: the database could not be read.
        """
        with self._asked():
            return await self._reader.do(partial(_look, operation=operation))

    async def report(self, operation: Operation[_Result]) -> _Result:
        """Do an operation as `look` does; it may take long, for only other reports wait for it.

        Raises:
            StorageError: the database could not be read.
        """
        with self._asked():
            return await self._reporter.do(partial(_look, operation=operation))

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Raise a StorageError where the database fails, and have the operator told."""
        try:
            with translated(str(self.path)):
                yield
        except StorageError as error:
            self._troubles.note(error)
            raise


def _path_of(url: str) -> Path:
    path = url.removeprefix(_URL_PREFIX)
    if path in {url, ""}:
        raise SettingsError("DATABASE_URL must be like sqlite:///data/sana.db or sqlite:////var/lib/sana.db")
    return Path(path).absolute()


@asynccontextmanager
async def _connect(path: Path) -> AsyncIterator[Connection]:
    connection = Connection(path, timeout_seconds=BUSY_TIMEOUT_SECONDS)
    async with connection:
        ((journal_mode,),) = await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        if journal_mode != "wal":
            raise StorageError(f"{path}: SQLite cannot keep a write-ahead log here")
        await connection.execute_fetchall("PRAGMA synchronous = FULL")
        await connection.execute_fetchall("PRAGMA foreign_keys = ON")
        # Not every build of SQLite overwrites what was deleted, such as a token that a job forgot. A copy in
        # a page from which SQLite had moved the row stays all the same: see docs/promises.md.
        await connection.execute_fetchall("PRAGMA secure_delete = ON")
        yield connection


def _look(connection: sqlite3.Connection, operation: Operation[_Result]) -> _Result:
    connection.execute("BEGIN")
    try:
        return operation(Transaction(connection))
    finally:
        connection.execute("ROLLBACK")


@asynccontextmanager
async def _running(writer: Writer) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(writer.run(), name="database writer")
    try:
        yield task
    finally:
        writer.close()
        await task
