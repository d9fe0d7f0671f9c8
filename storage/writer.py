"""The one writer: all operations that wait are done in one transaction (group commit).

A commit waits for the disk, so operations that come while one is under way share the next.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar, cast

from bot.errors import StorageError
from storage.connection import Connection, Operation, Transaction

LARGEST_BATCH: Final = 64
"""Operations in one transaction at most, so that the first of them does not wait for long."""

MOST_WAITING: Final = 1024
"""Operations that wait at most; further callers wait until there is room."""

_Result = TypeVar("_Result")


class _Waiting:
    """An operation and the caller that waits for its result."""

    def __init__(self, operation: Operation[object]) -> None:
        self.operation = operation
        self.answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def succeed(self, result: object) -> None:
        if not self.answer.done():
            self.answer.set_result(result)

    def fail(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


class Writer:
    """Does operations one after the other on a connection that nothing else uses.

    Args:
        connection: in autocommit mode; its transactions are the writer's.
    """

    def __init__(self, connection: Connection) -> None:
        self.commits = 0
        self._connection = connection
        self._waiting: deque[_Waiting] = deque()
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._news = asyncio.Event()
        self._closed = False

    async def do(self, operation: Operation[_Result]) -> _Result:
        """Return what the operation returned, once it is committed.

        A caller that is cancelled does not learn whether the operation was done; if so, it was done whole.

        Raises:
            StorageError: the writer is closed.
            Exception: whatever the operation, or the transaction, failed with; nothing was written.
        """
        async with self._room:
            if self._closed:
                raise _closed_error()
            waiting = _Waiting(operation)
            self._waiting.append(waiting)
            self._news.set()
            return cast("_Result", await waiting.answer)

    def close(self) -> None:
        """Take no more operations; `run` returns when those that wait are done."""
        self._closed = True
        self._news.set()

    async def run(self) -> None:
        """Work until the writer is closed. Whatever ends it, nobody is left waiting."""
        batch: list[_Waiting] = []
        try:
            while not self._closed:
                await self._news.wait()
                self._news.clear()
                while batch := self._next_batch():
                    await self._do_together(batch)
        finally:
            self._closed = True
            for waiting in (*batch, *self._waiting):
                waiting.fail(_closed_error())

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < LARGEST_BATCH:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        return batch

    async def _do_together(self, batch: list[_Waiting]) -> None:
        """Commit a batch as a whole; where that fails, each operation alone, so that one harms no other."""
        operations = [waiting.operation for waiting in batch]
        try:
            results = await self._connection.do(partial(_commit, operations=operations))
        except _NotBegunError as exc:
            # Those behind them would wait as long for the same answer, and members for too long.
            for waiting in (*batch, *self._waiting):
                waiting.fail(exc.why)
            self._waiting.clear()
        except Exception as exc:  # noqa: BLE001 - passed on to the caller, whatever it is
            if len(batch) == 1:
                batch[0].fail(exc)
                return
            for waiting in batch:
                await self._do_together([waiting])
        else:
            self.commits += 1
            for waiting, result in zip(batch, results, strict=True):
                waiting.succeed(result)


class _NotBegunError(Exception):
    """No transaction could be begun, so that it would be of no use to try each operation alone."""

    def __init__(self, why: sqlite3.Error) -> None:
        super().__init__(str(why))
        self.why = why


def _commit(connection: sqlite3.Connection, operations: Sequence[Operation[object]]) -> list[object]:
    """Do operations in one transaction, and return their results.

    Raises:
        _NotBegunError: another program has locked the database.
        BaseException: whatever an operation or the commit failed with; nothing was written.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as exc:
        raise _NotBegunError(exc) from exc
    try:
        results = [operation(Transaction(connection)) for operation in operations]
        connection.execute("COMMIT")
    except BaseException:
        # After some errors, a full disk among them, SQLite has rolled back already, and refuses.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return results


def _closed_error() -> StorageError:
    return StorageError("the database is closed")
