"""The messenger keeps one message right, by the way that its token's age says, with one call an edit."""

import asyncio
import gc
from dataclasses import replace
from datetime import timedelta

import pytest
from discord.ext.commands import AutoShardedBot
from structlog.testing import capture_logs

from bot.errors import MessageGoneError, MessageUnavailableError
from bot.jobs.model import Job
from bot.jobs.ports import InLine, Running
from bot.present import messenger as messenger_module
from bot.present.messenger import TOKEN_WAY_LASTS, DiscordMessenger
from bot.present.page import Page
from sandbox.discord.faults import Fault
from sandbox.discord.permissions import Permission
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members
from tests.present.support import (
    BY_CHANNEL,
    BY_TOKEN,
    PICTURES,
    AheadClock,
    Notes,
    Picture,
    calls,
    deliver,
    ended,
)


@pytest.mark.parametrize(
    ("age", "route"),
    [
        (timedelta(), BY_TOKEN),
        (timedelta(minutes=13, seconds=30), BY_TOKEN),
        (timedelta(minutes=14), BY_CHANNEL),
        (timedelta(hours=5), BY_CHANNEL),
    ],
)
async def test_delivery_is_one_edit(
    messenger: DiscordMessenger,
    clock: AheadClock,
    job: Job,
    server: DiscordServer,
    members: Members,
    age: timedelta,
    route: str,
) -> None:
    """Pictures come with one call, through the token while it is young and through the channel afterwards."""
    clock.ahead = age
    await deliver(messenger, job)
    assert calls(server, "PATCH") == [(route, 200)]
    message = await members.of("member").message("pictures", job.message_id)
    assert [picture.filename for picture in message.pictures] == ["sana-1.png", "sana-2.png"]
    assert [picture.description for picture in message.pictures] == ["1 of 2: a red fox", "2 of 2: a red fox"]
    assert [button.label for button in message.buttons] == ["Reroll", "Edit", "Details", "Delete"]
    assert "19 credits left" in message.text
    assert await members.download(message.pictures[1]) == PICTURES[1].content


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
    server.faults.add(replace(fault))
    with pytest.raises(MessageUnavailableError):
        await deliver(messenger, job)
    await deliver(messenger, job)
    assert await messenger.holds_pictures(job)


async def test_a_stalled_call_ends(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call takes longer than its bound, and the next one works."""
    server.faults.add(Fault(kind="stall", seconds=0.3))
    with monkeypatch.context() as hasty:
        hasty.setattr(messenger_module, "_CALL_SECONDS", 0.05)
        with pytest.raises(MessageUnavailableError):
            await messenger.show(job, Running())
    await messenger.show(job, Running())


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
    with capture_logs() as logs:
        messenger.invite_reroll(job)
        await messenger.aclose()
    assert [line["log_level"] for line in logs] == ["debug"]
    assert calls(server, "PUT")[-1][1] == 403
    assert not (await member.message("pictures", job.message_id)).reactions


async def test_closing_gives_up_late_reactions(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing waits for reactions a moment, no longer, and leaves no task behind."""
    monkeypatch.setattr(messenger_module, "_CLOSE_SECONDS", 0.05)
    server.faults.add(Fault(kind="stall", seconds=30))
    messenger.invite_reroll(job)
    async with asyncio.timeout(20):
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
    assert (
        await service.until_told(f"cancel for member {member.id} of {job.guild_id}, {job.channel_id}")
    ).id == job.id


async def test_mentions_in_a_prompt_ping_nobody(
    messenger: DiscordMessenger, server: DiscordServer, member: Member, service: Notes
) -> None:
    """Neither the first answer nor any edit pings anybody, even where the bot might ping everybody."""
    server.world.role_named("@everyone").permissions |= Permission.MENTION_EVERYONE
    await member.type("sana", channel="pictures", prompt=f"@everyone <@{member.id}> @here")
    job = await service.until_told("acknowledged")
    await deliver(messenger, job)
    assert (await member.message("pictures", job.message_id)).pings == ()


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_a_client_that_a_stop_has_closed_cannot_be_asked(
    messenger: DiscordMessenger, bot: AutoShardedBot, clock: AheadClock, job: Job, ahead: timedelta
) -> None:
    """What a stop overtakes may be done later, by whichever way; it is no failure of the program."""
    clock.ahead = ahead
    await bot.close()
    with pytest.raises(MessageUnavailableError):
        await messenger.show(job, InLine(3))
    with pytest.raises(MessageUnavailableError):
        await messenger.notify(1, job.channel_id, 1, member_id=1, text="not yours")


async def test_a_channel_that_it_may_not_see_may_be_shown_again(
    messenger: DiscordMessenger, job: Job, server: DiscordServer, members: Members
) -> None:
    """A message that it may not delete now is no deleted one: that is tried again until it is."""
    assert job.message_id is not None
    message = await members.of("member").message("pictures", job.message_id)
    where = (job.guild_id, job.channel_id, job.message_id)
    world = server.world
    world.deny(world.channel_named("pictures"), server.bot_user_id, Permission.VIEW_CHANNEL)
    with pytest.raises(MessageUnavailableError):
        await messenger.remove(*where)
    world.deny(world.channel_named("pictures"), server.bot_user_id, 0)
    await messenger.remove(*where)
    await members.of("member").wait_until_deleted(message)
    with pytest.raises(MessageGoneError):
        await messenger.remove(*where)
