"""Rerolls by reaction: the replies of a channel take turns, and only so many wait for theirs."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.allowance import Allowance, Period
from bot.errors import LineFullError
from bot.jobs.mail import Mailer
from bot.jobs.model import Job, State
from bot.jobs.ports import InLine, JobStore, Messenger, Request, Standing
from bot.jobs.removal import Remover
from bot.jobs.results import Results
from bot.jobs.service import JobService

CHANNEL, OTHER_CHANNEL = 2, 3
STANDING = Standing(allowance=Allowance(20, Period.DAY), used=0, granted=0)


@dataclass
class World:
    """Stands in for the service and for Discord, which takes replies once it may."""

    accepted: Counter[int] = field(default_factory=Counter)  # by channel
    done: list[int] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, request: Request) -> tuple[Job, Standing, InLine]:
        """Take a job on."""
        self.accepted[request.channel_id] += 1
        job = Job(
            id=self.accepted.total(),
            state=State.QUEUED,
            guild_id=request.guild_id,
            channel_id=request.channel_id,
            member_id=request.member_id,
            upload_limit_bytes=request.upload_limit_bytes,
            parameters=request.parameters,
            credits=request.credits,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        return job, STANDING, InLine(1)

    async def reply(self, job: Job, _stage: InLine, _standing: Standing) -> int:
        """Post the reply."""
        await self.gate.wait()
        return 1000 + job.id

    async def acknowledged(self, job_id: int, message_id: int) -> None:
        """Note the reply."""
        assert message_id == 1000 + job_id
        self.done.append(job_id)


@pytest.fixture
def world() -> World:
    """Where no reply goes out yet."""
    return World()


@pytest.fixture
def results(world: World) -> Results:
    """Results that do nothing but rerolls."""
    return Results(
        service=cast("JobService", world),
        store=cast("JobStore", None),
        messenger=cast("Messenger", world),
        remover=cast("Remover", None),
        mailer=cast("Mailer", None),
    )


def reroll(results: Results, channel_id: int = CHANNEL) -> Coroutine[Any, Any, Job]:
    """Ask for one more picture."""
    request = Request(
        guild_id=1,
        channel_id=channel_id,
        member_id=4,
        interaction_token=None,
        upload_limit_bytes=1,
        parameters="{}",
        credits=1,
    )
    return results.reroll(request)


async def until(condition: Callable[[], bool]) -> None:
    """Let others have the loop until a condition holds."""
    while not condition():  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)


async def test_two_replies_of_a_channel_at_once(world: World, results: Results) -> None:
    """A third job is not even accepted before one of them went out; another channel does not wait."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(reroll(results))
        group.create_task(reroll(results, OTHER_CHANNEL))
        await until(lambda: world.accepted[OTHER_CHANNEL] > 0)
        assert world.accepted == {CHANNEL: 2, OTHER_CHANNEL: 1}
        world.gate.set()
    assert world.accepted == {CHANNEL: 5, OTHER_CHANNEL: 1}
    assert len(world.done) == 6


async def test_two_hundred_wait_and_no_more(world: World, results: Results) -> None:
    """Whoever comes then is refused at once, in whichever channel; once they went out there is room again."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for _ in range(200):
            group.create_task(reroll(results))
        await until(lambda: world.accepted[CHANNEL] > 1)
        for channel in (CHANNEL, OTHER_CHANNEL):
            with pytest.raises(LineFullError):
                await reroll(results, channel)
        world.gate.set()
    assert world.accepted == {CHANNEL: 200}
    await reroll(results, OTHER_CHANNEL)
