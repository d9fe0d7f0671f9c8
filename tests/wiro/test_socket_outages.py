"""Connections that fail, and messages that should not be: the feed goes on, and the log stays short."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import pairwise

import pytest
from aiohttp import web

from bot.wiro.client import WiroClient
from bot.wiro.news import TaskNews
from bot.wiro.socket import MAX_MESSAGE_BYTES, Timing
from sandbox.wiro import Rule, SocketScript, TaskScript, WiroServer
from tests.support.log import Log
from tests.support.stage import eventually
from tests.wiro.socket_support import (
    END,
    INPUTS,
    TOKEN,
    Server,
    feed,
    hang_up,
    hold,
    listen,
    said,
    saying,
    serving,
    silent_about_tokens,
)

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Behaviour], AbstractAsyncContextManager[str]]

QUEUED = Rule(call="task", do=TaskScript(stuck=True, stuck_at="task_queue"), times=None)
WELL_FORMED = {"type": "progressGenerate", "percentage": "50"}
MALFORMED: dict[str, str | bytes] = {
    "empty": "",
    "blank": " ",
    "cut off": '{"type": "task_cancel", "tasktoken": "' + TOKEN,
    "list": "[]",
    "text": '"x"',
    "number": "7",
    "null": "null",
    "not a number": "NaN",
    "empty object": "{}",
    "deep list": "[" * 100_000,
    "deep object": '{"a": ' * 20_000,
    "no token": '{"type": "task_cancel"}',
    "endless number": '{"type": "task_cancel", "tasktoken": 1' + "0" * 9999 + "}",
    "wrong types": '{"type": {}, "tasktoken": [], "message": 7}',
    "half a character": '{"type": "task_cancel", "tasktoken": "\\ud800"}',
    "bare error": '{"type": "error"}',
    "odd error": '{"type": "error", "message": {}}',
    "odd progress": said("task_output", {"type": "progressGenerate", "percentage": {}, "stepCurrent": []}),
    "control characters": said("task_output", "\x00\x1b[2J"),
    "unknown type": said("unheard_of", WELL_FORMED),
    "another task": said("task_cancel", tasktoken="another"),
    "binary": b"\xff" * 1000,
    "empty binary": b"",
}
PING = b"\x89\x00"
UPGRADES = {
    "nothing": b"",
    "garbage": b"\x00\xff" * 100,
    "no upgrade": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "wrong key": b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: AAAA\r\n\r\n",
    "cut off": b"HTTP/1.1 101 Switching Pro",
    "token": b"HTTP/1.1 101 X\r\nNo header with " + TOKEN.encode() + b"\r\n\r\n",
    "endless": b"HTTP/1.1 101 X\r\n" + b"x" * 100_000,
    "redirect to no address": b"HTTP/1.1 302 Found\r\nLocation: http://[/\r\nContent-Length: 0\r\n\r\n",
    "redirect elsewhere": b"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged."""
    with silent_about_tokens() as log:
        yield log


def levels(log: Log) -> list[str]:
    """Return how loudly each failure was told."""
    return [line["log_level"] for line in log.of("socket.down")]


async def test_followed_tasks_are_registered_again(wiro: WiroServer, client: WiroClient, log: Log) -> None:
    """After a connection broke, the next registers what is followed still; nobody is woken for the gap."""
    wiro.script.add(QUEUED)
    wiro.script.add(Rule(call="socket", do=SocketScript(close_after=2)))  # the greeting and one more
    ended, *open_ones = [await client.run(INPUTS, None) for _ in range(3)]
    async with feed(wiro.socket_url) as (socket, ear):
        for task in (ended, *open_ones):
            socket.follow(task.tasktoken)
        await wiro.wait_for_requests("socket/task_info", 3)
        await client.cancel(taskid=ended.taskid, tasktoken=ended.tasktoken)
        await eventually(lambda: ear.ended == [ended.tasktoken])
        socket.forget(ended.tasktoken)
        again = [seen.taskid for seen in await wiro.wait_for_requests("socket/task_info", 5)][3:]
        assert set(again) == {task.taskid for task in open_ones}
        assert ear.heard == [TaskNews(tasktoken=ended.tasktoken, ended=True)]
        for task in open_ones:
            wiro.finish(task.taskid)
        await eventually(lambda: len(ear.ended) == 3)
    assert [line["reason"] for line in log.of("socket.down")] == ["closed with code 1000"]


async def test_a_new_connection_is_told_what_is_followed_then() -> None:
    """What was forgotten while there was no connection is not registered; what was followed then is."""
    timing = Timing(first_wait_seconds=0.1)
    async with serving(hang_up, listen) as server, feed(server.url, timing) as (socket, _):
        socket.follow(TOKEN)
        socket.follow("kept")
        await eventually(lambda: len(server.connected_at) == 1)
        socket.forget(TOKEN)
        socket.follow("new")
        await eventually(lambda: len(server.connected_at) == 2 and len(server.registered[1]) == 2)
        assert set(server.registered[1]) == {"kept", "new"}


async def test_an_outage_is_told_once(wiro: WiroServer, client: WiroClient, log: Log) -> None:
    """However often the upgrade is refused, the log has one warning, and the next connection works."""
    wiro.script.add(QUEUED)
    wiro.script.add(Rule(call="socket", do=SocketScript(http_status=503), times=4))
    task = await client.run(INPUTS, None)
    async with feed(wiro.socket_url) as (socket, ear):
        socket.follow(task.tasktoken)
        await wiro.wait_for_requests("socket/task_info", 1)
        wiro.finish(task.taskid)
        await eventually(lambda: ear.ended == [task.tasktoken])
    assert levels(log) == ["warning", "debug", "debug", "debug"]
    assert "503" in log.of("socket.down")[0]["reason"]
    assert len(log.of("socket.connected")) == 1
    assert task.tasktoken not in repr(log.lines)


async def test_attempts_become_rarer() -> None:
    """Where each connection breaks at once, waits grow up to the longest, and none is below the first."""
    timing = Timing(first_wait_seconds=0.02, longest_wait_seconds=0.08)
    async with serving(hang_up) as server, feed(server.url, timing) as (socket, _):
        socket.follow(TOKEN)
        await eventually(lambda: len(server.connected_at) == 9)
    waits = [later - sooner for sooner, later in pairwise(server.connected_at)]
    assert all(waited >= least for waited, least in zip(waits, [0.02, 0.04, *[0.08] * 6], strict=True)), waits
    assert waits[-1] < 2  # the eighth in a row that only grew would be 2.56


async def test_a_connection_that_lasted_ends_an_outage(log: Log) -> None:
    """After a connection that lasted, the next failure is the first of an outage, and told again."""

    async def last(_: Server, websocket: web.WebSocketResponse) -> None:
        await asyncio.sleep(0.25)
        await websocket.close()

    timing = Timing(first_wait_seconds=0.01, lasting_seconds=0.2)
    async with serving(hang_up, hang_up, last, listen) as server, feed(server.url, timing) as (socket, _):
        socket.follow(TOKEN)
        await eventually(lambda: len(server.connected_at) == 4)
    assert [line["failures"] for line in log.of("socket.down")] == [1, 2, 1]
    assert levels(log) == ["warning", "debug", "warning"]


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_message_is_survived(log: Log, message: str | bytes) -> None:
    """Whatever a message holds, the connection goes on, and the news after it is heard."""
    async with serving(saying(message, END)) as server, feed(server.url) as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: bool(ear.ended))
        assert ear.heard[-1] == TaskNews(tasktoken=TOKEN, ended=True)
        assert not any(news.ended or news.progress() for news in ear.heard[:-1])
    assert not log.of("socket.down")


async def test_too_long_a_message_does_not_end_the_feed(log: Log) -> None:
    """A message above the limit costs the connection; the next one works."""
    too_long = said("task_cancel", "x" * MAX_MESSAGE_BYTES)
    async with serving(saying(too_long), saying(END)) as server, feed(server.url) as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: ear.ended == [TOKEN])
        assert len(server.connected_at) == 2
    assert levels(log) == ["warning"]


@pytest.mark.parametrize("frames", [b"\xff" * 100, b"\x81\x01\xff", PING + b"\xff" * 100])
async def test_a_broken_frame_does_not_end_the_feed(log: Log, frames: bytes) -> None:
    """What is no frame, or holds no UTF-8, costs the connection, after a ping too; the next one works."""

    async def scramble(server: Server, websocket: web.WebSocketResponse) -> None:
        assert server.transports[-1] is not None
        server.transports[-1].write(frames)
        await server.read_registrations(websocket)

    async with serving(scramble, saying(END)) as server, feed(server.url) as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: ear.ended == [TOKEN])
    assert levels(log) == ["warning"]


def accept_upgrade(request: bytes) -> bytes:
    """Return the answer to an upgrade as RFC 6455, section 4.2.2, asks for it."""
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 - the RFC's own
    lines = (
        b"HTTP/1.1 101 X",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept,
    )
    return b"\r\n".join([*lines, b"", b""])


async def test_a_connection_that_ends_with_a_ping_is_survived(raw_server: RawServer, log: Log) -> None:
    """Where the answer to a ping can no longer be sent, the connection is lost, and the next is made."""
    attempts: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(accept_upgrade(attempts[-1]) + PING)
        writer.close()

    async with raw_server(behave) as at, feed(f"ws://{at}/v1") as (socket, _):
        socket.follow(TOKEN)
        await eventually(lambda: len(attempts) >= 10)
    assert log.of("socket.connected")
    assert levels(log).count("warning") == 1


async def test_a_complaint_is_logged_once_a_connection(log: Log) -> None:
    """What Wiro says of registrations is told, not for each of ten thousand, and without tokens."""
    complaint = json.dumps({"type": "error", "message": f"cannot read {TOKEN}", "result": False})

    async def complain(_: Server, websocket: web.WebSocketResponse) -> None:
        for _each in range(10):
            await websocket.send_str(complaint)
        await websocket.close()

    then = saying(complaint, complaint, END)
    async with serving(complain, then) as server, feed(server.url) as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: ear.ended == [TOKEN])
    assert [line["complaint"] for line in log.of("socket.complaint")] == ["cannot read ***"] * 2


@pytest.mark.parametrize("answer", UPGRADES.values(), ids=UPGRADES.keys())
async def test_a_failing_upgrade_is_survived(raw_server: RawServer, log: Log, answer: bytes) -> None:
    """Whatever answers the upgrade, the feed tries again and again, tells it once, and raises nothing."""
    attempts: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with raw_server(behave) as at, feed(f"ws://{at}/v1") as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: len(attempts) >= 3)
    assert ear.heard == []
    assert levels(log)[:2] == ["warning", "debug"]


async def test_nobody_there_is_survived(raw_server: RawServer, log: Log) -> None:
    """A server that does not listen is tried again, and told once."""

    async def never(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        raise AssertionError

    async with raw_server(never) as at:
        pass
    async with feed(f"ws://{at}/v1") as (socket, _):
        socket.follow(TOKEN)
        await log.wait_for("socket.down", 3)
    assert levels(log)[:3] == ["warning", "debug", "debug"]


@pytest.mark.parametrize("url", ["ws://[", "ws://a\x00b/", "ws://" + "a" * 70 + ".invalid/", "ftp://x/"])
async def test_no_such_address_is_survived(log: Log, url: str) -> None:
    """An address that cannot be one costs a warning, not the bot."""
    async with feed(url) as (socket, _):
        socket.follow(TOKEN)
        await log.wait_for("socket.down", 2)


async def test_a_hanging_upgrade_is_given_up(raw_server: RawServer, log: Log) -> None:
    """An upgrade that is never answered is tried again after the time that it may take."""
    attempts: list[bytes] = []

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        attempts.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.read()

    timing = Timing(connect_seconds=0.05, first_wait_seconds=0.01)
    async with raw_server(hang) as at, feed(f"ws://{at}/v1", timing) as (socket, _):
        socket.follow(TOKEN)
        await eventually(lambda: len(attempts) >= 2)
    assert "TimeoutError" in log.of("socket.down")[0]["reason"]


async def test_a_dead_connection_is_noticed(log: Log) -> None:
    """A server that answers no ping is left for another connection."""
    timing = Timing(heartbeat_seconds=0.1, first_wait_seconds=0.01)
    async with (
        serving(listen, saying(END), autoping=False) as server,
        feed(server.url, timing) as (socket, ear),
    ):
        socket.follow(TOKEN)
        await eventually(lambda: ear.ended == [TOKEN])
    assert "PONG" in log.of("socket.down")[0]["reason"]


async def test_a_server_that_does_not_read_is_left(log: Log) -> None:
    """Registrations wait for a slow connection instead of filling the memory, and not for ever."""
    timing = Timing(send_seconds=0.1, first_wait_seconds=0.01)
    async with serving(hold, listen) as server, feed(server.url, timing) as (socket, _):
        for number in range(1000):
            socket.follow(f"{'x' * 20_000} {number}")
        await eventually(lambda: len(server.connected_at) == 2)
    assert log.of("socket.down")[0]["reason"].startswith("TimeoutError")
