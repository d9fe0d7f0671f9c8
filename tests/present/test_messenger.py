"""The messenger keeps one message right, by the way that its token's age says, with one call an edit."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from conftest import STANDING, AheadClock, Notes

from bot.errors import MessageGoneError, MessageUnavailableError
from bot.jobs.model import Job, State
from bot.jobs.ports import InLine, Running
from bot.present import messenger as messenger_module
from bot.present.messenger import TOKEN_WAY_LASTS, DiscordMessenger
from bot.present.page import Page
from sandbox.discord.faults import Fault
from sandbox.discord.permissions import Permission
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members

BY_TOKEN = "/webhooks/{application_id}/{token}/messages/{message_id}"
BY_CHANNEL = "/channels/{channel_id}/messages/{message_id}"
BY_HISTORY = "/channels/{channel_id}/messages"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
"""Enough of a picture for Discord, which looks at the name."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the fetcher gives it."""

    filename: str = "sana-1.png"
    content: bytes = PNG
    width: int = 1024
    height: int = 1024
    url: str = "https://cdn1.wiro.ai/0.png"
    reduced: bool = False


PICTURES = (Picture(), Picture("sana-2.png", content=PNG + b"second"))


def finished(job: Job) -> Job:
    """Return the job as it is when its pictures are there."""
    return replace(job, state=State.FINISHED, seconds=3.0)


def ended(job: Job) -> Job:
    """Return the job as it is when there will be none."""
    return replace(job, state=State.FAILED, refunded=True, reason="It failed.")


def calls(server: DiscordServer, method: str) -> list[tuple[str, int]]:
    """Return the route and status of each call that changed or read the job's message."""
    return [(call.route, call.status) for call in server.requests.calls if call.method == method]


async def deliver(messenger: DiscordMessenger, job: Job, pictures: Sequence[Picture] = PICTURES) -> None:
    """Deliver pictures."""
    await messenger.deliver(finished(job), pictures, STANDING, missing=0)


@pytest.mark.parametrize(
    ("age", "route"),
    [
        (timedelta(), BY_TOKEN),
        (TOKEN_WAY_LASTS - timedelta(seconds=30), BY_TOKEN),
        (TOKEN_WAY_LASTS, BY_CHANNEL),
        (timedelta(hours=5), BY_CHANNEL),
    ],
)
async def test_delivery_is_one_edit(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    server: DiscordServer,
    member: Member,
    age: timedelta,
    route: str,
) -> None:
    """Pictures come with one call, through the token while it is young and through the channel afterwards."""
    clock.ahead = age
    await deliver(messenger, job)
    assert calls(server, "PATCH") == [(route, 200)]
    message = await member.message("pictures", job.message_id)
    assert [picture.filename for picture in message.pictures] == ["sana-1.png", "sana-2.png"]
    assert all(picture.description == "a red fox" for picture in message.pictures)
    assert not message.buttons
    assert "19 credits left" in message.text
    assert await member.members.download(message.pictures[1]) == PICTURES[1].content


async def test_a_forgotten_token_means_the_channel(
    messenger: DiscordMessenger, job: Job, server: DiscordServer
) -> None:
    """Without a token the channel is the way, at any age."""
    await deliver(messenger, replace(job, interaction_token=None))
    assert calls(server, "PATCH") == [(BY_CHANNEL, 200)]


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_every_edit_replaces_the_whole_message(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, member: Member, ahead: timedelta
) -> None:
    """Progress, pictures, pictures again and an end each leave just what they say."""
    clock.ahead = ahead
    await messenger.show(job, InLine(3))
    assert "Place 3 in line." in (await member.message("pictures", job.message_id)).text
    await messenger.show(job, Running())
    message = await member.message("pictures", job.message_id)
    assert "is being made" in message.text
    assert [button.custom_id for button in message.buttons] == [f"sana:cancel:{job.id}"]
    await deliver(messenger, job)
    await deliver(messenger, job)
    assert len((await member.message("pictures", job.message_id)).pictures) == 2
    await messenger.tell_end(ended(job))
    message = await member.message("pictures", job.message_id)
    assert "Your 1 credit is back." in message.text
    assert (message.pictures, message.files) == ((), ())


async def test_clocks_that_disagree(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, members: Members
) -> None:
    """Where Discord says that the token is over, the channel is taken once, for all calls."""
    await members.expire(tokens=True)
    await deliver(messenger, job)
    assert calls(server, "PATCH") == [(BY_TOKEN, 401), (BY_CHANNEL, 200)]
    assert await messenger.holds_pictures(job)


async def test_permissions_taken_away(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, server: DiscordServer
) -> None:
    """The token needs no permission; the channel does, and says so for good."""
    world = server.world
    world.deny(world.channel_named("pictures"), server.bot_user_id, Permission.VIEW_CHANNEL)
    await deliver(messenger, job)
    clock.ahead = TOKEN_WAY_LASTS
    with pytest.raises(MessageGoneError):
        await deliver(messenger, job)
    with pytest.raises(MessageGoneError):
        await messenger.holds_pictures(job)
    with pytest.raises(MessageGoneError):
        await messenger.find(job)


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
@pytest.mark.parametrize("lost", ["message", "channel"])
async def test_what_is_gone(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    members: Members,
    ahead: timedelta,
    lost: str,
) -> None:
    """A message or channel that was deleted will never take the pictures."""
    clock.ahead = ahead
    if lost == "message":
        moderator = members.of("moderator")
        await moderator.delete(await moderator.message("pictures", job.message_id))
    else:
        await members.call("DELETE", f"/channels/{job.channel_id}")
    with pytest.raises(MessageGoneError):
        await deliver(messenger, job)
    with pytest.raises(MessageGoneError):
        await messenger.tell_end(ended(job))
    with pytest.raises(MessageGoneError):
        await messenger.holds_pictures(job)


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_a_file_that_is_too_large(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, ahead: timedelta
) -> None:
    """What Discord refuses for its size is not tried for ever."""
    clock.ahead = ahead
    with pytest.raises(MessageGoneError):
        await deliver(messenger, job, [Picture(content=bytes(11 * 1024 * 1024))])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=503),
        Fault(kind="status", status=503, after_effect=True),
        Fault(kind="status", status=403),
        Fault(kind="reset"),
        Fault(kind="reset", after_effect=True),
        Fault(kind="cut_off"),
        Fault(kind="rate_limit", via=False),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.after_effect}",
)
async def test_what_may_work_later(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, server: DiscordServer, fault: Fault
) -> None:
    """Faults before or after the effect leave it open, and the same delivery works afterwards."""
    clock.ahead = TOKEN_WAY_LASTS
    server.faults.add(fault)
    with pytest.raises(MessageUnavailableError):
        await deliver(messenger, job)
    await deliver(messenger, job)
    assert await messenger.holds_pictures(job)


async def test_a_stalled_call_ends(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call takes longer than its bound, and the next one works."""
    monkeypatch.setattr(messenger_module, "_CALL_SECONDS", 0.1)
    server.faults.add(Fault(kind="stall", seconds=1.0))
    with pytest.raises(MessageUnavailableError):
        await messenger.show(job, Running())
    monkeypatch.undo()


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
    """A job's message is found by the id in its button, with one call, and no other message is taken for it."""
    await member.write(f"sana:cancel:{job.id}", channel="pictures")
    clock.ahead = ahead
    lost = replace(job, message_id=None)
    assert await messenger.find(lost) == job.message_id
    assert calls(server, "GET")[-1] == (BY_HISTORY if ahead else BY_TOKEN, 200)
    assert await messenger.find(replace(lost, id=job.id + 1)) is None


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_not_finding_what_was_deleted(
    messenger: DiscordMessenger, clock: AheadClock, job: Job, member: Member, ahead: timedelta
) -> None:
    """Where there is no message any more, none is found."""
    await member.members.of("moderator").delete(await member.message("pictures", job.message_id))
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
    clock.ahead = TOKEN_WAY_LASTS
    lost = replace(job, message_id=None)
    assert await messenger.find(replace(lost, created_at=job.created_at - timedelta(minutes=10))) is None
    assert await messenger.find(replace(lost, created_at=job.created_at + timedelta(minutes=10))) is None
    server.faults.add(Fault(kind="reset"))
    with pytest.raises(MessageUnavailableError):
        await messenger.find(lost)


async def test_a_channel_too_busy_to_tell(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    member: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where not all messages could be read, it is not claimed that there is none."""
    monkeypatch.setattr("bot.present.ways._MESSAGES_AT_MOST", 2)
    await member.write("one more", channel="pictures")
    clock.ahead = TOKEN_WAY_LASTS
    with pytest.raises(MessageUnavailableError):
        await messenger.find(replace(job, id=99))


async def test_inviting_a_reroll(messenger: DiscordMessenger, job: Job, member: Member) -> None:
    """The first reaction comes by itself, after delivery."""
    messenger.invite_reroll(job)
    message = await member.message("pictures", job.message_id)
    shown = await member.wait_for_change(message, lambda message: bool(message.reactions))
    assert shown.reactions == {"🔁": 1}


async def test_a_reaction_that_is_not_allowed(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, member: Member
) -> None:
    """Without the permission there is no reaction, and nothing else happens."""
    world = server.world
    world.deny(world.channel_named("pictures"), server.bot_user_id, Permission.ADD_REACTIONS)
    messenger.invite_reroll(job)
    await messenger.aclose()
    assert calls(server, "PUT")[-1][1] == 403
    assert not (await member.message("pictures", job.message_id)).reactions


async def test_closing_gives_up_late_reactions(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing waits for reactions a moment, no longer, and leaves no task behind."""
    monkeypatch.setattr(messenger_module, "_CLOSE_SECONDS", 0.1)
    server.faults.add(Fault(kind="stall", seconds=1.0))
    messenger.invite_reroll(job)
    await messenger.aclose()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == f"react {job.reference}"]


async def test_reactions_under_way_are_bounded(
    messenger: DiscordMessenger, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many reactions at once are left out rather than collected."""
    monkeypatch.setattr(messenger_module, "_REACTIONS_AT_MOST", 2)
    for _ in range(5):
        messenger.invite_reroll(job)
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert names.count(f"react {job.reference}") == 2


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_nothing_is_kept_of_a_message(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    member: Member,
    service: Notes,
    ahead: timedelta,
) -> None:
    """discord.py keeps no view, however many are sent, and the button of the last one still works."""
    clock.ahead = ahead
    for place in range(1, 4):
        await messenger.show(job, InLine(place))
    gc.collect()
    assert [each for each in gc.get_objects() if isinstance(each, Page)] == []
    await member.click(await member.message("pictures", job.message_id), label="Cancel")
    assert (await service.until_told(f"cancel for member {member.id} of {job.guild_id}")).id == job.id


async def test_mentions_in_a_prompt_ping_nobody(
    messenger: DiscordMessenger, member: Member, service: Notes
) -> None:
    """Neither the first answer nor any edit pings anybody."""
    await member.type("sana", channel="pictures", prompt=f"@everyone <@{member.id}> @here")
    job = await service.until_told("acknowledged")
    await deliver(messenger, job)
    assert (await member.message("pictures", job.message_id)).pings == ()
