import pytest

from sandbox.members import Refused
from tests.sandbox.discord_support import V2, Json, RawBot, button, multipart, png, row, scene, text

MEBIBYTE = 1024 * 1024


async def opened(bot: RawBot, user_id: int) -> str:
    """Open direct messages with someone, and return the address of the messages there."""
    channel = await bot.ok("POST", "/users/@me/channels", {"recipient_id": str(user_id)})
    assert channel["type"] == 1
    assert [each["id"] for each in channel["recipients"]] == [str(user_id)]
    return f"/channels/{channel['id']}/messages"


async def test_pictures_in_direct_messages() -> None:
    """A gallery of Components V2 arrives, the person reads and downloads it, and no guild is named."""
    async with scene() as at:
        messages = await opened(at.bot, at.member.id)
        assert await opened(at.bot, at.member.id) == messages
        gallery: Json = {
            "type": 12,
            "items": [{"media": {"url": "attachment://a.png"}, "description": "a fox"}],
        }
        payload = {"flags": V2, "components": [text("words"), gallery]}
        sent = await at.bot.ok("POST", messages, multipart(payload, a_png=png(5, 4)))
        created = await at.bot.event("MESSAGE_CREATE")
        for found in (sent, created):
            assert not found.keys() & {"guild_id", "member"}
        shown = await at.member.wait_for_dm(lambda message: bool(message.pictures))
        (picture,) = shown.pictures
        assert (shown.text, picture.description, picture.width) == ("words", "a fox", 5)
        assert await at.members.download(picture) == png(5, 4)
        with pytest.raises(Refused):
            await at.members.of("other").read(shown.channel_id)


async def test_the_limit_is_that_of_no_guild() -> None:
    """A file has 10 MiB at most, however often the person's guild was boosted."""
    async with scene(connect=False) as at:
        await at.members.set_boost_tier(3)
        messages = await opened(at.bot, at.member.id)
        large = b"\0" * (10 * MEBIBYTE)
        await at.bot.ok("POST", messages, multipart({}, a_bin=large))
        assert await at.bot.refused("POST", messages, multipart({}, a_bin=large + b"\0")) == (413, 40005)


async def test_closed_direct_messages() -> None:
    """Who takes none, and who left the last common guild, can be opened and not be written to."""
    async with scene(connect=False) as at:
        messages = await opened(at.bot, at.member.id)
        first = await at.bot.ok("POST", messages, {"content": "x"})
        await at.members.set_takes_dms(at.member, takes_dms=False)
        assert await opened(at.bot, at.member.id) == messages
        assert await at.bot.refused("POST", messages, {"content": "y"}) == (403, 50007)
        await at.bot.ok("PATCH", f"{messages}/{first['id']}", {"content": "what is there can be edited"})
        await at.members.set_takes_dms(at.member, takes_dms=True)
        await at.bot.ok("POST", messages, {"content": "y"})
        await at.members.remove_member(at.member)
        assert await at.bot.refused("POST", messages, {"content": "z"}) == (403, 50278)


async def test_nobody_is_there_to_write_to() -> None:
    """Direct messages are opened with people who exist, not with bots."""
    async with scene(connect=False) as at:
        for recipient in (5, at.server.bot_user_id):
            body = {"recipient_id": str(recipient)}
            assert await at.bot.refused("POST", "/users/@me/channels", body) == (404, 10013)


async def test_a_click_in_direct_messages() -> None:
    """It names the user and no guild, and says that it came from direct messages with the bot."""
    async with scene() as at:
        messages = await opened(at.bot, at.member.id)
        await at.bot.ok("POST", messages, {"content": "x", "components": [row(button("a"))]})
        shown = await at.member.wait_for_dm(lambda message: bool(message.buttons))
        await at.member.click(shown, label="a", wait=False)
        click = await at.bot.event("INTERACTION_CREATE")
        assert click["user"]["id"] == str(at.member.id)
        assert not click.keys() & {"guild_id", "member"}
        assert (click["context"], click["authorizing_integration_owners"]) == (1, {"0": "0"})
        assert click["message"]["id"] == str(shown.id)
