import pytest

from sandbox.discord.permissions import Permission
from tests.sandbox.discord_support import V2, Json, scene, text


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, ["member"]),
        ({"parse": []}, []),
        ({"parse": [], "users": ["member"]}, ["member"]),
        ({"parse": ["users", "roles", "everyone"]}, ["member"]),
    ],
)
@pytest.mark.parametrize("v2", [False, True])
async def test_whom_a_message_pings(allowed: Json | None, expected: list[str], *, v2: bool) -> None:
    """Allowed mentions decide who is pinged, in content as in text displays; never a role here."""
    async with scene() as at:
        ids = {"member": str(at.member.id)}
        says = f"<@{at.member.id}> <@&{at.members.role_id('Booster')}> @everyone"
        payload: Json = {"flags": V2, "components": [text(says)]} if v2 else {"content": says}
        if allowed is not None:
            users = [ids[name] for name in allowed.get("users", ())]
            payload["allowed_mentions"] = {**allowed, **({"users": users} if users else {})}
        sent = await at.bot.ok("POST", at.bot.messages(), payload)
        message = await at.member.message("general", int(sent["id"]))
        assert list(message.pings) == [ids[name] for name in expected]
        assert [user["id"] for user in sent["mentions"]] == list(message.pings)


async def test_everyone_is_pinged_with_permission() -> None:
    """Mention Everyone lets the bot ping roles and everyone."""
    async with scene() as at:
        guild, role = at.server.world.guild_named("Sandbox"), at.server.world.role_named("Sana")
        at.server.changes.set_permissions(guild, role, Permission.MENTION_EVERYONE)
        booster = at.members.role_id("Booster")
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": f"<@&{booster}> @here"})
        message = await at.member.message("general", int(sent["id"]))
        assert message.pings == (str(booster), "here")
        assert sent["mention_everyone"] is True


async def test_a_reply_pings_its_author_if_allowed() -> None:
    """A reply names what it answers, and pings its author only with replied_user."""
    async with scene() as at:
        theirs = await at.member.write("hello", channel="general")
        payload: Json = {"content": "x", "message_reference": {"message_id": str(theirs.id)}}
        for replied_user in (True, False):
            payload["allowed_mentions"] = {"parse": [], "replied_user": replied_user}
            sent = await at.bot.ok("POST", at.bot.messages(), payload)
            assert (sent["type"], sent["referenced_message"]["content"]) == (19, "hello")
            message = await at.member.message("general", int(sent["id"]))
            assert (message.reply_to, bool(message.pings)) == (theirs.id, replied_user)
        await at.member.delete(theirs)
        assert await at.bot.refused("POST", at.bot.messages(), payload) == (400, 50035)
        payload["message_reference"]["fail_if_not_exists"] = False
        await at.bot.ok("POST", at.bot.messages(), payload)
