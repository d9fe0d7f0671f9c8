"""A database as large communities leave it: a million entries of the ledger, and 50,000 members."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.allowance import Period
from storage.migrate import MIGRATIONS, migrate
from storage.times import to_ms

NOW: Final = datetime(2026, 8, 1, 12, tzinfo=UTC)
MEMBERS: Final = 50_000
JOBS: Final = 500_000
"""Each has two entries in the ledger: its reserve, and a settlement or a refund."""

BUSY_JOBS: Final = 5_000
"""Of one member within the period: 10,000 entries."""

BUSY_MEMBER: Final = 7_000_000
BUSY_GUILD: Final = 100
ROLES: Final = tuple(range(500, 510))
"""The roles that a member has; some have rules."""

_FIRST_MEMBER: Final = 1_000_000
_GUILDS: Final = 20
_SPAN_MS: Final = 90 * to_ms(Period.DAY.length)
_TASK_MS: Final = 10_000
_INSERT_JOB: Final = """
    INSERT INTO jobs (
        id, created_at, closed_at, guild_id, member_id, credits, state, refunded, parameters, message_id,
        taskid, callback_hash, channel_id, upload_limit_bytes, role_ids
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 10485760, '[500,501,502]')
"""
_INSERT_ENTRIES: Final = """
    INSERT INTO ledger (
        guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at
    )
    SELECT guild_id, member_id, id, 'reserve', credits, credits, 0, created_at, created_at AS entered_at
    FROM jobs WHERE id >= :first
    UNION ALL
    SELECT
        guild_id, member_id, id, iif(refunded, 'refund', 'settle'), credits, iif(refunded, -credits, 0),
        0, created_at, closed_at
    FROM jobs WHERE id >= :first
    ORDER BY entered_at
"""
_PARAMETERS: Final = '{"prompt": "%s", "width": 1024, "height": 1024, "steps": 25}' % ("a red fox " * 10)


def ordinary_member(number: int) -> tuple[int, int]:
    """Return the server and the id of one of the other members."""
    return BUSY_GUILD + number % _GUILDS, _FIRST_MEMBER + number % MEMBERS


def prepared_database(jobs: int = JOBS) -> Path:
    """Return the file of a database with so many jobs: made once for each version of the schema.

    It lies in a temporary folder, and is to be copied before it is changed.
    """
    folder = Path(tempfile.gettempdir()) / "sana-bot-bench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{max(MIGRATIONS.glob('*.sql')).stem}-{jobs}.db"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        migrate(unfinished)
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
            _fill(connection, jobs)
        unfinished.rename(path)
    return path


def add_history(
    connection: sqlite3.Connection,
    guild_id: int,
    member_ids: Sequence[int],
    *,
    jobs_each: int,
    until: datetime,
) -> None:
    """Give members so many finished jobs each, in the period that ends now."""
    ends = to_ms(until)
    between = (to_ms(Period.DAY.length) - _TASK_MS) // (len(member_ids) * jobs_each)
    ((first,),) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM jobs")
    rows = (
        _job(
            first + number,
            ends - _TASK_MS - (len(member_ids) * jobs_each - number) * between,
            guild_id,
            member,
        )
        for number, member in enumerate(tuple(member_ids) * jobs_each)
    )
    connection.execute("BEGIN")
    connection.executemany(_INSERT_JOB, rows)
    connection.execute(_INSERT_ENTRIES, {"first": first})
    connection.execute("COMMIT")


def _fill(connection: sqlite3.Connection, jobs: int) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    connection.executemany(_INSERT_JOB, _jobs(jobs))
    connection.execute(_INSERT_ENTRIES, {"first": 0})
    connection.executemany(
        "INSERT INTO quota_rules (guild_id, kind, target_id, credits) VALUES (?, ?, ?, ?)", _rules()
    )
    connection.execute("COMMIT")


def _jobs(count: int) -> Iterator[tuple[object, ...]]:
    """Return the rows of all jobs, oldest first: over 90 days, the busy member's over the last one."""
    now, period = to_ms(NOW), to_ms(Period.DAY.length)
    of_busy = min(BUSY_JOBS, count // 2)
    others = count - of_busy
    begun = [
        *(
            (now - _SPAN_MS + number * _SPAN_MS // others - _TASK_MS, *ordinary_member(number * 7919))
            for number in range(others)
        ),
        *(
            (now - period + (number + 1) * (period - 2 * _TASK_MS) // of_busy, BUSY_GUILD, BUSY_MEMBER)
            for number in range(of_busy)
        ),
    ]
    for job_id, (at, guild_id, member_id) in enumerate(sorted(begun), start=1):
        yield _job(job_id, at, guild_id, member_id)


def _job(job_id: int, at: int, guild_id: int, member_id: int) -> tuple[object, ...]:
    failed = job_id % 10 == 0
    return (
        job_id,
        at,
        at + _TASK_MS,
        guild_id,
        member_id,
        1 + job_id % 4,
        "failed" if failed else "delivered",
        failed,
        _PARAMETERS,
        job_id,
        str(job_id),
        job_id.to_bytes(32, "big"),
    )


def _rules() -> Iterator[tuple[int, str, int, int | None]]:
    """Return a hundred rules of each server; the busy member's is a large one."""
    guilds = range(BUSY_GUILD, BUSY_GUILD + _GUILDS)
    for guild_id in guilds:
        yield guild_id, "default", guild_id, 1_000
        yield from ((guild_id, "role", role_id, 2_000) for role_id in range(500, 530))
        yield from ((guild_id, "member", _FIRST_MEMBER - number, 50) for number in range(1, 70))
    yield BUSY_GUILD, "member", BUSY_MEMBER, 1_000_000
