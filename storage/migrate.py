"""Brings a database to the schema of this program: numbered SQL files, all that it lacks in one transaction.

How far a database is stands in its ``user_version``: the number of the last migration.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import structlog

from bot.errors import SchemaError
from storage.failures import translated

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(path: Path, folder: Path = MIGRATIONS) -> None:
    """Apply the migrations of a folder that a database does not have yet; it is copied first if it has data.

    Blocks: to be called in a thread.

    Raises:
        SchemaError: the database is newer than the program, damaged, or no database of this program.
        StorageError: it could not be copied or changed; it is as it was.
        sqlite3.Error: it could not be read.
    """
    migrations = _numbered(folder)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        version = version_of(connection, path)
        newest = max(migrations)
        if version > newest:
            raise SchemaError(
                f"{path} has schema {version} and this program knows {newest}: a newer program made it"
            )
        if version == newest:
            return
        with translated(f"{path} keeps schema {version}, for it could not be brought to {newest}"):
            if version:
                check(connection, path)
                _copy(connection, path.with_name(f"{path.name}.schema-{version}"))
            _apply(connection, [migrations[number] for number in range(version + 1, newest + 1)], newest)


def newest_version() -> int:
    """Return the schema that this program knows."""
    return max(_numbered(MIGRATIONS))


def _numbered(folder: Path) -> dict[int, Path]:
    return {int(path.name.partition("_")[0]): path for path in folder.glob("*.sql")}


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Return how far a database is; 0 where it is empty.

    Raises:
        SchemaError: it is no database of this program.
        sqlite3.Error: it cannot be read.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise SchemaError(f"{path} is a database of another program")
    return version


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Go through a whole database: a damaged one is not to take the place of a sound copy.

    Raises:
        SchemaError: it is damaged.
        sqlite3.Error: it cannot be read.
    """
    ((verdict,),) = connection.execute("PRAGMA quick_check(1)")
    if verdict != "ok":
        raise SchemaError(f"{path}: it is damaged ({' '.join(verdict.split())})")


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Write a copy that only its owner can read; it has its name once it is whole."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
    except BaseException:
        unfinished.unlink()
        raise
    unfinished.replace(target)
    log.info("database.copied", copy=str(target))


def _apply(connection: sqlite3.Connection, migrations: Sequence[Path], newest: int) -> None:
    """Apply all of them or, where one fails, none."""
    statements = "\n".join(migration.read_text(encoding="utf-8") for migration in migrations)
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {newest};\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.rollback()
        raise
