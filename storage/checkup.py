"""Looking at a database without changing it, beside a bot that works on it."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import StorageError
from storage.database import path_of
from storage.failures import translated
from storage.migrate import check, newest_version, version_of

_LOOK_SECONDS: Final = 20.0
_STEPS_BETWEEN_LOOKS: Final = 100_000  # of SQLite's machine: about a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """What was found."""

    path: Path
    size_bytes: int | None  # None: there is none yet
    version: int
    newest_version: int


def inspect(url: str) -> DatabaseState:
    """Return what there is to know about the database of an address, after going through all of it.

    Blocks: to be called in a thread.

    Raises:
        SchemaError: it is damaged, or no database of this program.
        StorageError: it cannot be read, or not within 20 seconds.
    """
    path = path_of(url)
    with translated(str(path)):
        size_bytes = path.stat().st_size if path.exists() else 0
        version = _look_through(path) if size_bytes else 0
    return DatabaseState(
        path=path, size_bytes=size_bytes or None, version=version, newest_version=newest_version()
    )


def _look_through(path: Path) -> int:
    deadline = time.monotonic() + _LOOK_SECONDS
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        version = version_of(connection, path)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        try:
            check(connection, path)
        except sqlite3.OperationalError as error:
            if time.monotonic() < deadline:
                raise
            text = f"{path} is too large to be looked through in {_LOOK_SECONDS:.0f} seconds"
            raise StorageError(text) from error
    return version
