import pytest

from sandbox.discord.permissions import Permission
from tests.sandbox.discord_support import deny, multipart, png, scene


@pytest.mark.parametrize(
    ("permission", "code"),
    [
        (Permission.VIEW_CHANNEL, 50001),
        (Permission.SEND_MESSAGES, 50013),
        (Permission.EMBED_LINKS, 50013),
        (Permission.ATTACH_FILES, 50013),
    ],
)
async def test_sending_needs_permissions(permission: Permission, code: int) -> None:
    """A message with an embed and a file needs each of these, in a channel as through its members' roles."""
    async with scene() as at:
        payload = {"content": "x", "embeds": [{"title": "x"}]}
        await at.bot.ok("POST", at.bot.messages(), multipart(payload, a_png=png()))
        await deny(at, "general", permission)
        body = multipart(payload, a_png=png())
        assert await at.bot.refused("POST", at.bot.messages(), body) == (403, code)


async def test_threads_take_their_own_permission() -> None:
    """A thread inherits from its parent, and needs Send Messages in Threads instead of Send Messages."""
    async with scene() as at:
        await deny(at, "pictures", Permission.SEND_MESSAGES)
        await at.bot.ok("POST", at.bot.messages("thread"), {"content": "x"})
        await deny(at, "pictures", Permission.SEND_MESSAGES_IN_THREADS)
        assert await at.bot.refused("POST", at.bot.messages("thread"), {"content": "x"}) == (403, 50013)
        await at.bot.ok("POST", at.bot.messages("pictures"), {"content": "x"})


async def test_the_default_channels() -> None:
    """In no-files the bot may not attach, hidden it does not see; administrators and owners may do all."""
    async with scene() as at:
        body = multipart({}, a_png=png())
        assert await at.bot.refused("POST", at.bot.messages("no-files"), body) == (403, 50013)
        assert await at.bot.refused("GET", f"/channels/{at.bot.channel('hidden').id}") == (403, 50001)
        role = at.server.world.role_named("Sana")
        guild = at.server.world.guild_named("Sandbox")
        at.server.changes.set_permissions(guild, role, Permission.ADMINISTRATOR)
        await at.bot.ok("GET", f"/channels/{at.bot.channel('hidden').id}")
        at.server.changes.set_permissions(guild, role, 0)
        guild.owner_id = at.server.bot_user_id
        await at.bot.ok("GET", f"/channels/{at.bot.channel('hidden').id}")


async def test_bulk_deletion() -> None:
    """With Manage Messages many messages go at once."""
    async with scene() as at:
        guild, role = at.server.world.guild_named("Sandbox"), at.server.world.role_named("Sana")
        ids = [(await at.bot.ok("POST", at.bot.messages(), {"content": "x"}))["id"] for _ in range(3)]
        path = at.bot.messages() + "/bulk-delete"
        assert await at.bot.refused("POST", path, {"messages": ids}) == (403, 50013)
        at.server.changes.set_permissions(guild, role, Permission.MANAGE_MESSAGES)
        await at.bot.ok("POST", path, {"messages": ids[:2]})
        assert [each["id"] for each in await at.bot.ok("GET", at.bot.messages())] == ids[2:]


async def test_reactions() -> None:
    """New emoji need Add Reactions, taking others' away needs Manage Messages; all are listed."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        path = f"{at.bot.messages()}/{message.id}/reactions"
        await at.bot.ok("PUT", f"{path}/%F0%9F%94%81/@me")
        await at.member.react(message, "🔁")
        event = await at.bot.event("MESSAGE_REACTION_ADD")
        assert event["user_id"] == str(at.server.bot_user_id)
        event = await at.bot.event("MESSAGE_REACTION_ADD")
        assert (event["member"]["user"]["username"], event["emoji"]["name"]) == ("member", "🔁")
        users = await at.bot.ok("GET", f"{path}/🔁")
        assert {user["username"] for user in users} == {"Sana", "member"}
        assert await at.bot.refused("DELETE", f"{path}/🔁/{at.member.id}") == (403, 50013)
        await at.bot.ok("DELETE", f"{path}/🔁/@me")
        await at.bot.event("MESSAGE_REACTION_REMOVE")
        assert (await at.member.message("general", message.id)).reactions == {"🔁": 1}
        assert await at.bot.refused("PUT", f"{path}/no/@me") == (400, 10014)
        assert await at.bot.refused("DELETE", path) == (403, 50013)
        await deny(at, "general", Permission.ADD_REACTIONS)
        assert await at.bot.refused("PUT", f"{path}/✉️/@me") == (403, 50013)
        await at.bot.ok("PUT", f"{path}/🔁/@me")
        guild, role = at.server.world.guild_named("Sandbox"), at.server.world.role_named("Sana")
        at.server.changes.set_permissions(guild, role, Permission.MANAGE_MESSAGES)
        await at.bot.ok("DELETE", f"{path}/🔁/{at.member.id}")
        await at.bot.ok("DELETE", path)
        await at.bot.event("MESSAGE_REACTION_REMOVE_ALL")
        assert (await at.member.message("general", message.id)).reactions == {}
