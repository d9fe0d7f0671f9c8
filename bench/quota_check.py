"""What the check and the reservation of one `/sana` take on a large database, against an empty commit.

Run with `make bench-quota`. Prints medians and query plans, and fails where the target is missed.

SQLite does nothing at all for a transaction that changed nothing, so that an empty commit does not wait for
the disk, while every reservation does. The smallest commit that waits for it is measured too: what lies
between the two is the disk's.
"""

import asyncio
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from bench.ledger import BUSY_GUILD, BUSY_MEMBER, NOW, ROLES, ordinary_member, prepared_database
from bot.allowance import Allowance, Period
from bot.errors import AllowanceExceededError
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.queries import load_queries

ROUNDS: Final = 500
TARGET_MS: Final = 1.0
TERMS: Final = OwnerTerms(Allowance(20, Period.DAY))

EMPTY: Final = "an empty commit"
SMALLEST: Final = "the smallest commit that waits for the disk"
BUSY: Final = "check and reservation, member with 10,000 entries in the period"
ORDINARY: Final = "check and reservation, ordinary member"
REFUSAL: Final = "refusal of the former, who would have to wait for nearly all of them"
TABLES: Final = "jobs|ledger|servers|quota_rules|blocks"
STATEMENTS: Final = (("ledger.sql", "position"), ("jobs.sql", "insert_job"), ("ledger.sql", "reserve"))


def _request(guild_id: int, member_id: int, cost: int = 1) -> Request:
    return Request(
        guild_id=guild_id,
        channel_id=1,
        member_id=member_id,
        interaction_token="t" * 200,
        upload_limit_bytes=10_485_760,
        parameters='{"prompt": "a red fox"}',
        credits=cost,
        role_ids=ROLES,
    )


def _nothing(_: Transaction) -> None:
    """Leave the transaction empty."""


def _write_one_row(transaction: Transaction) -> None:
    transaction.fetch("INSERT INTO servers (guild_id) SELECT coalesce(max(guild_id), 0) + 1 FROM servers", {})


async def _refused(store: SqliteJobStore) -> None:
    with suppress(AllowanceExceededError):
        await store.accept(_request(BUSY_GUILD, BUSY_MEMBER, 999_999), NOW)
        raise RuntimeError("nobody has so many credits")


async def _measure(path: Path) -> dict[str, float]:
    """Return the median milliseconds of each thing; every round does all of them, one after the other."""
    times: dict[str, list[float]] = defaultdict(list)
    async with Database.open(f"sqlite:///{path}") as database:
        store = SqliteJobStore(database, TERMS)
        for number in range(ROUNDS):
            steps: dict[str, Callable[[], Awaitable[object]]] = {
                EMPTY: partial(database.write, _nothing),
                SMALLEST: partial(database.write, _write_one_row),
                BUSY: partial(store.accept, _request(BUSY_GUILD, BUSY_MEMBER), NOW),
                ORDINARY: partial(store.accept, _request(*ordinary_member(number)), NOW),
                REFUSAL: partial(_refused, store),
            }
            for name, step in steps.items():
                began = perf_counter()
                await step()
                times[name].append((perf_counter() - began) * 1000)
    return {name: median(each) for name, each in times.items()}


def _plans(path: Path) -> list[str]:
    """Return how the statements of a check and a reservation find their rows in the database's tables."""
    lines: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        for file, name in STATEMENTS:
            statement = load_queries(file)[name]
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", defaultdict(int))
            steps = [step for *_, step in rows if re.match(rf"(SEARCH|SCAN) ({TABLES})\b", step)]
            lines += [f"{name}:", *(f"    {step}" for step in steps or ["inserts alone"])]
    return lines


def main() -> int:
    """Measure, print, and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sana.db"
        shutil.copy(prepared_database(), path)
        with closing(sqlite3.connect(path)) as connection:
            counts = "SELECT (SELECT count(*) FROM ledger), (SELECT count(DISTINCT member_id) FROM ledger)"
            entries, members = connection.execute(counts).fetchone()
            of_busy = "SELECT count(*) FROM ledger WHERE guild_id = ? AND member_id = ?"
            (busy,) = connection.execute(of_busy, (BUSY_GUILD, BUSY_MEMBER)).fetchone()
        medians = asyncio.run(_measure(path))
        plans = _plans(path)
    lines = [f"{entries:,} entries of {members:,} members, {busy:,} of one of them; {ROUNDS} rounds", ""]
    for name, milliseconds in medians.items():
        lines.append(f"{milliseconds:8.3f} ms {milliseconds - medians[EMPTY]:+8.3f}  {name}")
    above = max(medians[BUSY], medians[ORDINARY]) - medians[EMPTY]
    kept = above <= TARGET_MS
    outcome = "kept" if kept else "MISSED"
    verdict = f"{above:.3f} ms above an empty commit; the target of {TARGET_MS} ms is {outcome}"
    sys.stdout.write("\n".join([*lines, "", verdict, "", *plans]) + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
