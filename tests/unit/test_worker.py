"""The worker: one step at a time for a job, and the news that comes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.jobs.worker import Worker


@asynccontextmanager
async def working(step: Callable[[int], Awaitable[float | None]], *, width: int = 4) -> AsyncIterator[Worker]:
    """Run a worker for the time of the block."""
    worker = Worker("test", step, width=width)
    run = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        async with asyncio.timeout(30):
            await run


async def test_a_job_is_stepped_until_it_is_done() -> None:
    """The step is called again for as long as it asks for it, and then no more."""
    answers = iter([0.0, 0.001, None])
    done = asyncio.Event()
    calls = []

    async def step(job_id: int) -> float | None:
        calls.append(job_id)
        answer = next(answers)
        if answer is None:
            done.set()
        return answer

    async with working(step) as worker:
        worker.put(7)
        async with asyncio.timeout(30):
            await done.wait()
    assert calls == [7, 7, 7]
    assert len(worker) == 0


async def test_a_hundred_wakes_during_a_step_are_one_more() -> None:
    """News that comes a hundred times while a step is under way costs one more step."""
    inside = asyncio.Event()
    go_on = asyncio.Event()
    second = asyncio.Event()
    calls = 0

    async def step(_job_id: int) -> float | None:
        nonlocal calls
        calls += 1
        if calls == 1:
            inside.set()
            await go_on.wait()
            return 1000.0
        second.set()
        return None

    async with working(step) as worker:
        worker.put(1)
        await inside.wait()
        for _ in range(100):
            worker.put(1)
        go_on.set()
        async with asyncio.timeout(30):
            await second.wait()
    assert calls == 2


async def test_news_for_a_job_that_is_done_leads_nowhere() -> None:
    """A wake during the last step asks nothing more."""
    inside = asyncio.Event()
    go_on = asyncio.Event()
    calls = 0

    async def step(_job_id: int) -> float | None:
        nonlocal calls
        calls += 1
        inside.set()
        await go_on.wait()
        return None

    async with working(step) as worker:
        worker.put(1)
        await inside.wait()
        worker.put(1)
        go_on.set()
    assert calls == 1


async def test_never_more_at_once_than_its_width() -> None:
    """The width bounds what is under way, and everything is done all the same."""
    under_way = most = finished = 0
    all_done = asyncio.Event()

    async def step(_job_id: int) -> float | None:
        nonlocal under_way, most, finished
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        finished += 1
        if finished == 50:
            all_done.set()
        return None

    async with working(step, width=3) as worker:
        for job_id in range(50):
            worker.put(job_id)
        async with asyncio.timeout(30):
            await all_done.wait()
    assert most == 3


async def test_putting_a_job_again_replaces_its_time() -> None:
    """A wake goes before a poll that was due much later, and does not leave it behind."""
    called = asyncio.Event()

    async def step(_job_id: int) -> float | None:
        called.set()
        return None

    async with working(step) as worker:
        worker.put(1, delay=1000)
        worker.put(1)
        async with asyncio.timeout(30):
            await called.wait()
        assert len(worker) <= 1
    assert len(worker) == 0


async def test_a_step_that_raises_ends_the_work() -> None:
    """A mistake in a step is not swallowed: the service dies loudly."""

    async def step(_job_id: int) -> float | None:
        raise RuntimeError("a mistake")

    worker = Worker("test", step, width=1)
    worker.put(1)
    with pytest.RaisesGroup(RuntimeError):
        async with asyncio.timeout(30):
            await worker.run()
