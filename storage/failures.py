"""What SQLite's errors mean, and how they are said: whole to the caller, and once a minute to the log."""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import structlog

from bot.errors import SchemaError, StorageError

SAID_EVERY_SECONDS: Final = 60.0
"""How often the log says that the same trouble goes on."""

_MEANINGS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program has locked it",
    sqlite3.SQLITE_LOCKED: "another program has locked it",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_PERM: "permission was denied",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full, or failed",  # there is no room for its index of the log
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database",
}
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

log = structlog.get_logger()


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Raise the project's errors for those of SQLite and of the file system.

    Args:
        subject: what the message begins with: the database's path, and what was to be done with it.

    Raises:
        SchemaError: it is damaged.
        StorageError: anything else.
    """
    try:
        yield
    except sqlite3.Error as exc:
        # The low byte is the kind of error, the rest its details.
        code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        meaning = _MEANINGS.get(code) or _MEANINGS.get(code & 0xFF, "SQLite refused")
        error = SchemaError if code & 0xFF in _DAMAGED else StorageError
        raise error(f"{subject}: {meaning} ({exc})") from exc
    except OSError as exc:
        raise StorageError(f"{subject}: {exc.strerror} ({exc.filename})") from exc


class TroubleLog:
    """Tells the operator what the database refuses, however many callers are refused for the same reason.

    Args:
        seconds: returns a time that never goes back.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._said: dict[str, tuple[float, int]] = {}  # when each text was last said, how often it came since

    def note(self, error: StorageError) -> None:
        """Log an error, or only count it where the same was logged in the last minute."""
        text, now = str(error), self._seconds()
        said_at, repeats = self._said.get(text, (-math.inf, 0))
        if now < said_at + SAID_EVERY_SECONDS:
            self._said[text] = (said_at, repeats + 1)
            return
        self._said[text] = (now, 0)
        log.error("database.failed", error=text, repeats=repeats)
