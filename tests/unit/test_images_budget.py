import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.images.budget import ByteBudget


async def let_others_run() -> None:
    """Give every task that is ready its turn, several times over."""
    for _ in range(10):
        await asyncio.sleep(0)


class Guest:
    """Somebody who asks for room, and keeps it until told to leave."""

    def __init__(self, budget: ByteBudget, size_bytes: int) -> None:
        self._is_in = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(budget, size_bytes))

    async def _stay(self, budget: ByteBudget, size_bytes: int) -> None:
        async with budget.room(size_bytes):
            self._is_in = True
            await self._leave.wait()
        self._is_in = False

    def is_in(self) -> bool:
        """Tell whether the room was given and is still held."""
        return self._is_in

    async def leave(self) -> None:
        """Give the room back."""
        self._leave.set()
        await self.task
        await let_others_run()


async def test_no_more_is_given_out_than_there_is() -> None:
    """Those who fit share the room; the next waits until enough of it is free again."""
    budget = ByteBudget(10)
    guests = [Guest(budget, size) for size in (4, 6, 5)]
    await let_others_run()
    assert [guest.is_in() for guest in guests] == [True, True, False]
    await guests[0].leave()
    assert not guests[2].is_in()
    await guests[1].leave()
    assert guests[2].is_in()
    await guests[2].leave()


async def test_the_small_do_not_overtake_the_large() -> None:
    """Room is given in the order of asking, so that a large request is not starved by small ones."""
    budget = ByteBudget(10)
    first, large, small = (Guest(budget, size) for size in (5, 10, 1))
    await let_others_run()
    assert (first.is_in(), large.is_in(), small.is_in()) == (True, False, False)
    await first.leave()
    assert (large.is_in(), small.is_in()) == (True, False)
    await large.leave()
    assert small.is_in()
    await small.leave()


async def test_more_than_there_is_waits_until_it_is_alone() -> None:
    """A request for more than the whole is let in by itself instead of waiting for ever."""
    budget = ByteBudget(10)
    small, huge = Guest(budget, 1), Guest(budget, 1000)
    await let_others_run()
    assert (small.is_in(), huge.is_in()) == (True, False)
    await small.leave()
    assert huge.is_in()
    after = Guest(budget, 1)
    await let_others_run()
    assert not after.is_in()
    await huge.leave()
    assert after.is_in()
    await after.leave()


async def test_who_gives_up_holds_up_nobody() -> None:
    """A cancelled request leaves the line, and those behind it move up at once."""
    budget = ByteBudget(10)
    first, large, small = (Guest(budget, size) for size in (5, 10, 5))
    await let_others_run()
    large.task.cancel()
    await let_others_run()
    assert small.is_in()
    await first.leave()
    await small.leave()


async def test_who_gives_up_lets_nobody_in_early() -> None:
    """A request that was never granted gives nothing back as it is cancelled."""
    budget = ByteBudget(10)
    first, large, cancelled = (Guest(budget, size) for size in (5, 10, 8))
    await let_others_run()
    cancelled.task.cancel()
    await let_others_run()
    assert not large.is_in()
    await first.leave()
    assert large.is_in()
    await large.leave()


async def test_room_is_given_back_where_the_work_fails() -> None:
    """An exception inside the room frees it."""
    budget = ByteBudget(10)
    with pytest.raises(ZeroDivisionError):
        async with budget.room(10):
            raise ZeroDivisionError
    await asyncio.wait_for(budget.room(10).__aenter__(), 1)


@pytest.mark.parametrize("cancel_first", [True, False])
async def test_nothing_leaks_where_a_turn_comes_as_it_is_given_up(*, cancel_first: bool) -> None:
    """Cancelling a request in the very moment in which its turn comes loses no room, in either order."""
    budget = ByteBudget(10)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(budget.room(10))
        waiting = Guest(budget, 10)
        await let_others_run()
        if cancel_first:
            waiting.task.cancel()
    if not cancel_first:
        waiting.task.cancel()
    await let_others_run()
    assert waiting.task.cancelled()
    last = Guest(budget, 10)
    await let_others_run()
    assert last.is_in()
    await last.leave()
