"""What is left in the files of the tokens that jobs forgot: what docs/promises.md says, and no more."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from bot.allowance import Allowance, Period
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.database import Database
from storage.jobs import SqliteJobStore

JOBS = 300
OPEN_AT_ONCE = 12
LIFE = (State.SUBMITTING, State.RUNNING, State.FINISHED, State.DELIVERED)


@pytest.mark.parametrize("seed", range(3))
async def test_a_closed_job_leaves_hardly_a_token(
    url: str,
    path: Path,
    seed: int,
    ask: Callable[..., Request],
    now: datetime,
    walk: Callable[..., Awaitable[Job]],
) -> None:
    """After many jobs that lived side by side no row holds a token, and hardly a byte besides the rows does.

    Were nothing overwritten, more than one in ten would still be in the file.
    """
    chance = random.Random(seed)  # noqa: S311 - the same at every run
    tokens = [f"token-{number}-{chance.randbytes(chance.randint(75, 100)).hex()}" for number in range(JOBS)]
    open_jobs: list[tuple[Job, list[State]]] = []
    async with Database.open(url) as database:
        store = SqliteJobStore(database, OwnerTerms(Allowance(JOBS, Period.DAY)))
        for token in tokens:
            job, _ = await store.accept(ask(interaction_token=token), now)
            open_jobs.append((job, list(LIFE)))
            while len(open_jobs) > OPEN_AT_ONCE:
                await _one_step(store, open_jobs, chance, walk)
        while open_jobs:
            await _one_step(store, open_jobs, chance, walk)
    with closing(sqlite3.connect(path)) as connection:
        rows = "\n".join(connection.iterdump())
    content = await asyncio.to_thread(path.read_bytes)
    assert not [token for token in tokens if token in rows]
    left = [token for token in tokens if token.encode() in content]
    assert len(left) <= JOBS // 50


async def _one_step(
    store: SqliteJobStore,
    open_jobs: list[tuple[Job, list[State]]],
    chance: random.Random,
    walk: Callable[..., Awaitable[Job]],
) -> None:
    """Take one of the open jobs a step on, and out where that was its last."""
    job, ahead = open_jobs.pop(chance.randrange(len(open_jobs)))
    job = await walk(store, job, ahead.pop(0))
    if ahead:
        open_jobs.append((job, ahead))
