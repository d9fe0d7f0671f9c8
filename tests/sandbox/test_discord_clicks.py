import asyncio

import pytest

from sandbox.discord import DiscordConfig
from sandbox.discord.permissions import Permission
from sandbox.members import Message, Refused
from tests.sandbox.discord_support import (
    EPHEMERAL,
    V2,
    Json,
    Scene,
    button,
    deny,
    multipart,
    png,
    row,
    scene,
    text,
)

MENU = {"name": "Sana details", "type": 3}


async def posted(at: Scene, channel: str = "general", **payload: object) -> Message:
    """Let the bot post a message with a button, and return it as the member sees it."""
    body = {"content": "press", "components": [row(button("a"))], **payload}
    sent = await at.bot.ok("POST", at.bot.messages(channel), body)
    return await at.member.message(channel, int(sent["id"]))


async def clicked(at: Scene, message: Message) -> Json:
    """Let the member click the button, and return what the bot received."""
    await at.member.click(message, label="a", wait=False)
    return await at.bot.event("INTERACTION_CREATE")


async def test_a_click_answered_with_a_message() -> None:
    """The new message hangs on the clicked one, says who clicked, and pings nobody for it."""
    async with scene() as at:
        message = await posted(at)
        click = await clicked(at, message)
        assert click["message"] == await at.bot.ok("GET", f"{at.bot.messages()}/{message.id}")
        _, described = await at.bot.answer(click, 4, {"content": "pressed"})
        answer = described["resource"]["message"]
        assert (answer["type"], answer["message_reference"]["message_id"]) == (19, str(message.id))
        assert answer["referenced_message"]["content"] == "press"
        about = answer["interaction_metadata"]
        assert about["user"]["id"] == str(at.member.id)
        assert (about["type"], about["interacted_message_id"]) == (3, str(message.id))
        assert about["authorizing_integration_owners"] == {"0": str(at.members.guild_id())}
        shown = (await at.member.read("general"))[-1]
        assert (shown.reply_to, shown.pings, shown.ephemeral) == (message.id, (), False)
        assert (await at.member.message("general", message.id)).text == "press"


async def test_an_ephemeral_answer_to_a_click() -> None:
    """Only who clicked sees it; what hangs on an ephemeral message shows it to nobody else."""
    async with scene() as at:
        click = await clicked(at, await posted(at))
        payload = {"content": "psst", "flags": EPHEMERAL, "components": [row(button("a"))]}
        await at.bot.answer(click, 4, payload)
        assert len(await at.members.of("other").read("general")) == 1
        secret = (await at.member.read("general"))[-1]
        click = await clicked(at, secret)
        assert click["message"]["flags"] & EPHEMERAL
        _, described = await at.bot.answer(click, 4, {"content": "loud"})
        answer = described["resource"]["message"]
        assert (answer["referenced_message"], answer["content"]) == (None, "loud")


async def test_a_click_that_is_not_answered() -> None:
    """After its time it has failed, and its token opens nothing."""
    async with scene(DiscordConfig(interaction_answer_seconds=0.1, enforce_rate_limits=False)) as at:
        message = await posted(at)
        assert (await at.member.click(message, label="a")).shown == "failed"
        click = await at.bot.event("INTERACTION_CREATE")
        status, body = await at.bot.answer(click, 4, {"content": "x"})
        assert (status, body["code"]) == (404, 10062)
        assert await at.bot.refused("POST", at.bot.token_path(click, ""), {"content": "x"}) == (404, 10015)


async def test_a_click_has_a_token_of_its_own() -> None:
    """It opens the answer to the click, not the clicked message, and lasts fifteen minutes from the click."""
    assert DiscordConfig().interaction_token_seconds == 15 * 60
    async with scene() as at:
        message = await posted(at)
        click = await clicked(at, message)
        await at.bot.answer(click, 4, {"content": "pressed"})
        await at.bot.ok("PATCH", at.bot.token_path(click), {"content": "changed"})
        path = at.bot.token_path(click, f"/messages/{message.id}")
        assert await at.bot.refused("PATCH", path, {"content": "x"}) == (404, 10008)
        await at.members.expire(tokens=True)
        assert await at.bot.refused("PATCH", at.bot.token_path(click), {"content": "x"}) == (401, 50027)
        answer = (await at.member.read("general"))[-1]
        await at.bot.ok("PATCH", f"{at.bot.messages()}/{answer.id}", {"content": "through the channel"})


async def test_a_further_message_hangs_on_the_first_answer() -> None:
    """It is a reply to it, and names it as the original response."""
    async with scene() as at:
        click = await clicked(at, await posted(at))
        _, described = await at.bot.answer(click, 4, {"content": "one"})
        first = described["interaction"]["response_message_id"]
        further = await at.bot.ok("POST", at.bot.token_path(click, ""), {"content": "two"})
        assert (further["type"], further["message_reference"]["message_id"]) == (19, first)
        assert further["interaction_metadata"]["original_response_message_id"] == first


@pytest.mark.parametrize("channel", ["general", "thread"])
async def test_a_menu_on_a_message(channel: str) -> None:
    """The whole message comes along, with its components and author; the answer names the target."""
    async with scene(None, MENU) as at:
        gallery: Json = {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}
        payload = {"flags": V2, "components": [text("words"), gallery, row(button("a"))]}
        sent = await at.bot.ok("POST", at.bot.messages(channel), multipart(payload, a_png=png(5, 4)))
        message = await at.member.message(channel, int(sent["id"]))
        opening = asyncio.create_task(at.member.open_menu("Sana details", message, channel=channel))
        asked = await at.bot.event("INTERACTION_CREATE")
        assert (asked["type"], asked["data"]["type"]) == (2, 3)
        assert asked["data"]["target_id"] == sent["id"]
        assert asked["channel"]["id"] == sent["channel_id"]
        target = asked["data"]["resolved"]["messages"][sent["id"]]
        assert target == await at.bot.ok("GET", f"{at.bot.messages(channel)}/{sent['id']}")
        assert target["components"][1]["items"][0]["media"]["width"] == 5
        assert target["author"]["id"] == str(at.server.bot_user_id)
        _, described = await at.bot.answer(asked, 4, {"content": "details", "flags": EPHEMERAL})
        answer = described["resource"]["message"]
        assert answer["type"] == 23
        assert answer["interaction_metadata"]["target_message_id"] == sent["id"]
        assert (await opening).shown == "answered"


async def test_menus_open_on_what_a_member_sees() -> None:
    """Nobody opens a menu in a channel that they do not see, on a message that is gone, or is another's."""
    async with scene(None, MENU, {"name": "go", "description": "goes", "type": 1}) as at:
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "psst", "flags": EPHEMERAL})
        (secret,) = await at.member.read("general")
        theirs = await at.member.write("look", channel="general")
        await at.member.delete(theirs)
        outsider = at.members.of("outsider", "Second server")
        for who, message in ((at.members.of("other"), secret), (at.member, theirs), (outsider, secret)):
            with pytest.raises(Refused):
                await who.open_menu("Sana details", message, channel=secret.channel_id)


@pytest.mark.parametrize("channel", ["pictures", "thread"])
async def test_the_permissions_that_a_click_carries(channel: str) -> None:
    """Those of the bot and of the member, as they are in the channel, for a thread as in its parent."""
    async with scene() as at:
        message = await posted(at, channel)
        await deny(at, "pictures", Permission.ATTACH_FILES)
        role_id = at.members.role_id("Moderator")
        await at.members.set_overwrite("pictures", role_id, deny=Permission.MANAGE_MESSAGES)
        for name, expected in (("moderator", Permission.MODERATE_MEMBERS), ("member", 0), ("owner", None)):
            await at.members.of(name).click(message, label="a", wait=False)
            click = await at.bot.event("INTERACTION_CREATE")
            assert not int(click["app_permissions"]) & Permission.ATTACH_FILES
            assert int(click["app_permissions"]) & Permission.SEND_MESSAGES
            held = int(click["member"]["permissions"])
            moderating = Permission.MODERATE_MEMBERS | Permission.MANAGE_MESSAGES
            assert held & moderating == (moderating if expected is None else expected)


async def test_who_deletes_an_answer() -> None:
    """The bot needs no permission to delete its own answer through the channel, and one for others' words."""
    async with scene() as at:
        denied = Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY
        await at.members.set_overwrite("general", deny=denied)
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "x"})
        theirs = await at.member.write("look", channel="general")
        answer = (await at.member.read("general"))[0]
        await at.bot.ok("DELETE", f"{at.bot.messages()}/{answer.id}")
        await at.member.wait_until_deleted(answer)
        assert await at.bot.refused("DELETE", f"{at.bot.messages()}/{answer.id}") == (404, 10008)
        assert await at.bot.refused("DELETE", f"{at.bot.messages()}/{theirs.id}") == (403, 50013)
