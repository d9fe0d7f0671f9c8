import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.bot_process import BotProcess
from sandbox.page import PageServer
from sandbox.page.live import MAX_CONNECTIONS
from sandbox.wiro import Exchange, WiroConfig
from tests.sandbox.page_support import Browser, Json, opened, paged
from tests.support.leaks import Secrets
from tests.support.stage import PATIENCE_SECONDS, Stage, staged

SMALL = {"prompt": "a red fox", "width": 256, "height": 256}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers; a task takes long enough for its states to be seen."""
    async with staged(tmp_path, wiro=WiroConfig(seconds=0.5)) as ready:
        yield ready


@pytest.fixture
async def served(stage: Stage) -> AsyncIterator[tuple[PageServer, BotProcess]]:
    """The page of both servers, and a bot that has not started."""
    async with paged(stage) as page_and_bot:
        yield page_and_bot


@pytest.fixture
async def page(stage: Stage, served: tuple[PageServer, BotProcess]) -> PageServer:
    """The page, with a bot that is ready."""
    page, bot = served
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()
    return page


async def read_to_the_end(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read until the page closes the connection, and return with which code."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _ in socket:
            pass
    return socket.close_code


def pictures(event: Json) -> list[str]:
    """Return the addresses of the pictures in an event's messages."""
    return [file["url"] for each in event["messages"] for file in each["attachments"]]


async def sana(browser: Browser, stage: Stage) -> Json:
    """Type `/sana` in the browser, and return the interaction."""
    member, channel = stage.member(), stage.members.channel_id("pictures")
    body = {"user_id": str(member.id), "channel_id": str(channel), "name": "sana", "options": SMALL}
    status, sent = await browser.ask("POST", "/discord/commands", body)
    assert (status, sent["state"]) == (200, "answered")
    return dict(sent)


async def test_a_whole_sana_is_seen_and_nothing_secret_is_told(stage: Stage, page: PageServer) -> None:
    """The message becomes its picture, the panel shows each step, and no key, signature or token is sent."""
    exchanges: list[Exchange] = []
    stage.wiro.watchers.add(exchanges.append)
    async with opened(page) as browser:
        await browser.until("rest")
        await browser.look(stage.member(), stage.members.channel_id("pictures"))
        snapshot = await browser.until("messages", lambda event: event["snapshot"])
        assert snapshot["messages"] == []
        offered = await browser.until("commands")
        assert "sana" in {each["name"] for each in offered["commands"]}

        await sana(browser, stage)
        done = await browser.until("messages", lambda event: bool(pictures(event)))
        [picture] = pictures(done)
        async with browser.session.get(page.origin + picture) as answer:
            assert answer.content_type == "image/png"
            assert await answer.read()
        [job] = (await browser.until("jobs", lambda event: any(each["closed_at"] for each in event["jobs"])))[
            "jobs"
        ]
        assert [step["state"] for step in job["steps"]] == [
            "queued",
            "submitting",
            "running",
            "finished",
            "delivered",
        ]
        assert (job["prompt"], job["pictures"], job["cost_usd"]) == ("a red fox", 1, "0.003510000000")
        assert [step["at"] for step in job["steps"]] == sorted(step["at"] for step in job["steps"])
        await browser.until("account", lambda event: event["balance_usd"] < 1000)
        await browser.until("tasks", lambda event: any(each["cost_usd"] != "0" for each in event["tasks"]))
        await browser.until("calls", lambda event: any(each["call"] == "file" for each in event["calls"]))
        await browser.until("rest", lambda event: any(each["method"] == "PATCH" for each in event["calls"]))
        check_calls(list(browser.latest("calls", "number").values()), str(job["taskid"]))

        for path in ("/wiro/tasks", "/wiro/requests", "/discord/requests", "/discord/interactions"):
            assert (await browser.ask("GET", path))[0] == 200
        check_secrets(browser, stage, exchanges)


def check_calls(calls: list[Json], taskid: str) -> None:
    """Look at what is told of Run, the callback and Task/Detail."""
    run = next(each for each in calls if each["call"] == "Run")
    assert (run["by"], run["method"], run["status"], run["body"]["prompt"]) == (
        "bot",
        "POST",
        200,
        "a red fox",
    )
    assert run["headers"]["x-api-key"] == run["headers"]["x-signature"] == "•••"
    assert run["headers"]["x-nonce"].isdecimal()
    assert run["body"]["callbackUrl"].endswith("/wiro/callback/•••")
    assert run["answer"] == {"result": True, "errors": [], "taskid": taskid, "socketaccesstoken": "•••"}
    back = next(each for each in calls if each["call"] == "callback")
    assert (back["by"], back["status"], back["taskid"]) == ("wiro", 200, taskid)
    detail = [each for each in calls if each["call"] == "Task/Detail"][-1]
    assert detail["answer"]["totalcost"] == "0.003510000000"
    assert detail["answer"]["outputs"] == 1


def check_secrets(browser: Browser, stage: Stage, exchanges: list[Exchange]) -> None:
    """Look for everything secret in everything that the page ever sent."""
    config = stage.wiro.config
    nonces = {
        each.headers["x-nonce"]: each.headers["x-signature"]
        for each in exchanges
        if "x-nonce" in each.headers
    }
    assert nonces
    for nonce, signature in nonces.items():
        signed = hmac.new(config.api_key.encode(), f"{config.api_secret}{nonce}".encode(), hashlib.sha256)
        assert signature == signed.hexdigest()
    secrets = Secrets.of(stage).every | set(nonces.values())
    assert len(secrets) >= 7
    sent = "\n".join(browser.received)
    assert "•••" in sent
    for secret in secrets:
        assert secret not in sent
        assert base64.b64encode(secret.encode()).decode() not in sent


async def test_an_ephemeral_answer_is_told_to_its_reader_alone(stage: Stage, page: PageServer) -> None:
    """Two pages look at one channel as two members: the one who asked sees the answer, the other does not."""
    channel = stage.members.channel_id("general")
    asking, other = stage.member(), stage.member("newcomer")
    async with opened(page) as mine, opened(page) as theirs:
        await mine.look(asking, channel)
        await theirs.look(other, channel)
        await theirs.until("commands")
        await asking.type("usage", channel="general")
        seen = await mine.until("messages", lambda event: bool(event["messages"]))
        assert seen["messages"][0]["ephemeral"]
        await other.write("Good evening", channel="general")
        seen = await theirs.until("messages", lambda event: bool(event["messages"]))
        assert [each["content"] for each in seen["messages"]] == ["Good evening"]
    async with opened(page) as late:
        await late.look(other, channel)
        seen = await late.until("messages", lambda event: event["channel_id"] == str(channel))
        assert [each["content"] for each in seen["messages"]] == ["Good evening"]


async def test_direct_messages_come_too(stage: Stage, page: PageServer) -> None:
    """Whatever channel a person looks at, their direct messages are told as well, and nobody else's."""
    member, other = stage.member(), stage.member("newcomer")
    async with opened(page) as browser:
        await browser.look(member, stage.members.channel_id("general"))
        dm_id = (await browser.until("looking"))["dm_id"]
        await browser.until("messages", lambda event: event["snapshot"] and event["channel_id"] == dm_id)
        await other.write("not for you", channel=await other.dm())
        await member.write("for you", channel=int(dm_id))
        seen = await browser.until("messages", lambda event: bool(event["messages"]))
        assert (seen["channel_id"], [each["content"] for each in seen["messages"]]) == (dm_id, ["for you"])
        assert "not for you" not in "".join(browser.received)


async def test_commands_are_those_that_the_person_may_use(stage: Stage, page: PageServer) -> None:
    """A moderator is offered the moderators' commands; a member is, once made one, and not before."""
    channel = stage.members.channel_id("general")
    member = stage.member()
    async with opened(page) as browser:
        await browser.look(member, channel)
        offered = {each["name"] for each in (await browser.until("commands"))["commands"]}
        assert "sana" in offered
        assert "quota" not in offered
        await stage.members.set_roles(member, ["Moderator"])
        await browser.until("commands", lambda event: "quota" in {each["name"] for each in event["commands"]})
        role = str(stage.members.role_id("Moderator"))
        await browser.until("world", lambda event: role in _roles_of(event, member.id))


def _roles_of(event: Json, member_id: int) -> list[str]:
    members = [each for guild in event["world"]["guilds"] for each in guild["members"]]
    return next(list(each["role_ids"]) for each in members if each["id"] == str(member_id))


async def test_what_is_deleted_or_lost_is_told(stage: Stage, served: tuple[PageServer, BotProcess]) -> None:
    """A message that goes is named; a channel that goes cannot be looked at any more."""
    member = stage.member()
    channel = await stage.members.add_channel("soon-gone")
    async with opened(served[0]) as browser:
        await browser.look(member, channel)
        await browser.until("commands")
        message = await member.write("a word", channel=channel)
        await browser.until("messages", lambda event: bool(event["messages"]))
        await member.delete(message)
        await browser.until("messages", lambda event: event["deleted"] == [str(message.id)])
        await stage.members.remove_channel(channel)
        assert (await browser.until("refused"))["message"]


@pytest.mark.parametrize(
    ("user", "channel"), [("1", "{channel}"), ("{member}", "1"), ("{bot}", "{channel}"), (5, [])]
)
async def test_a_look_that_cannot_be_is_refused(
    stage: Stage, served: tuple[PageServer, BotProcess], user: object, channel: object
) -> None:
    """Nobody looks as someone who is not there, as the bot, or at a channel that is not there."""
    ids = {
        "member": stage.member().id,
        "channel": stage.members.channel_id("general"),
        "bot": stage.members.bot_user_id,
    }
    wanted = [each.format(**ids) if isinstance(each, str) else each for each in (user, channel)]
    async with opened(served[0]) as browser:
        await browser.socket.send_json({"type": "look", "user_id": wanted[0], "channel_id": wanted[1]})
        assert (await browser.until("refused"))["message"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "world"}', "[" * 100_000])
async def test_nonsense_ends_the_connection(served: tuple[PageServer, BotProcess], text: str) -> None:
    """What is no look is answered with a close, and the page goes on."""
    page, _ = served
    async with opened(page) as browser:
        await browser.socket.send_str(text)
        assert await read_to_the_end(browser.socket) in {1008, 1009}
    async with opened(page) as browser:
        await browser.until("world")


async def ask_for_ever(browser: Browser, look: str) -> None:
    """Ask again and again, and read nothing."""
    while True:
        await browser.socket.send_str(look)


async def test_a_client_that_does_not_read_is_cut_off(
    stage: Stage, served: tuple[PageServer, BotProcess]
) -> None:
    """Whoever asks and asks, and takes none of the answers, loses the connection; others do not notice."""
    page, _ = served
    member, channel = stage.member(), stage.members.channel_id("general")
    for _ in range(50):
        await member.write("x" * 2000, channel="general")
    look = json.dumps({"type": "look", "user_id": str(member.id), "channel_id": str(channel)})
    async with opened(page) as deaf, opened(page) as other:
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask_for_ever(deaf, look), PATIENCE_SECONDS)
        await other.look(member, channel)
        await other.until("commands")


async def test_connections_are_bounded(served: tuple[PageServer, BotProcess]) -> None:
    """One page too many is refused, and welcome again once another is closed."""
    url = f"{served[0].origin}/live"
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(url) for _ in range(MAX_CONNECTIONS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 503
        for socket in sockets:
            await socket.close()
        async with session.ws_connect(url) as again:
            assert json.loads(await again.receive_str())["type"] == "world"


async def test_closing_the_page_closes_its_connections(stage: Stage) -> None:
    """At the end of the page every browser is told, and the servers go on."""
    async with aiohttp.ClientSession() as session:
        async with paged(stage) as (page, _):
            socket = await session.ws_connect(f"{page.origin}/live")
            reading = asyncio.create_task(read_to_the_end(socket))
        assert await reading == 1001
        assert not stage.wiro.watchers
        async with session.get(f"{stage.discord.origin}/sandbox/world") as answer:
            assert answer.ok


async def test_what_waits_for_a_client_is_bounded_in_bytes(
    stage: Stage, served: tuple[PageServer, BotProcess]
) -> None:
    """A client that takes nothing loses the connection after a few long events, not after many."""
    page, _ = served
    guild = stage.discord.world.guilds[stage.members.guild_id()]
    for number in range(5_000):
        stage.discord.add_member(guild.id, f"newcomer {number:04} {'x' * 20}")
    async with opened(page) as other, opened(page) as deaf:
        for number in range(30):  # each is about a megabyte; the system itself keeps some
            guild.name = f"Sandbox {number}"
            await other.until("world", lambda event: guild.name in _guild_names(event))
            other.events.clear()
        assert await read_to_the_end(deaf.socket) == 1006
        guild.name = "Sandbox"
        await other.until("world", lambda event: guild.name in _guild_names(event))


def _guild_names(event: Json) -> set[str]:
    return {guild["name"] for guild in event["world"]["guilds"]}


async def test_news_that_cannot_be_told_is_said_and_the_page_goes_on(
    stage: Stage, served: tuple[PageServer, BotProcess], caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong is logged, whoever watches is cut off, and told everything when they come again."""
    page, _ = served
    calls = stage.discord.requests.calls
    async with opened(page) as browser:
        await browser.until("rest" if calls else "world")
        calls.append(None)  # type: ignore[arg-type]  # what no part of the page can show
        assert await read_to_the_end(browser.socket) == 1006
    assert "AttributeError" in caplog.text
    calls.pop()
    async with opened(page) as browser:
        await browser.ask("POST", "/switches", {"slow": True})
        await browser.until("switches", lambda event: event["switches"]["slow"])
