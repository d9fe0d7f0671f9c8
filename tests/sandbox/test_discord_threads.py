"""Archived threads: what is still done in them, what opens them, and who may."""

import pytest

from sandbox.discord.permissions import Permission
from sandbox.members import Refused
from tests.sandbox.discord_support import Scene, deny, scene

ARCHIVED = (400, 50083)
FORBIDDEN = (403, 50013)


async def said(at: Scene) -> str:
    """Post a message of the bot's in the thread and return its address."""
    sent = await at.bot.ok("POST", at.bot.messages("thread"), {"content": "x"})
    return f"{at.bot.messages('thread')}/{sent['id']}"


async def test_an_archived_thread_is_read_and_emptied_alone() -> None:
    """Messages are read and deleted there; edits, reactions and commands wait until it is open."""
    async with scene() as at:
        path = await said(at)
        message = (await at.member.read("thread"))[0]
        await at.members.archive("thread")
        assert (await at.bot.event("THREAD_UPDATE"))["thread_metadata"]["archived"]
        assert await at.bot.refused("PATCH", path, {"content": "y"}) == ARCHIVED
        assert await at.bot.refused("PUT", f"{path}/reactions/🔁/@me") == ARCHIVED
        with pytest.raises(Refused):
            await at.member.react(message, "🔁")
        with pytest.raises(Refused):
            await at.member.type("go", channel="thread")
        guild = at.bot.channel("thread").guild_id
        assert (await at.bot.ok("GET", f"/guilds/{guild}/threads/active"))["threads"] == []
        assert (await at.bot.ok("GET", path))["content"] == "x"
        await at.bot.ok("DELETE", path)


async def test_a_token_edits_nothing_in_an_archived_thread() -> None:
    """It makes no difference by which way an edit comes."""
    async with scene() as at:
        await at.member.type("go", channel="thread", wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        await at.bot.answer(sent, 4, {"content": "x"})
        await at.members.archive("thread")
        assert await at.bot.refused("PATCH", at.bot.token_path(sent), {"content": "y"}) == ARCHIVED


async def test_a_new_message_opens_a_thread() -> None:
    """Discord opens it by itself for that, unless it is locked."""
    async with scene() as at:
        await at.members.archive("thread")
        path = await said(at)
        await at.bot.ok("PATCH", path, {"content": "y"})
        await at.members.archive("thread", locked=True)
        assert await at.bot.refused("POST", at.bot.messages("thread"), {"content": "x"}) == FORBIDDEN


async def test_who_may_open_a_thread() -> None:
    """Whoever may write in it, unless it is locked; only who manages threads archives one."""
    async with scene() as at:
        thread = f"/channels/{at.bot.channel('thread').id}"
        assert await at.bot.refused("PATCH", thread, {"archived": True}) == FORBIDDEN
        await at.members.archive("thread")
        await deny(at, "pictures", Permission.SEND_MESSAGES_IN_THREADS)
        assert await at.bot.refused("PATCH", thread, {"archived": False}) == FORBIDDEN
        await at.members.set_overwrite("pictures")
        opened = await at.bot.ok("PATCH", thread, {"archived": False})
        assert not opened["thread_metadata"]["archived"]
        await at.members.archive("thread", locked=True)
        assert await at.bot.refused("PATCH", thread, {"archived": False}) == FORBIDDEN
        channel = f"/channels/{at.bot.channel('general').id}"
        assert await at.bot.refused("PATCH", channel, {"archived": False}) == FORBIDDEN
        with pytest.raises(Refused):
            await at.members.archive("general")


async def test_a_private_thread_is_for_those_who_were_invited() -> None:
    """A command comes from there with a token that works; the channel is shut, and nothing is told of it."""
    async with scene() as at:
        other, people = at.members.of("other"), [at.member.id]
        alone = await at.members.add_channel("alone", under="pictures", invited=people)
        with pytest.raises(Refused):
            await other.type("go", channel=alone)
        await at.member.type("go", channel=alone, wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        assert "THREAD_CREATE" not in [frame["t"] for frame in at.bot.seen]
        assert sent["channel"]["type"] == 12
        assert int(sent["app_permissions"]) & Permission.VIEW_CHANNEL
        assert (await at.bot.answer(sent, 4, {"content": "x"}))[0] == 200
        assert await at.bot.refused("GET", f"/channels/{alone}") == (403, 50001)
        people.append(at.server.bot_user_id)
        together = await at.members.add_channel("together", under="pictures", invited=people)
        assert (await at.bot.event("THREAD_CREATE"))["id"] == str(together)
        await at.bot.ok("GET", f"/channels/{together}")
