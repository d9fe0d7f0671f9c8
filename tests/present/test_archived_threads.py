"""A thread that was archived while its picture was made."""

from datetime import timedelta

import pytest

from bot.errors import MessageGoneError
from bot.jobs.ports import Running
from bot.present.messenger import TOKEN_WAY_LASTS, DiscordMessenger
from sandbox.members import Member, Members
from tests.present.support import AheadClock, Notes, deliver, ended


@pytest.mark.parametrize("ahead", [timedelta(), TOKEN_WAY_LASTS])
async def test_an_archived_thread_is_opened_for_the_end(
    messenger: DiscordMessenger,
    clock: AheadClock,
    service: Notes,
    members: Members,
    member: Member,
    ahead: timedelta,
) -> None:
    """Discord takes no edit in an archived thread: pictures and ends open it, progress leaves it as it is."""
    await member.type("sana", channel="thread", prompt="a red fox")
    job = await service.until_told("acknowledged")
    clock.ahead = ahead
    await members.archive("thread")
    with pytest.raises(MessageGoneError):
        await messenger.show(job, Running())
    await deliver(messenger, job)
    assert len((await member.message("thread", job.message_id)).pictures) == 2
    await members.archive("thread")
    await messenger.tell_end(ended(job))
    assert "is back" in (await member.message("thread", job.message_id)).text


async def test_a_locked_thread_stays_closed(
    messenger: DiscordMessenger, service: Notes, members: Members, member: Member
) -> None:
    """Only those who manage threads open it again: the bot is not among them, and gives up."""
    await member.type("sana", channel="thread", prompt="a red fox")
    job = await service.until_told("acknowledged")
    await members.archive("thread", locked=True)
    with pytest.raises(MessageGoneError):
        await deliver(messenger, job)
