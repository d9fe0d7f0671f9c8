import asyncio

import pytest

from sandbox.discord import DiscordConfig
from sandbox.discord.permissions import Permission
from sandbox.members import Refused
from tests.sandbox.discord_support import EPHEMERAL, V2, Json, button, multipart, png, row, scene, text

QUICK = DiscordConfig(enforce_rate_limits=False, interaction_answer_seconds=0.05)


async def test_what_an_interaction_carries() -> None:
    """The event has the member, the channel, the bot's permissions there and the upload limit."""
    async with scene() as at:
        sent = await at.typed()
        guild_id = str(at.members.guild_id())
        assert (sent["type"], sent["data"]["name"], sent["guild_id"]) == (2, "go", guild_id)
        assert sent["member"]["user"]["id"] == str(at.member.id)
        assert int(sent["member"]["permissions"]) & Permission.SEND_MESSAGES
        assert not int(sent["member"]["permissions"]) & Permission.MANAGE_MESSAGES
        assert (sent["channel"]["name"], sent["channel"]["type"]) == ("general", 0)
        assert sent["attachment_size_limit"] == 10 * 1024 * 1024
        await at.members.set_upload_limit(at.member, 50 * 1024 * 1024)
        assert (await at.typed())["attachment_size_limit"] == 50 * 1024 * 1024
        assert int(sent["app_permissions"]) & Permission.ATTACH_FILES
        await at.member.type("go", channel="no-files", wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        assert not int(sent["app_permissions"]) & Permission.ATTACH_FILES


async def test_a_direct_message() -> None:
    """In a direct message there is a user instead of a member, and no guild."""
    async with scene() as at:
        await at.member.type("go", channel=await at.member.dm(), wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        assert (sent["user"]["username"], sent["context"]) == ("member", 1)
        assert not {"member", "guild_id"} & set(sent)
        assert (await at.bot.answer(sent, 4, {"content": "x"}))[0] == 200


async def test_an_answer_is_described() -> None:
    """With with_response the answer names the message, without it is empty; a second one is refused."""
    async with scene() as at:
        sent = await at.typed()
        status, body = await at.bot.answer(sent, 4, {"content": "hello"})
        assert status == 200
        assert (body["interaction"]["id"], body["resource"]["type"]) == (sent["id"], 4)
        message = body["resource"]["message"]
        assert body["interaction"]["response_message_id"] == message["id"]
        assert (message["type"], message["interaction_metadata"]["name"]) == (20, "go")
        status, body = await at.bot.answer(sent, 4, {"content": "again"})
        assert (status, body["code"]) == (400, 40060)
        other = await at.typed()
        path = f"/interactions/{other['id']}/{other['token']}/callback"
        assert await at.bot.call("POST", path, {"type": 5}) == (204, None)


async def test_an_answer_in_a_channel_that_is_gone() -> None:
    """A command was typed, and the channel deleted before the answer came: there is no such channel."""
    async with scene() as at:
        await at.member.type("go", channel="thread", wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        await at.members.remove_channel("thread")
        for kind in (4, 5):
            status, body = await at.bot.answer(sent, kind, {"content": "hello"})
            assert (status, body["code"]) == (404, 10003)


async def test_nobody_answers() -> None:
    """Unanswered in time, the member sees a failure; a late callback finds nothing, nor does the token."""
    async with scene(QUICK) as at:
        async with asyncio.timeout(30):
            answer = await at.member.type("go", channel="general")
        assert (answer.shown, answer.message_id) == ("failed", None)
        assert [step.name for step in answer.steps] == ["sent", "failed"]
        sent = await at.bot.event("INTERACTION_CREATE")
        status, body = await at.bot.answer(sent, 4, {"content": "late"})
        assert (status, body["code"]) == (404, 10062)
        assert await at.bot.refused("GET", at.bot.token_path(sent)) == (404, 10015)
        assert await at.member.read("general") == []


async def test_a_token_before_its_answer() -> None:
    """A token opens nothing before the callback, and another's token never does."""
    async with scene() as at:
        sent = await at.typed()
        assert await at.bot.refused("GET", at.bot.token_path(sent)) == (404, 10015)
        assert await at.bot.refused("POST", at.bot.token_path(sent, ""), {"content": "x"}) == (404, 10015)
        status, body = await at.bot.answer({**sent, "token": "x"}, 4, {"content": "x"})
        assert (status, body["code"]) == (404, 10062)


async def test_a_token_expires() -> None:
    """After its time, or when it is made to, a token is refused with 50027; the message stays."""
    async with scene() as at:
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "hello"})
        path = at.bot.token_path(sent)
        await at.bot.ok("GET", path)
        await at.members.expire(tokens=True)
        for method in ("GET", "PATCH", "DELETE"):
            assert await at.bot.refused(method, path, {"content": "x"}) == (401, 50027)
        assert at.server.requests.refused[401] == 3
        (message,) = await at.member.read("general")
        await at.bot.ok("PATCH", f"{at.bot.messages()}/{message.id}", {"content": "by the channel"})
    short = DiscordConfig(enforce_rate_limits=False, interaction_token_seconds=0)
    async with scene(short) as at:
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "hello"})
        assert await at.bot.refused("GET", at.bot.token_path(sent)) == (401, 50027)


async def test_token_routes_need_no_permission() -> None:
    """Where the bot may do nothing at all, its answers and their files are taken nonetheless."""
    async with scene() as at:
        await at.member.type("go", channel="hidden", wait=False)
        sent = await at.bot.event("INTERACTION_CREATE")
        assert sent["app_permissions"] == "0"
        assert (await at.bot.answer(sent, 4, {"content": "hello"}))[0] == 200
        edited = await at.bot.ok("PATCH", at.bot.token_path(sent), multipart({}, a_png=png()))
        assert len(edited["attachments"]) == 1
        path = f"{at.bot.messages('hidden')}/{edited['id']}"
        assert await at.bot.refused("PATCH", path, {"content": "x"}) == (403, 50001)


async def test_an_ephemeral_answer() -> None:
    """Only its member sees it, channel routes do not reach it, nobody can react; the token edits it."""
    async with scene() as at:
        sent = await at.typed()
        _, body = await at.bot.answer(sent, 4, {"content": "for you", "flags": EPHEMERAL})
        assert body["interaction"]["response_message_ephemeral"] is True
        message_id = body["resource"]["message"]["id"]
        path = f"{at.bot.messages()}/{message_id}"
        for method in ("GET", "PATCH", "DELETE"):
            assert await at.bot.refused(method, path, {"content": "x"}) == (404, 10008)
        assert await at.bot.ok("GET", at.bot.messages()) == []
        assert await at.members.of("other").read("general") == []
        with pytest.raises(Refused):
            await at.members.of("other").message("general", int(message_id))
        await at.bot.ok("PATCH", at.bot.token_path(sent), {"content": "changed"})
        (message,) = await at.member.read("general")
        assert (message.text, message.ephemeral) == ("changed", True)
        with pytest.raises(Refused, match="ephemeral"):
            await at.member.react(message, "🔁")
        assert not any(frame.get("t") == "MESSAGE_CREATE" for frame in at.bot.seen)


async def test_a_deferred_answer() -> None:
    """A deferral shows a loading message, which the first follow-up becomes; ephemeral stays ephemeral."""
    async with scene() as at:
        sent = await at.typed()
        status, body = await at.bot.answer(sent, 5, {"flags": EPHEMERAL})
        assert (status, body["interaction"]["response_message_loading"]) == (200, True)
        answer = (await at.members.interactions())[-1]
        assert answer.shown == "deferred"
        loading = await at.member.message("general", answer.message_id)
        assert (loading.loading, loading.ephemeral) == (True, True)
        says: Json = {"flags": V2, "components": [text(f"<@{at.member.id}>")]}
        first = await at.bot.ok("POST", at.bot.token_path(sent, ""), says)
        assert int(first["id"]) == loading.id
        shown = await at.member.message("general", loading.id)
        assert (shown.loading, shown.ephemeral, shown.pings) == (False, True, (str(at.member.id),))
        second = await at.bot.ok("POST", at.bot.token_path(sent, ""), {"content": "more"})
        assert second["id"] != first["id"]
        assert len(await at.members.of("other").read("general")) == 1


async def test_messages_of_a_token() -> None:
    """A token reaches its own answer and follow-ups, to read, edit and delete, and nobody else's messages."""
    async with scene() as at:
        sent = await at.typed()
        _, body = await at.bot.answer(sent, 4, {"content": "hello"})
        further = await at.bot.ok("POST", at.bot.token_path(sent, "?wait=1"), {"content": "more"})
        path = at.bot.token_path(sent, f"/messages/{further['id']}")
        assert (await at.bot.ok("PATCH", path, {"content": "even more"}))["content"] == "even more"
        await at.bot.ok("DELETE", path)
        assert await at.bot.refused("GET", path) == (404, 10008)
        theirs = await at.member.write("mine", channel="general")
        assert await at.bot.refused("GET", at.bot.token_path(sent, f"/messages/{theirs.id}")) == (404, 10008)
        await at.bot.ok("GET", at.bot.token_path(sent, f"/messages/{body['resource']['message']['id']}"))
        await at.bot.ok("DELETE", at.bot.token_path(sent))
        assert await at.bot.refused("GET", at.bot.token_path(sent)) == (404, 10008)


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        (1, {}, 50035),
        (8, {"choices": []}, 50035),
        (7, {"content": "x"}, 50035),
        (4, {}, 50006),
        (4, {"content": "x" * 2001}, 50035),
        (9, {"title": "x" * 46, "custom_id": "a", "components": []}, 50035),
    ],
)
async def test_wrong_answers(kind: int, data: Json, code: int) -> None:
    """A wrong answer is refused and leaves the interaction open for a right one."""
    async with scene() as at:
        sent = await at.typed()
        status, body = await at.bot.answer(sent, kind, data)
        assert (status, body["code"]) == (400, code)
        assert (await at.bot.answer(sent, 4, {"content": "x"}))[0] == 200


async def test_components_are_used() -> None:
    """A click brings its message along, which the bot may update; what is not there cannot be clicked."""
    async with scene() as at:
        sent = await at.typed()
        buttons = [button("a"), button("b", disabled=True)]
        options = [{"label": word, "value": word} for word in ("x", "y", "z")]
        menu = {"type": 3, "custom_id": "menu", "min_values": 1, "max_values": 2, "options": options}
        await at.bot.answer(sent, 4, {"content": "press", "components": [row(*buttons), row(menu)]})
        (message,) = await at.member.read("general")
        await at.member.click(message, label="a", wait=False)
        click = await at.bot.event("INTERACTION_CREATE")
        assert (click["data"]["custom_id"], click["data"]["component_type"]) == ("a", 2)
        assert click["message"]["id"] == str(message.id)
        _, body = await at.bot.answer(click, 7, {"content": "pressed"})
        assert body["resource"]["message"]["content"] == "pressed"
        await at.member.click(message, custom_id="menu", values=["x", "z"], wait=False)
        pick = await at.bot.event("INTERACTION_CREATE")
        assert pick["data"]["values"] == ["x", "z"]
        await at.bot.answer(pick, 6)
        assert (await at.bot.ok("PATCH", at.bot.token_path(pick), {"content": "picked"}))["id"] == str(
            message.id
        )
        for wrong in (
            {"custom_id": "gone"},
            {"custom_id": "b"},
            {"custom_id": "menu"},
            {"custom_id": "menu", "values": ["x", "y", "z"]},
            {"custom_id": "menu", "values": ["w"]},
        ):
            with pytest.raises(Refused):
                await at.member.click(message, **wrong)
        await at.member.click(message, custom_id="forged", raw=True, wait=False)
        assert (await at.bot.event("INTERACTION_CREATE"))["data"]["custom_id"] == "forged"


async def test_modals_hold_their_limits() -> None:
    """Required inputs and lengths are held by the client; a modal is open once, for its own member."""
    async with scene() as at:
        name = {"type": 4, "custom_id": "name", "style": 1, "label": "Name", "min_length": 2, "max_length": 4}
        modal = {"custom_id": "m", "title": "Edit", "components": [row(name)]}

        async def shown() -> Json:
            sent = await at.typed()
            await at.bot.answer(sent, 9, modal)
            return sent

        sent = await shown()
        (answer,) = [each for each in await at.members.interactions() if str(each.id) == sent["id"]]
        for values in ({}, {"name": "x"}, {"name": "abcde"}, {"other": "x"}):
            with pytest.raises(Refused):
                await at.member.submit(answer, values)
        with pytest.raises(Refused, match="No modal"):
            await at.members.of("other").submit(answer, {"name": "abc"})
        submitting = asyncio.create_task(at.member.submit(answer, {"name": "abc"}))
        submitted = await at.bot.event("INTERACTION_CREATE")
        (line,) = submitted["data"]["components"]
        assert (submitted["type"], line["components"][0]["value"]) == (5, "abc")
        await at.bot.answer(submitted, 4, {"content": "thanks"})
        assert (await submitting).shown == "answered"
        with pytest.raises(Refused, match="No modal"):
            await at.member.submit(answer, {"name": "abc"})


async def test_times_are_recorded() -> None:
    """Each step of an interaction has its time, in order, for whoever measures."""
    async with scene() as at:
        sent = await at.typed()
        await at.bot.answer(sent, 4, {"content": "a"})
        await at.bot.ok("PATCH", at.bot.token_path(sent), {"content": "b"})
        (answer,) = await at.members.interactions()
        assert [step.name for step in answer.steps] == ["sent", "callback", "edit"]
        moments = [step.monotonic for step in answer.steps]
        assert moments == sorted(moments)
        assert answer.steps[0].at.tzinfo is not None
