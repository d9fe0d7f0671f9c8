"""A job's family: where it came from, the newest of what came of it, and what it cost."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from bot.jobs.model import Job, State
from bot.jobs.ports import Family, Request
from storage.jobs import SqliteJobStore

Ask = Callable[..., Request]


@pytest.fixture
def born(store: SqliteJobStore, ask: Ask, now: datetime) -> Callable[[Job | None], Awaitable[Job]]:
    """Store a job that was born from another one, or from none."""

    async def born(parent: Job | None) -> Job:
        job, _ = await store.accept(ask(parent_id=None if parent is None else parent.id), now)
        return job

    return born


Born = Callable[[Job | None], Awaitable[Job]]


async def deliver(store: SqliteJobStore, job: Job, now: datetime, *, settle: int) -> None:
    """Let a job go all its way."""
    for state in (State.SUBMITTING, State.RUNNING, State.FINISHED, State.DELIVERED):
        after = job.evolve(state)
        await store.save(job, after, now, settle=settle if state is State.DELIVERED else 0)
        job = after


async def test_a_job_without_family(store: SqliteJobStore, born: Born) -> None:
    """What was asked for with a command, and never rolled again, has none."""
    await born(None)
    assert await store.family(await born(None), most=10) == Family(parent=None, children=(), children_count=0)


async def test_three_generations(store: SqliteJobStore, born: Born) -> None:
    """Each has its own parent and children, and nobody else's; grandchildren do not count."""
    first = await born(None)
    second, third = await born(first), await born(first)
    grandchild = await born(second)
    assert await store.family(first, most=10) == Family(
        parent=None, children=(second, third), children_count=2
    )
    assert await store.family(second, most=10) == Family(
        parent=first, children=(grandchild,), children_count=1
    )
    assert await store.family(third, most=10) == Family(parent=first, children=(), children_count=0)
    assert await store.family(grandchild, most=10) == Family(parent=second, children=(), children_count=0)


async def test_the_newest_of_many(store: SqliteJobStore, born: Born) -> None:
    """So many of the newest, oldest first, and how many there are in all."""
    first = await born(None)
    children = [await born(first) for _ in range(7)]
    family = await store.family(first, most=3)
    assert family == Family(parent=None, children=tuple(children[-3:]), children_count=7)


@pytest.mark.parametrize("cost", [1, 4])
async def test_what_it_cost(store: SqliteJobStore, ask: Ask, now: datetime, cost: int) -> None:
    """None until it is delivered, then what was settled of it alone, and not of its children."""
    job, _ = await store.accept(ask(credits=4), now)
    child, _ = await store.accept(ask(credits=3, parent_id=job.id), now)
    assert (await store.family(job, most=10)).charged is None
    await deliver(store, child, now, settle=3)
    assert (await store.family(job, most=10)).charged is None
    await deliver(store, job, now, settle=cost)
    assert (await store.family(job, most=10)).charged == cost


async def test_what_was_refunded_cost_nothing(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A refund is no charge."""
    job, _ = await store.accept(ask(credits=4), now)
    cancelled = job.evolve(State.CANCELLED)
    await store.save(job, cancelled, now)
    assert (await store.family(cancelled, most=10)).charged is None


async def test_what_a_birth_stores(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A reply's message to reply to and its nonce are stored with the job, and come back with the family."""
    first, _ = await store.accept(ask(), now)
    request = ask(
        parent_id=first.id, interaction_token=None, reply_to_id=2**62, nonce="0123456789abcdef01234567"
    )
    child, _ = await store.accept(request, now)
    assert (child.parent_id, child.reply_to_id, child.nonce) == (first.id, 2**62, "0123456789abcdef01234567")
    assert child.interaction_token is None
    [found] = (await store.family(first, most=10)).children
    assert found == child == await store.get(child.id)
