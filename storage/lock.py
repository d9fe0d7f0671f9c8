"""One process a database: an exclusive lock on a file beside it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import AlreadyRunningError


@contextmanager
def exclusive_lock(database: Path) -> Iterator[None]:
    """Hold the lock of a database. The kernel gives it up when the process dies, however it dies.

    The lock's file stays where it is: removing it would let two processes lock two files of the same name.

    Raises:
        AlreadyRunningError: another process holds it; the message names the file.
    """
    path = database.with_name(f"{database.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise AlreadyRunningError(f"another process works on {database}: it holds {path}") from exc
        yield
    finally:
        os.close(descriptor)
