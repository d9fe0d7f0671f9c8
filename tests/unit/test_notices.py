"""The notices: how many stand at once, and when one that cannot be deleted is given up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.errors import MessageUnavailableError
from bot.jobs import notices as module
from bot.jobs.notices import Notices
from bot.jobs.ports import Messenger, Notice, NoticeStore

GUILD, CHANNEL, OTHER_CHANNEL = 1, 2, 3


@dataclass
class World:
    """Stands in for the store, Discord and the clock, and keeps what was asked of them."""

    posted: list[tuple[int, int]] = field(default_factory=list)  # channel and member
    tries: Counter[int] = field(default_factory=Counter)  # to delete each
    is_down: bool = False
    stored: dict[int, Notice] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        """Return the time."""
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def notify(
        self, _guild_id: int, channel_id: int, _message_id: int, *, member_id: int, text: str
    ) -> int:
        """Post a notice."""
        assert text
        self.posted.append((channel_id, member_id))
        return len(self.posted)

    async def add(self, notice: Notice) -> None:
        """Store a notice."""
        self.stored[notice.message_id] = notice

    async def remove(self, *message: int) -> None:
        """Delete a notice, or forget that it is to be deleted: the latter is asked with its id alone."""
        if len(message) == 1:
            del self.stored[message[0]]
            self.news.set()
            return
        self.tries[message[-1]] += 1
        if self.is_down:
            raise MessageUnavailableError("down")

    async def list_all(self) -> list[Notice]:
        """Return what is stored."""
        return list(self.stored.values())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Where failures are repeated at once."""
    monkeypatch.setattr(module, "_FIRST_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(module, "_LAST_RETRY_SECONDS", 0.0)
    return World()


@pytest.fixture
async def notices(world: World) -> AsyncIterator[Notices]:
    """Notices at work."""
    notices = Notices(cast("NoticeStore", world), cast("Messenger", world), world)
    run = asyncio.create_task(notices.run())
    yield notices
    notices.stop()
    async with asyncio.timeout(20):
        await run


async def say(notices: Notices, *members: int, channel: int = CHANNEL) -> None:
    """Tell these members something, at the same time."""
    await asyncio.gather(
        *(
            notices.say(guild_id=GUILD, channel_id=channel, message_id=9, member_id=member, text="No.")
            for member in members
        )
    )


async def test_five_stand_in_a_channel_and_no_more(
    notices: Notices, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sixth is not posted; another channel has places of its own, and one that is deleted frees its own."""
    await say(notices, *range(10))
    assert world.posted == [(CHANNEL, member) for member in range(5)]
    await say(notices, 10, channel=OTHER_CHANNEL)
    assert world.posted[5:] == [(OTHER_CHANNEL, 10)]
    monkeypatch.setattr(module, "SHOWN_FOR", timedelta())
    await say(notices, 11, channel=OTHER_CHANNEL)
    async with asyncio.timeout(20):
        await world.news.wait()
    assert set(world.stored) == {1, 2, 3, 4, 5, 6}
    await say(notices, *range(20, 25), channel=OTHER_CHANNEL)
    assert [channel for channel, _ in world.posted].count(OTHER_CHANNEL) == 2 + 4


async def test_those_that_a_stop_left_standing_count_too(world: World) -> None:
    """After a start a channel that is full stays full until they are deleted."""
    for number in range(1, 6):
        await world.add(Notice(guild_id=GUILD, channel_id=CHANNEL, message_id=number, remove_at=world.now()))
    notices = Notices(cast("NoticeStore", world), cast("Messenger", world), world)
    await notices.recover()
    await say(notices, 1)
    assert world.posted == []
    run = asyncio.create_task(notices.run())
    async with asyncio.timeout(20):
        while world.stored:
            world.news.clear()
            await world.news.wait()
    notices.stop()
    await run
    await say(notices, 2)
    assert world.posted == [(CHANNEL, 2)]


async def test_one_that_cannot_be_deleted_is_given_up(
    notices: Notices, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After sixty failures it frees its place; it stays stored, so that the next start tries again."""
    monkeypatch.setattr(module, "SHOWN_FOR", timedelta())
    monkeypatch.setattr(module, "_IN_A_CHANNEL_AT_MOST", 1)
    world.is_down = True
    await say(notices, 1)
    async with asyncio.timeout(20):
        while len(world.posted) == 1:
            await asyncio.sleep(0)
            await say(notices, 100 + world.tries[1])
    assert world.tries[1] == 60
    assert 1 in world.stored
