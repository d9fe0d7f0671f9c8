"""The remover: what it waits for, what it repeats, and when it stops trying."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.errors import (
    AuthenticationError,
    MessageGoneError,
    MessageUnavailableError,
    NoAnswerError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from bot.jobs import removal
from bot.jobs.model import Job, State
from bot.jobs.ports import JobStore, Messenger, Wiro
from bot.jobs.removal import Remover
from bot.jobs.waiting import loop_seconds
from tests.support.jobs import ANY_JOB
from tests.support.log import read_along

JOB = replace(ANY_JOB, message_id=4, tasktoken="token", removed_by=3)


@dataclass
class World:
    """Stands in for the store, Wiro and Discord, and keeps what was asked of them."""

    job: Job | None = JOB
    failures: dict[str, list[Exception]] = field(default_factory=dict)  # of the next calls, by their name
    asked: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, _job_id: int) -> Job | None:
        """Return the job."""
        self._note("look")
        return self.job

    async def list_removals(self) -> list[Job]:
        """Return what a stop left undone."""
        return [] if self.job is None else [self.job]

    async def remove(self, guild_id: int, channel_id: int, message_id: int) -> None:
        """Delete the message."""
        assert (guild_id, channel_id, message_id) == (JOB.guild_id, JOB.channel_id, JOB.message_id)
        self._note("message")

    async def delete_files(self, tasktoken: str) -> None:
        """Delete the files."""
        assert tasktoken == JOB.tasktoken
        self._note("files")

    async def note_removed(self, job_id: int) -> None:
        """Store the end."""
        assert job_id == JOB.id
        self._note("removed")
        self.job = self.job and replace(self.job, removed_at=datetime.now(UTC))

    async def until(self, what: str, times: int = 1) -> None:
        """Wait until something was asked so often."""
        async with asyncio.timeout(30):
            while self.asked.count(what) < times:
                self.news.clear()
                await self.news.wait()

    @property
    def done(self) -> list[str]:
        """What was asked, besides looks at the job."""
        return [what for what in self.asked if what != "look"]

    def _note(self, what: str) -> None:
        self.asked.append(what)
        self.news.set()
        if failures := self.failures.get(what):
            raise failures.pop(0)


@pytest.fixture
def world() -> World:
    """A result that is to be removed."""
    return World()


@pytest.fixture
async def remover(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Remover]:
    """A remover at work, which tries again at once."""
    monkeypatch.setattr(removal, "_FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(removal, "_LAST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(removal, "_DELIVERY_LOOK_SECONDS", 0.001)
    remover = Remover(
        store=cast("JobStore", world),
        note_removed=world.note_removed,
        wiro=cast("Wiro", world),
        messenger=cast("Messenger", world),
    )
    run = asyncio.create_task(remover.run())
    yield remover
    remover.stop()
    async with asyncio.timeout(30):
        await run


async def test_message_then_files_then_the_record(remover: Remover, world: World) -> None:
    """The end is stored when both are gone, and not before."""
    remover.put(JOB.id)
    await world.until("removed")
    assert world.done == ["message", "files", "removed"]


async def test_a_start_goes_on(remover: Remover, world: World) -> None:
    """What is stored as wanted and not as done is done."""
    await remover.recover()
    await world.until("removed")


async def test_a_delivery_is_waited_for(remover: Remover, world: World) -> None:
    """Nothing is deleted while the pictures are on their way; once they arrived, everything is."""
    world.job = replace(JOB, state=State.FINISHED)
    remover.put(JOB.id)
    await world.until("look", 3)
    assert world.done == []
    world.job = JOB
    await world.until("removed")
    assert world.done == ["message", "files", "removed"]


@pytest.mark.parametrize("state", [State.FAILED, State.UNDELIVERABLE])
async def test_a_delivery_that_failed_leaves_its_message(
    remover: Remover, world: World, state: State
) -> None:
    """The message says why there are no pictures, which is worth keeping; Wiro's files go all the same."""
    world.job = replace(JOB, state=state)
    remover.put(JOB.id)
    await world.until("removed")
    assert world.done == ["files", "removed"]


@pytest.mark.parametrize(
    "job", [None, replace(JOB, removed_by=None), replace(JOB, removed_at=JOB.created_at)]
)
async def test_what_nobody_asked_for_is_not_done(remover: Remover, world: World, job: Job | None) -> None:
    """A job that is not there, that nobody wants removed, or that was, is left alone."""
    world.job = job
    remover.put(JOB.id)
    await world.until("look")
    assert world.done == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("message", MessageUnavailableError("down")),
        ("files", NoAnswerError("down")),
        ("files", AuthenticationError("the owner must act")),
        ("files", RefusedError("Task must be completed or cancelled before deleting files")),
    ],
)
async def test_what_passes_is_repeated_alone(
    remover: Remover, world: World, call: str, error: Exception
) -> None:
    """What failed is done again until it works; what worked is not."""
    world.failures = {call: [error] * 3}
    remover.put(JOB.id)
    await world.until("removed")
    other = {"message": "files", "files": "message"}[call]
    assert (world.asked.count(call), world.asked.count(other)) == (4, 1)


async def test_a_store_that_cannot_be_read_is_asked_again(remover: Remover, world: World) -> None:
    """The database's troubles pass as well."""
    world.failures = {"look": [StorageError("busy")] * 3}
    remover.put(JOB.id)
    await world.until("removed")
    assert world.asked.count("look") == 4


@pytest.mark.parametrize(
    ("call", "error"),
    [("message", MessageGoneError("unknown message")), ("files", NotFoundError("There is no task yet."))],
)
async def test_what_is_gone_already_is_gone(
    remover: Remover, world: World, call: str, error: Exception
) -> None:
    """There is nothing to delete, which is what was wanted."""
    world.failures = {call: [error]}
    remover.put(JOB.id)
    await world.until("removed")
    assert world.done == ["message", "files", "removed"]


async def test_after_a_day_it_is_left_to_the_next_start(
    remover: Remover, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A removal that fails for 24 hours is not tried again, and not stored as done either."""
    world.failures = {"files": [NoAnswerError("down")] * 1000}
    with read_along() as log:
        remover.put(JOB.id)
        await world.until("files", 3)
        monkeypatch.setattr(removal, "loop_seconds", lambda: loop_seconds() + 24 * 3600)
        await log.wait_for("remove.given_up")
    assert "removed" not in world.asked
    world.failures = {}
    await remover.recover()
    await world.until("removed")
