"""Query plans with 100,000 entries: every statement finds its rows by an index, and sums need no table."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import chain

import pytest

from storage.migrate import migrate
from storage.queries import load_queries

JOBS = 50_000
MEMBERS = 5_000

STATEMENTS = {
    name: statement
    for file in ("jobs", "ledger", "quotas", "reports")
    for name, statement in load_queries(f"{file}.sql").items()
}

WHOSE = {
    "whose_entries": "AND entry.member_id = :member_id",
    "whose_changes": "AND target_kind = 'member' AND target_id = :member_id",
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A database with 50,000 jobs, each with its two entries; 500 of the jobs are open."""
    path = tmp_path_factory.mktemp("plans") / "sana.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        with connection:
            connection.executemany(
                """
                INSERT INTO jobs (
                    state, guild_id, channel_id, member_id, upload_limit_bytes, parameters, credits,
                    created_at, closed_at, message_id, taskid, callback_hash
                ) VALUES ('delivered', 1, 2, ?, 4, '{}', 1, 0, ?, ?, ?, ?)
                """,
                (
                    (i % MEMBERS, None if i % 100 == 0 else i, i, str(i), i.to_bytes(32, "big"))
                    for i in range(1, JOBS + 1)
                ),
            )
            connection.executemany(
                """
                INSERT INTO ledger (
                    guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits,
                    counts_at, at
                ) VALUES (1, ?, ?, ?, 1, ?, 0, ?, ?)
                """,
                chain.from_iterable(
                    ((i % MEMBERS, i, "reserve", 1, i, i), (i % MEMBERS, i, "settle", 0, i, i))
                    for i in range(1, JOBS + 1)
                ),
            )
        yield connection


@pytest.fixture(params=[False, True], ids=["without statistics", "with statistics"])
def analysed(connection: sqlite3.Connection, request: pytest.FixtureRequest) -> sqlite3.Connection:
    """The same database before and after SQLite counted its rows."""
    if request.param:
        connection.execute("ANALYZE")
    return connection


def _plan(connection: sqlite3.Connection, name: str) -> list[str]:
    statement = STATEMENTS[name].format(changes="", side="<", order="DESC", **WHOSE)
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", defaultdict(int))]


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_statement_scans_a_table(analysed: sqlite3.Connection, name: str) -> None:
    """Rows of jobs and ledger are looked up, never gone through from end to end."""
    assert not [
        step
        for step in _plan(analysed, name)
        if re.search("SCAN (jobs|ledger|entry|change|quota_|blocks|servers)", step)
    ]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        (
            "position",
            "ledger USING COVERING INDEX ledger_allowance (guild_id=? AND member_id=? AND counts_at>?)",
        ),
        ("position", "ledger USING COVERING INDEX ledger_grants (guild_id=? AND member_id=?)"),
        (
            "returns",
            "ledger USING COVERING INDEX ledger_allowance (guild_id=? AND member_id=? AND counts_at>?)",
        ),
        ("position", "quota_rules USING PRIMARY KEY (guild_id=? AND kind=? AND target_id=?)"),
        ("position", "blocks USING PRIMARY KEY (guild_id=? AND member_id=?)"),
        ("top", "ledger USING INDEX ledger_by_time (guild_id=? AND at>?)"),
        ("export", "entry USING INDEX ledger_by_time (guild_id=? AND at>?)"),
        ("history_entries", "entry USING INDEX ledger_by_member (guild_id=? AND member_id=? AND at<?)"),
        ("list_open_jobs", "jobs USING INDEX jobs_open (id>?)"),
        ("find_job_by_callback", "jobs USING INDEX jobs_by_callback_hash (callback_hash=?)"),
        ("claimed_taskids", "jobs USING COVERING INDEX jobs_by_taskid (taskid=?)"),
        ("refund", "ledger USING INDEX sqlite_autoindex_ledger_1 (job_id=? AND kind=?)"),
        ("settled", "ledger USING INDEX sqlite_autoindex_ledger_1 (job_id=? AND kind=?)"),
    ],
)
def test_statement_uses_its_index(analysed: sqlite3.Connection, name: str, step: str) -> None:
    """What a member used in the period is one range of one index, without a look into the table."""
    assert f"SEARCH {step}" in _plan(analysed, name)


def test_uses_need_no_sorting(connection: sqlite3.Connection) -> None:
    """The index has the uses in the order in which they are wanted."""
    assert not [step for step in _plan(connection, "returns") if "TEMP B-TREE" in step]
