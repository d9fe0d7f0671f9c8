"""The messenger reads a message back, and finds one whose id was never stored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import MessageUnavailableError
from bot.jobs.model import Job
from bot.present.messenger import TOKEN_WAY_LASTS, DiscordMessenger
from sandbox.discord.faults import Fault
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members
from tests.present.support import BY_CHANNEL, BY_HISTORY, BY_TOKEN, AheadClock, calls, deliver


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_reading_back(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, server: DiscordServer, ahead: timedelta
) -> None:
    """The message itself tells, with one call, whether the pictures are in it."""
    clock.ahead = ahead
    assert not await messenger.holds_pictures(job)
    assert calls(server, "GET")[-1] == (BY_CHANNEL if ahead else BY_TOKEN, 200)
    await deliver(messenger, job)
    assert await messenger.holds_pictures(job)


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_finding_the_first_answer(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    server: DiscordServer,
    member: Member,
    ahead: timedelta,
) -> None:
    """A job's message is found by the id in its button, with one call, and no other one is taken for it."""
    await member.write(f"sana:cancel:{job.id}", channel="pictures")
    clock.ahead = ahead
    lost = replace(job, message_id=None)
    assert await messenger.find(lost) == job.message_id
    assert calls(server, "GET")[-1] == (BY_HISTORY if ahead else BY_TOKEN, 200)
    assert await messenger.find(replace(lost, id=job.id + 1)) is None


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_not_finding_what_was_deleted(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, members: Members, ahead: timedelta
) -> None:
    """Where there is no message any more, none is found."""
    moderator = members.of("moderator")
    await moderator.delete(await moderator.message("pictures", job.message_id))
    clock.ahead = ahead
    assert await messenger.find(replace(job, message_id=None)) is None


async def test_not_finding_what_was_never_answered(messenger: DiscordMessenger, job: Job) -> None:
    """An interaction that was never answered has no message, neither by its token nor in its channel."""
    never = replace(job, id=99, message_id=None, interaction_token="unknown")
    assert await messenger.find(never) is None


async def test_finding_looks_at_the_jobs_own_time(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, server: DiscordServer
) -> None:
    """The channel is read from the job's time on and no further than an answer can be."""
    clock.ahead = timedelta(hours=1)
    lost = replace(job, message_id=None)
    assert await messenger.find(replace(lost, created_at=job.created_at - timedelta(minutes=10))) is None
    assert await messenger.find(replace(lost, created_at=job.created_at + timedelta(minutes=10))) is None
    server.faults.add(Fault(kind="status", status=503))
    with pytest.raises(MessageUnavailableError):
        await messenger.find(lost)


async def test_another_bots_button_proves_nothing(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, server: DiscordServer
) -> None:
    """A message that somebody else's bot made with the same button is not taken for the job's."""
    world = server.world
    world.channel_named("pictures").messages[job.message_id or 0].author = world.user_named("other")
    clock.ahead = TOKEN_WAY_LASTS
    assert await messenger.find(job) is None


async def test_a_channel_too_busy_to_tell(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where not all messages could be read, nobody claims that there is none."""
    monkeypatch.setattr("bot.present.ways._MESSAGES_AT_MOST", 2)
    await member.write("one more", channel="pictures")
    clock.ahead = TOKEN_WAY_LASTS
    with pytest.raises(MessageUnavailableError):
        await messenger.find(replace(job, id=99))
