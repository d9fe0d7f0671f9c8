"""Databases as earlier versions of the program left them, with all that a community puts into one."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bot.allowance import Allowance, Period
from bot.jobs.model import ENDED, Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.migrate import MIGRATIONS, migrate

NEWEST: Final = max(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))

_GONE: Final = 10**18
"""Identifiers of messages from here on are of none that is there."""

_S = State
_LIVES: Final = (
    (),
    (_S.CANCELLED,),
    (_S.EXPIRED,),
    (_S.SUBMITTING,),
    (_S.SUBMITTING, _S.FAILED),
    (_S.SUBMITTING, _S.LOST),
    (_S.SUBMITTING, _S.RUNNING),
    (_S.SUBMITTING, _S.RUNNING, _S.EXPIRED),
    (_S.SUBMITTING, _S.RUNNING, _S.FINISHED),
    (_S.SUBMITTING, _S.RUNNING, _S.FINISHED, _S.UNDELIVERABLE),
    (_S.SUBMITTING, _S.RUNNING, _S.FINISHED, _S.DELIVERED),
    (_S.SUBMITTING, _S.RUNNING, _S.CANCELLED, _S.FINISHED, _S.DELIVERED),
)
"""A way to each state, the late success among them."""

Columns = dict[str, list[str]]


async def add_jobs_in_every_state(database: Path, like: Request) -> None:
    """Add a job of two credits in each state; of one that was delivered, half came."""
    now = datetime.now(UTC)
    async with Database.open(f"sqlite:///{database}") as opened:
        store = SqliteJobStore(opened, OwnerTerms(Allowance(None, Period.DAY)))
        for states in _LIVES:
            job, _ = await store.accept(replace(like, credits=2), now)
            for state in states:
                after = job.evolve(state, **_facts(job, state, now))
                await store.save(job, after, now, settle=1 if state is State.DELIVERED else 0)
                job = after


def _facts(job: Job, state: State, now: datetime) -> dict[str, Any]:
    if state in ENDED:
        return {"ended_at": now, "closed_at": now, "interaction_token": None, "detail": "a detail"}
    facts: dict[State, dict[str, Any]] = {
        State.SUBMITTING: {
            "message_id": _GONE + job.id,
            "submitted_at": now,
            "callback_hash": job.id.to_bytes(32, "big"),
        },
        State.RUNNING: {"accepted_at": now, "taskid": f"gone-{job.id}", "tasktoken": f"token-{job.id}"},
        State.FINISHED: {"outputs": "[]", "cost_usd": "0.0035", "seconds": 6.5, "closed_at": None},
    }
    return facts[state]


def set_back(database: Path, version: int) -> Columns:
    """Put a database of an earlier version in a database's place, with all of its rows that fit into it.

    Returns:
        The tables that the earlier version had, and their columns.
    """
    with TemporaryDirectory(dir=database.parent) as folder:
        for migration in MIGRATIONS.glob("*.sql"):
            if int(migration.name[:4]) <= version:
                shutil.copy(migration, folder)
        earlier = Path(folder) / "earlier.db"
        migrate(earlier, Path(folder))
        with closing(sqlite3.connect(earlier, isolation_level=None)) as connection:
            columns = _columns(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("ATTACH ? AS newer", (str(database),))
            for table, names in columns.items():
                listed = ", ".join(names)
                # The names are the schema's own.
                copying = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM newer.{table}"  # noqa: S608
                connection.execute(copying)
        earlier.replace(database)
    return columns


def rows_of(database: Path, columns: Columns) -> dict[str, list[tuple[Any, ...]]]:
    """Return a database's rows in order of their age, of these tables and columns alone."""
    # The names are the schema's own.
    queries = {
        table: f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2"  # noqa: S608
        for table, names in columns.items()
    }
    with closing(sqlite3.connect(database)) as connection:
        return {table: connection.execute(query).fetchall() for table, query in queries.items()}


def version_of(database: Path) -> int:
    """Return the number of a database's last migration."""
    with closing(sqlite3.connect(database)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _columns(connection: sqlite3.Connection) -> Columns:
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for (table,) in connection.execute(tables).fetchall()
    }
