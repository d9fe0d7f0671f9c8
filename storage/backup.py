"""A consistent copy of a database, made while a bot works on it."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.errors import BackupRefusedError, StorageError
from storage.database import path_of
from storage.failures import translated
from storage.migrate import check, version_of

_PAGES_AT_ONCE: Final = 1024  # four megabytes, between which the bot can write
_PAUSE_SECONDS: Final = 0.01

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal", ".lock")
"""A database's files, by what follows its name: its own, those of SQLite, and that of `storage.lock`."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished copy."""

    path: Path
    size_bytes: int


def back_up(url: str, target: Path, *, overwrite: bool = False) -> Backup:
    """Copy the database of an address, as of one commit. Blocks.

    The source is only read. The copy can be read by its owner alone, is looked through, and has its name once
    it is on the disk.

    Args:
        url: as for `storage.database.Database.open`.
        target: a file; or a folder, in which the copy is named after the time.
        overwrite: whether a file that is there may be replaced.

    Raises:
        BackupRefusedError: there is nothing to copy, or something at the target that is not to be replaced.
        SchemaError: the database is damaged, or none of this program.
        StorageError: it cannot be read, or the copy not be written.
    """
    source = path_of(url)
    if "\0" in str(target):
        raise BackupRefusedError("no file's name holds a NUL")
    with translated(f"{source} was not copied to {target}"):
        if target.is_dir():
            target /= f"{source.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
        target = target.absolute()
        _refuse_what_cannot_be(source, target, overwrite=overwrite)
        return _copied(source, target, overwrite=overwrite)


def _refuse_what_cannot_be(source: Path, target: Path, *, overwrite: bool) -> None:
    if not source.exists():
        raise BackupRefusedError(f"there is no {source}: see DATABASE_URL")
    if _is_part(target, source):
        raise BackupRefusedError(f"{target} is the database itself, or belongs to it")
    if not overwrite:
        _refuse_to_replace(target)
    elif os.path.lexists(target) and not stat.S_ISREG(target.lstat().st_mode):
        raise BackupRefusedError(f"{target} is no regular file, and --force replaces nothing else")


def _is_part(target: Path, source: Path) -> bool:
    """Tell whether a database, its logs or its lock would be replaced: whatever leads there, now or later."""
    if target.exists() and target.samefile(source):
        return True
    parts = [Path(f"{each}{suffix}") for each in (source, source.resolve()) for suffix in _SUFFIXES]
    return _place(target) in map(_place, parts)


def _place(path: Path) -> Path:
    return path.parent.resolve() / path.name


def _refuse_to_replace(target: Path) -> None:
    if os.path.lexists(target):
        raise BackupRefusedError(f"{target} exists already; --force replaces it")


def _copied(source: Path, target: Path, *, overwrite: bool) -> Backup:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _copy(source, unfinished)
        _to_disk(unfinished)
        size_bytes = unfinished.stat().st_size
        if not overwrite:
            _link(unfinished, target)
        unfinished.replace(target)  # of two names of one file it leaves both
    finally:
        unfinished.unlink(missing_ok=True)
    _to_disk(target.parent)
    return Backup(target, size_bytes)


def _link(unfinished: Path, target: Path) -> None:
    """Give the copy its name, unless something has got that meanwhile.

    A file system without hard links, such as a memory stick's, leaves a moment between looking and naming.
    """
    try:
        os.link(unfinished, target)
    except OSError:
        _refuse_to_replace(target)


def _copy(source: Path, unfinished: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(unfinished)) as copy,
    ):
        if version_of(original, source) == 0:
            raise StorageError(f"{source} is empty")
        original.execute("BEGIN")  # as of this commit, however much the bot writes meanwhile
        original.execute("SELECT 1 FROM sqlite_schema").fetchone()
        # Between two calls of `progress` signals are heard.
        original.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda *_: None, sleep=_PAUSE_SECONDS)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        check(copy, unfinished)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
