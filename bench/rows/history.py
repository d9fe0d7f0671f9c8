"""Whether a job costs more on a database that has seen a million."""

import asyncio
import shutil
import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.figures import Figure, Part, Sample, at_most
from bench.ledger import add_history, prepared_database
from bench.people import SMALL
from bench.scale import Scale
from bench.stage import Side, set_up

_LIMIT: Final = 1.2
_JOBS_OF_EACH_MEMBER: Final = 100  # in the period that counts


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Have both databases take jobs on in turn."""
    async with AsyncExitStack() as stack:
        empty = await stack.enter_async_context(set_up(folder / "empty"))
        old = await stack.enter_async_context(set_up(folder / "old"))
        entries = await asyncio.to_thread(_fill, old, scale.old_jobs)
        costs: dict[str, list[float]] = {side.folder.name: [] for side in (empty, old)}
        for side in (empty, old):
            await side.start()
            await side.people.make(SMALL, count=scale.jobs, at_once=scale.at_once)
        for _ in range(scale.repetitions):
            for side in (empty, old):
                cpu = side.cpu_seconds
                await side.people.make(SMALL, count=scale.jobs, at_once=scale.at_once)
                costs[side.folder.name].append((side.cpu_seconds - cpu) * 1000 / scale.jobs)
        for side in (empty, old):
            await side.process.stop()
    on_empty, on_old = (Sample.of(each) for each in costs.values())
    return [
        at_most(
            f"CPU of a job after {scale.old_jobs:,} old ones ({entries:,} ledger rows), against none",
            on_old.over(on_empty),
            _LIMIT,
            "×",
            (
                Part(name="old database", sample=on_old, unit="ms"),
                Part(name="empty database", sample=on_empty, unit="ms"),
            ),
        )
    ]


def _fill(side: Side, jobs: int) -> int:
    """Put an old database in place, its own members busy in it too; return the ledger's rows."""
    shutil.copy(prepared_database(jobs), side.database)
    with closing(sqlite3.connect(side.database, isolation_level=None)) as connection:
        add_history(
            connection,
            side.people.guild_id,
            side.people.member_ids,
            jobs_each=_JOBS_OF_EACH_MEMBER,
            until=datetime.now(UTC),
        )
        ((entries,),) = connection.execute("SELECT count(*) FROM ledger")
    return int(entries)
