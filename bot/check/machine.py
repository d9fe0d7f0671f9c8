"""The machine: the database's file, and room on the disk."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bot.check.report import FaultError, Outcome, fault, ok
from bot.errors import SchemaError, StorageError

_MIB: Final = 1024 * 1024
LEAST_FREE_BYTES: Final = 200 * _MIB
"""For the write-ahead log, logs, and what else a day brings."""

_COPIES: Final = 2  # of the database: one before a migration, one as a backup


class DatabaseState(Protocol):
    """What is found about a database without changing it."""

    @property
    def path(self) -> Path:
        """Its file."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """How large it is; None where there is none yet."""
        ...

    @property
    def version(self) -> int:
        """The schema that it has."""
        ...

    @property
    def newest_version(self) -> int:
        """The schema that this program knows."""
        ...


Inspect = Callable[[str], DatabaseState]
"""Looks at the database of an address. Blocks. Raises a StorageError where that is damaged or not read."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The checks.

    Args:
        database_url: `DATABASE_URL`.
        inspect: looks at the database.
        locate: returns the database's file.
    """

    database_url: str
    inspect: Inspect
    locate: Callable[[str], Path]

    async def folder(self) -> Outcome:
        """The folder of the database can be written to, or made."""
        return await asyncio.to_thread(_try_to_write, self.locate(self.database_url))

    async def database(self) -> Outcome:
        """The database is sound, and this program's. A bot may be working on it."""
        try:
            state = await asyncio.to_thread(self.inspect, self.database_url)
        except SchemaError as error:
            raise FaultError(
                f"{error}.",
                "If it is this bot's, stop the bot and put a backup in its place (docs/operations.md); if"
                " not, correct DATABASE_URL.",
            ) from error
        except StorageError as error:
            raise FaultError(f"{error}.", "Check DATABASE_URL, and who owns the file.") from error
        return _judge(state)

    async def disk(self) -> Outcome:
        """There is room for the database to grow, and for copies of it."""
        path = self.locate(self.database_url)
        return await asyncio.to_thread(_measure, path)


def _try_to_write(path: Path) -> Outcome:
    there = next(folder for folder in path.parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError as error:
        raise FaultError(
            f"{path if str(error.filename) == str(path) else there} cannot be written to: {error.strerror}.",
            f"Give {there} to the user that the bot runs as, or set DATABASE_URL to a file elsewhere.",
        ) from error
    return ok(f"{path.parent} can be written to." if there == path.parent else f"{path.parent} can be made.")


def _judge(state: DatabaseState) -> Outcome:
    if state.size_bytes is None:
        return ok(f"There is no {state.path} yet; the bot makes it.")
    if state.version > state.newest_version:
        return fault(
            f"{state.path} has schema {state.version}, and this program knows {state.newest_version}.",
            "Run the newer sana-bot that made it, or put the copy back that was made before the upgrade.",
        )
    if state.version < state.newest_version:
        return ok(
            f"{state.path} is sound; the next start copies it and brings it to schema {state.newest_version}."
        )
    return ok(f"{state.path} is sound and up to date.")


def _measure(path: Path) -> Outcome:
    there = next(folder for folder in path.parents if folder.exists())
    free = shutil.disk_usage(there).free
    needed = LEAST_FREE_BYTES + _COPIES * (path.stat().st_size if path.exists() else 0)
    found = f"{free // _MIB:,} MiB are free on the disk of {there}, and {needed // _MIB:,} MiB are needed"
    if free < needed:
        return fault(f"Only {found}.", "Make room, or move the database to a larger disk with DATABASE_URL.")
    return ok(f"{found}.")
