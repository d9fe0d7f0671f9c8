import pytest

from sandbox.discord import DiscordConfig
from sandbox.discord.permissions import Permission
from sandbox.members import Refused
from tests.sandbox.discord_support import Json, deny, scene

LIMITED = DiscordConfig(enforce_rate_limits=True)
UNKNOWN = "5"


def reply(message_id: object, **more: object) -> Json:
    """Return what makes a message a reply."""
    return {"content": "x", "message_reference": {"type": 0, "message_id": str(message_id), **more}}


async def test_a_reply_names_its_message() -> None:
    """It is of type 19 and shows what it replies to, until that is deleted."""
    async with scene() as at:
        theirs = await at.member.write("look", channel="general")
        sent = await at.bot.ok("POST", at.bot.messages(), reply(theirs.id))
        await at.bot.event("MESSAGE_CREATE")
        event = await at.bot.event("MESSAGE_CREATE")
        for found in (sent, event):
            assert found["type"] == 19
            assert found["message_reference"] == {
                "type": 0,
                "message_id": str(theirs.id),
                "channel_id": str(theirs.channel_id),
                "guild_id": str(at.members.guild_id()),
            }
            assert found["referenced_message"]["content"] == "look"
        shown = await at.member.message("general", int(sent["id"]))
        assert shown.reply_to == theirs.id
        await at.member.delete(theirs)
        later = await at.bot.ok("GET", f"{at.bot.messages()}/{sent['id']}")
        assert later["referenced_message"] is None
        assert later["message_reference"]["message_id"] == str(theirs.id)


async def test_a_reply_to_nothing() -> None:
    """Where the message is gone the reply is refused, or with fail_if_not_exists off a plain message."""
    async with scene() as at:
        path = at.bot.messages()
        for payload in (reply(UNKNOWN), reply(UNKNOWN, fail_if_not_exists=True)):
            assert await at.bot.refused("POST", path, payload) == (400, 50035)
        sent = await at.bot.ok("POST", path, reply(UNKNOWN, fail_if_not_exists=False))
        assert sent["type"] == 0
        assert "message_reference" not in sent
        elsewhere = str(at.bot.channel("pictures").id)
        theirs = await at.member.write("look", channel="pictures")
        assert await at.bot.refused("POST", path, reply(theirs.id, channel_id=elsewhere)) == (400, 50035)


async def test_nobody_replies_to_what_one_person_sees() -> None:
    """An ephemeral message is unknown to replies."""
    async with scene() as at:
        _, answered = await at.bot.answer(await at.typed(), 4, {"content": "psst", "flags": 64})
        payload = reply(answered["interaction"]["response_message_id"])
        assert await at.bot.refused("POST", at.bot.messages(), payload) == (400, 50035)


async def test_a_reply_needs_the_history() -> None:
    """Without Read Message History a reply is refused with a code of its own, whatever it replies to."""
    async with scene() as at:
        theirs = await at.member.write("look", channel="general")
        await deny(at, "general", Permission.READ_MESSAGE_HISTORY)
        for payload in (reply(theirs.id), reply(UNKNOWN, fail_if_not_exists=False)):
            assert await at.bot.refused("POST", at.bot.messages(), payload) == (403, 160002)
        await at.bot.ok("POST", at.bot.messages(), {"content": "x"})


@pytest.mark.parametrize(
    ("allowed", "pinged"), [(None, True), ({"parse": []}, False), ({"parse": [], "replied_user": True}, True)]
)
async def test_whom_a_reply_pings(allowed: Json | None, *, pinged: bool) -> None:
    """The author of the other message is pinged unless allowed mentions leave them out."""
    async with scene(connect=False) as at:
        theirs = await at.member.write("look", channel="general")
        payload = {**reply(theirs.id), "allowed_mentions": allowed}
        sent = await at.bot.ok("POST", at.bot.messages(), payload)
        shown = await at.member.message("general", int(sent["id"]))
        assert (shown.pings == (str(at.member.id),), bool(sent["mentions"])) == (pinged, pinged)


async def test_a_nonce_outlives_edits() -> None:
    """A repeat returns the message as it stands, in whichever channel it is asked for, and posts nothing."""
    async with scene(connect=False) as at:
        payload = {"content": "x", "nonce": "f" * 24, "enforce_nonce": True}
        first = await at.bot.ok("POST", at.bot.messages(), payload)
        path = f"{at.bot.messages()}/{first['id']}"
        await at.bot.ok("PATCH", path, {"content": "edited"})
        for channel in ("general", "pictures"):
            again = await at.bot.ok("POST", at.bot.messages(channel), payload)
            assert (again["id"], again["content"]) == (first["id"], "edited")
        assert await at.member.read("pictures") == []


async def test_a_nonce_outlives_its_message() -> None:
    """A repeat does not bring back a message that was deleted: it is unknown."""
    async with scene(connect=False) as at:
        payload = {"content": "x", "nonce": "once", "enforce_nonce": True}
        first = await at.bot.ok("POST", at.bot.messages(), payload)
        await at.bot.ok("DELETE", f"{at.bot.messages()}/{first['id']}")
        assert await at.bot.refused("POST", at.bot.messages(), payload) == (404, 10008)
        assert await at.member.read("general") == []


async def test_who_is_told_a_nonce() -> None:
    """The answer to its maker and the event of the new message have it, nothing later has."""
    async with scene() as at:
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "x", "nonce": "n" * 25})
        created = await at.bot.event("MESSAGE_CREATE")
        path = f"{at.bot.messages()}/{sent['id']}"
        edited = await at.bot.ok("PATCH", path, {"content": "y"})
        updated = await at.bot.event("MESSAGE_UPDATE")
        (listed,) = await at.bot.ok("GET", at.bot.messages())
        for found in (sent, created):
            assert found["nonce"] == "n" * 25
        for found in (edited, updated, listed, await at.bot.ok("GET", path)):
            assert "nonce" not in found


async def test_a_deleted_message_is_not_edited_back() -> None:
    """An edit after the deletion finds nothing, through the channel, the token and a click."""
    async with scene() as at:
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "x"})
        (message,) = await at.member.read("general")
        await at.member.click(message, custom_id="a", raw=True, wait=False)
        click = await at.bot.event("INTERACTION_CREATE")
        path = f"{at.bot.messages()}/{message.id}"
        # It is the bot's own, so that no permission is needed; the answer to an interaction is no exception.
        await at.bot.ok("DELETE", path)
        assert await at.bot.refused("PATCH", path, {"content": "y"}) == (404, 10008)
        assert await at.bot.refused("PATCH", at.bot.token_path(sent), {"content": "y"}) == (404, 10008)
        status, body = await at.bot.answer(click, 7, {"content": "y"})
        assert (status, body["code"]) == (404, 10008)
        with pytest.raises(Refused):
            await at.member.message("general", message.id)


async def test_replies_share_the_bucket_of_their_channel() -> None:
    """Replies and messages together are five in five seconds; a thread has its own five."""
    async with scene(LIMITED) as at:
        theirs = await at.member.write("look", channel="general")
        for number in range(5):
            payload = reply(theirs.id) if number % 2 else {"content": "x"}
            await at.bot.ok("POST", at.bot.messages(), payload)
        status, body = await at.bot.call("POST", at.bot.messages(), reply(theirs.id))
        assert (status, body["global"]) == (429, False)
        assert at.bot.headers["X-RateLimit-Remaining"] == "0"
        await at.bot.ok("POST", at.bot.messages("thread"), {"content": "x"})
