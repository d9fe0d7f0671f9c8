"""Migrations: the schema they make, databases from before and from later, and what a failing one leaves."""

import re
import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from bot.errors import SchemaError, StorageError
from bot.jobs.model import Job, State
from storage.database import Database
from storage.migrate import MIGRATIONS, migrate

NEWEST = max(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))
SCHEMA = MIGRATIONS.with_name("schema.sql")

A_JOB = """
INSERT INTO jobs (state, guild_id, channel_id, member_id, upload_limit_bytes, parameters, credits, created_at)
VALUES ('queued', 1, 2, 3, 4, '{}', 5, 6)
"""


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the statement of each table, index, view and trigger, without comments and layout."""
    rows = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema")
    return {name: " ".join(re.sub(r"--.*", "", statement).split()) for name, statement in rows}


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database will be, in a folder that is there."""
    return tmp_path / "sana.db"


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later program, with one more at their end."""
    folder = tmp_path / "later"
    shutil.copytree(MIGRATIONS, folder)
    (folder / f"{NEWEST + 1:04}_notes.sql").write_text(
        "ALTER TABLE jobs ADD COLUMN note TEXT;\nUPDATE jobs SET note = 'from before';\n"
    )
    return folder


def test_migrations_make_the_documented_schema(file: Path) -> None:
    """All migrations together make exactly what schema.sql shows."""
    migrate(file)
    with closing(sqlite3.connect(file)) as migrated, closing(sqlite3.connect(":memory:")) as documented:
        documented.executescript(SCHEMA.read_text())
        assert _schema(migrated) == _schema(documented)


def test_migrations_are_numbered_without_gaps() -> None:
    """Each number is there once, from 1 on."""
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))
    assert numbers == list(range(1, NEWEST + 1))


def test_columns_of_jobs_are_the_fields_of_a_job(file: Path) -> None:
    """A row becomes a job by name, so the names are the same; so are the states."""
    migrate(file)
    with closing(sqlite3.connect(file)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(jobs)")}
        (statement,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'jobs'").fetchone()
    assert columns == {field.name for field in fields(Job)}
    states = re.findall(r"CHECK \(state IN \((.*?)\)\)", statement, re.DOTALL)
    assert [set(re.findall(r"'(\w+)'", text)) for text in states] == [set(State)]


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_data_of_every_earlier_version_is_kept(file: Path, later: Path, tmp_path: Path, version: int) -> None:
    """A database of each earlier version keeps its rows, gets what is new, and is copied first."""
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for migration in MIGRATIONS.glob("*.sql"):
        if int(migration.name[:4]) <= version:
            shutil.copy(migration, earlier)
    migrate(file, earlier)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(A_JOB)
    migrate(file, later)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT credits, note FROM jobs").fetchall() == [(5, "from before")]
    assert _version(file) == NEWEST + 1

    copy = file.with_name(f"sana.db.schema-{version}")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT credits FROM jobs").fetchall() == [(5,)]
    assert _version(copy) == version
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_copy_holds_what_only_the_write_ahead_log_has(file: Path, later: Path, tmp_path: Path) -> None:
    """After a crash the newest rows lie in the log; the copy has them too."""
    migrate(file)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(A_JOB)
        for part in ("sana.db", "sana.db-wal"):
            shutil.copy(file.with_name(part), crashed)
    migrate(crashed / "sana.db", later)
    with closing(sqlite3.connect(crashed / f"sana.db.schema-{NEWEST}")) as copy:
        assert copy.execute("SELECT credits FROM jobs").fetchall() == [(5,)]


def test_no_copy_without_need(file: Path) -> None:
    """Neither a new database nor one that is as it should be is copied."""
    migrate(file)
    migrate(file)
    assert [path.name for path in file.parent.iterdir()] == ["sana.db"]


def test_failing_migration_changes_nothing(file: Path, later: Path) -> None:
    """A migration that fails in its midst leaves the database as it was, and a copy of it."""
    migrate(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(A_JOB)
        before = _schema(connection)
    (later / f"{NEWEST + 1:04}_notes.sql").write_text(
        "ALTER TABLE jobs ADD COLUMN note TEXT;\nDELETE FROM jobs;\nINSERT INTO nowhere VALUES (1);\n"
    )
    for _ in range(2):
        with pytest.raises(
            StorageError, match=f"keeps schema {NEWEST}, .* brought to {NEWEST + 1}: .*nowhere"
        ):
            migrate(file, later)
    with closing(sqlite3.connect(file)) as connection:
        assert _schema(connection) == before
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    assert _version(file) == NEWEST


async def test_database_of_a_newer_program_is_refused(url: str, path: Path, later: Path) -> None:
    """An older program says so and touches nothing."""
    path.parent.mkdir()
    migrate(path, later)
    expected = rf"^{path} has schema {NEWEST + 1} and this program knows {NEWEST}: a newer program made it$"
    with pytest.raises(SchemaError, match=expected):
        async with Database.open(url):
            pass
    assert _version(path) == NEWEST + 1


async def test_database_of_another_program_is_refused(url: str, path: Path) -> None:
    """A file with tables that no migration made is left alone."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (title TEXT)")
    with pytest.raises(SchemaError, match="database of another program"):
        async with Database.open(url):
            pass
    with closing(sqlite3.connect(path)) as connection:
        assert _schema(connection) == {"table recipes": "CREATE TABLE recipes (title TEXT)"}
