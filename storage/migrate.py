"""Brings a database to the schema of this program: numbered SQL files, each in one transaction.

How far a database is stands in its ``user_version``: the number of the last migration.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import structlog

from bot.errors import SchemaError

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(path: Path, folder: Path = MIGRATIONS) -> None:
    """Apply the migrations of a folder that a database does not have yet; it is copied first if it has data.

    Blocks: to be called in a thread.

    Raises:
        SchemaError: the database is newer than the program, or is no database of this program.
        sqlite3.Error: anything else; no migration was applied by half.
    """
    migrations = _numbered(folder)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        version = _version(connection, path)
        newest = max(migrations)
        if version > newest:
            raise SchemaError(
                f"{path} has schema {version} and this program knows {newest}: a newer program made it"
            )
        if 0 < version < newest:
            _copy(connection, path.with_name(f"{path.name}.schema-{version}"))
        for number in range(version + 1, newest + 1):
            _apply(connection, number, migrations[number].read_text(encoding="utf-8"))


def _numbered(folder: Path) -> dict[int, Path]:
    return {int(path.name.partition("_")[0]): path for path in folder.glob("*.sql")}


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise SchemaError(f"{path} is a database of another program")
    return version


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Write a copy that only its owner can read; it has its name once it is whole."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(unfinished)) as copy:
        connection.backup(copy)
    unfinished.replace(target)
    log.info("database.copied", copy=str(target))


def _apply(connection: sqlite3.Connection, number: int, statements: str) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {number};\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.rollback()
        raise
