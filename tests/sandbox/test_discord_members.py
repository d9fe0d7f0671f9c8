import asyncio
import time

import pytest

from sandbox.discord import DiscordServer
from sandbox.members import Members, Refused, Typing
from tests.sandbox.discord_support import multipart, png, scene


async def test_waiting_is_woken() -> None:
    """Whoever waits for a message or for its change hears of it at once, and gives up when time is over."""
    async with scene() as at:
        waiting = asyncio.create_task(at.member.wait_for_message("general", lambda seen: seen.text == "two"))
        await at.bot.ok("POST", at.bot.messages(), {"content": "one"})
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "two"})
        message = await waiting
        assert message.id == int(sent["id"])
        changing = asyncio.create_task(at.member.wait_for_change(message, lambda seen: seen.text == "three"))
        path = f"{at.bot.messages()}/{message.id}"
        await at.bot.ok("PATCH", path, {"content": "2.5"})
        await at.bot.ok("PATCH", path, {"content": "three"})
        assert [edit.text for edit in (await changing).edits] == ["two", "2.5", "three"]
        with pytest.raises(TimeoutError, match="three"):
            await at.member.wait_for_message("general", lambda _: False, timeout_seconds=0.05)
        with pytest.raises(TimeoutError, match="three"):
            await at.member.wait_for_change(await changing, lambda _: False, timeout_seconds=0.05)


async def test_waiting_ends_with_the_message() -> None:
    """Waiting for a change of a message that is deleted ends at once."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        waiting = asyncio.create_task(at.member.wait_for_change(message, lambda _: False))
        await at.member.read("general")
        await at.member.delete(message)
        with pytest.raises(Refused):
            await waiting


async def test_waiting_until_ready() -> None:
    """The bot is ready once it is connected and has commands, and not before."""
    async with scene(connect=False) as at:
        with pytest.raises(TimeoutError):
            await at.members.wait_until_ready(0.05)
        waiting = asyncio.create_task(at.members.wait_until_ready(5))
        await at.bot.connect()
        await waiting


async def test_what_members_may_do() -> None:
    """People delete their own messages, moderators others' too; nobody acts where they are not."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        with pytest.raises(Refused):
            await at.members.of("other").delete(message)
        await at.members.of("moderator").delete(message)
        assert (await at.bot.event("MESSAGE_DELETE"))["id"] == str(message.id)
        outsider = at.members.of("outsider", "Second server")
        for deed in (
            outsider.write("x", channel=at.members.channel_id("general")),
            outsider.read(at.members.channel_id("general")),
        ):
            with pytest.raises(Refused):
                await deed
        for unknown in (
            lambda: at.members.of("nobody"),
            lambda: at.members.of("member", "Nowhere"),
            lambda: at.members.channel_id("nowhere"),
        ):
            with pytest.raises(KeyError):
                unknown()


async def test_a_crowd() -> None:
    """Many new members type with one call, and every one is answered."""
    async with scene() as at:
        crowd = await at.members.add_members("crowd", 50, roles=["Booster"])
        assert crowd[49].name == "crowd-50"
        started = time.monotonic()
        sent = await at.members.type_many(
            Typing(member=each, command="go", channel="general") for each in crowd
        )
        assert len({each.id for each in sent}) == 50
        for _ in sent:
            await at.bot.answer(await at.bot.event("INTERACTION_CREATE"), 4, {"content": "x"})
        answers = [await at.members.wait_for_answer(each) for each in sent]
        assert {each.shown for each in answers} == {"answered"}
        assert started < answers[0].steps[0].monotonic < answers[0].steps[-1].monotonic < time.monotonic()
        assert len(await at.member.read("general")) == 50


async def test_bad_control_requests() -> None:
    """The control API answers 4xx to what makes no sense, never 500."""
    async with scene() as at:
        general = at.members.channel_id("general")
        for method, path, body in (
            ("POST", "/commands", {}),
            ("POST", "/commands", {"user_id": "x"}),
            ("POST", "/commands", {"user_id": "5", "channel_id": "5", "name": "go"}),
            (
                "POST",
                "/clicks",
                {"user_id": str(at.member.id), "channel_id": str(general), "message_id": "5"},
            ),
            ("POST", "/modals", {"user_id": str(at.member.id), "interaction_id": "5"}),
            ("GET", "/interactions/5", None),
            ("GET", f"/channels/{general}/messages", None),
            ("GET", f"/channels/{general}/changes?user_id={at.member.id}&after=x", None),
            ("GET", "/nowhere", None),
            ("POST", "/guilds/5/members", {"name": "x"}),
            ("PATCH", f"/guilds/{at.members.guild_id()}", {"premium_tier": 4}),
            ("PATCH", f"/guilds/{at.members.guild_id()}/members/{at.member.id}", {"role_ids": ["5"]}),
            ("PUT", "/channels/5/overwrites/5", {}),
        ):
            with pytest.raises(Refused) as refused:
                await at.members.call(method, path, body)
            assert refused.value.status in (400, 404)


async def test_files_that_are_gone() -> None:
    """Files are bounded: what the newest push out cannot be downloaded any more."""
    async with scene() as at:
        at.server.blobs.limit_bytes = len(png())
        for _ in range(2):
            await at.bot.ok("POST", at.bot.messages(), multipart({}, a_png=png()))
        first, second = await at.member.read("general")
        with pytest.raises(Refused, match="not there"):
            await at.members.download(first.pictures[0])
        assert await at.members.download(second.pictures[0]) == png()


async def test_a_taken_port() -> None:
    """Starting on a port that is taken raises OSError; stopping twice is harmless."""
    async with DiscordServer() as first:
        port = int(first.origin.rpartition(":")[2])
        second = DiscordServer(type(first.config)(port=port))
        with pytest.raises(OSError, match="in use"):
            await second.start()
        await second.stop()
    await first.stop()


async def test_the_default_world() -> None:
    """Two servers with the channels, roles and people that everything else counts on."""
    async with DiscordServer() as server, Members(server.origin) as members:
        assert [guild.name for guild in server.world.guilds.values()] == ["Sandbox", "Second server"]
        for name in ("member", "other", "booster", "moderator", "newcomer", "owner"):
            assert members.of(name).name == name
        for name in ("outsider", "moderator2"):
            assert members.of(name, "Second server").guild == "Second server"
        for channel in ("general", "pictures", "no-files", "hidden", "thread"):
            assert members.channel_id(channel)
        added = server.add_member(members.guild_id(), "late", {members.role_id("Moderator")})
        await members.refresh()
        assert members.of("late").id == added.user.id
