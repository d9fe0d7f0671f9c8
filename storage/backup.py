"""A consistent copy of a database, made while a bot works on it."""

import os
import sqlite3
from contextlib import closing, suppress
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
        BackupRefusedError: there is nothing to copy, or something at the target already.
        SchemaError: the database is damaged, or none of this program.
        StorageError: it cannot be read, or the copy not be written.
    """
    source = path_of(url)
    if target.is_dir():
        target /= f"{source.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    target = target.absolute()
    if not source.exists():
        raise BackupRefusedError(f"there is no {source}: see DATABASE_URL")
    if target == source or (target.exists() and target.samefile(source)):
        raise BackupRefusedError(f"{target} is the database itself")
    if target.exists() and not overwrite:
        raise BackupRefusedError(f"{target} exists already; --force replaces it")
    with translated(f"{source} was not copied to {target}"):
        return _copied(source, target)


def _copied(source: Path, target: Path) -> Backup:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _copy(source, unfinished)
        _to_disk(unfinished)
        size_bytes = unfinished.stat().st_size
        unfinished.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        raise
    _to_disk(target.parent)
    return Backup(target, size_bytes)


def _copy(source: Path, unfinished: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(unfinished)) as copy,
    ):
        if version_of(original, source) == 0:
            raise StorageError(f"{source} is empty")
        original.execute("BEGIN")  # as of this commit, however much the bot writes meanwhile
        original.execute("SELECT 1 FROM sqlite_schema").fetchone()
        original.backup(copy, pages=_PAGES_AT_ONCE, sleep=_PAUSE_SECONDS)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        check(copy, unfinished)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
