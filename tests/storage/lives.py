"""Not a test: a process that leads many jobs through their lives at once until it is killed.

Prints the id and the state of a job after each transaction that was committed.
"""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from bot.allowance import Allowance, Period
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.database import Database
from storage.jobs import SqliteJobStore

AT_ONCE = 20


async def _live(store: SqliteJobStore, member_id: int, end: State) -> None:
    now = datetime.now(UTC)
    request = Request(
        guild_id=1,
        channel_id=2,
        member_id=member_id,
        interaction_token="interaction-token",
        upload_limit_bytes=1,
        parameters="{}",
        credits=4,
    )
    job, _ = await store.accept(request, now)
    _promise(job)
    steps: dict[State, dict[str, Any]] = {
        State.SUBMITTING: {"submitted_at": now, "callback_hash": job.id.to_bytes(32, "big")},
        State.RUNNING: {"accepted_at": now, "taskid": str(job.id), "tasktoken": "tasktoken"},
        State.FINISHED: {"ended_at": now, "outputs": "[]"},
        end: {"closed_at": now, "interaction_token": None},
    }
    for state, facts in steps.items():
        after = job.evolve(state, **facts)
        await store.save(job, after, now, settle=3 if end is State.DELIVERED else 0)
        job = after
        _promise(job)


def _promise(job: Job) -> None:
    sys.stdout.write(f"{job.id} {job.state}\n")
    sys.stdout.flush()


async def _work(store: SqliteJobStore, member_id: int, ends: Iterator[State]) -> None:
    for end in ends:
        await _live(store, member_id, end)


async def main(url: str) -> None:
    """Work until killed."""
    async with Database.open(url) as database, asyncio.TaskGroup() as group:
        store = SqliteJobStore(database, OwnerTerms(Allowance(1_000_000_000, Period.DAY)))
        ends = cycle([State.DELIVERED, State.FAILED])
        for member_id in range(AT_ONCE):
            group.create_task(_work(store, member_id, ends))


asyncio.run(main(sys.argv[1]))
