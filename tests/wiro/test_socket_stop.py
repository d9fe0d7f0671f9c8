"""How a feed ends: soon, at any moment, and leaving nothing open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from aiohttp import web

from bot.wiro.news import TaskNews
from bot.wiro.socket import Timing, WiroSocket
from tests.support.log import read_along
from tests.support.stage import eventually
from tests.wiro.socket_support import (
    AGENT,
    END,
    TOKEN,
    Ear,
    Server,
    feed,
    hang_up,
    hold,
    said,
    saying,
    serving,
)

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Behaviour], AbstractAsyncContextManager[str]]

PATIENT = Timing(first_wait_seconds=60)
"""Nothing but a stop ends a wait before a test has."""


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """No task of a feed outlives it."""
    yield
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("wiro socket:")]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """What carries the connection."""
    async with aiohttp.ClientSession() as session:
        yield session


async def test_it_stops_without_a_task() -> None:
    """It stops though it has nothing to do."""
    async with feed("ws://127.0.0.1:9/", PATIENT):
        await asyncio.sleep(0)


async def test_it_stops_before_it_runs(session: aiohttp.ClientSession) -> None:
    """A stop that comes first holds, and so does a second one."""
    socket = WiroSocket(session, url="ws://127.0.0.1:9/", user_agent=AGENT)
    socket.follow(TOKEN)
    socket.stop()
    socket.stop()
    async with asyncio.timeout(5):
        await socket.run(Ear())


async def test_it_stops_between_attempts() -> None:
    """It stops while it waits to try again."""
    with read_along() as log:
        async with serving(hang_up) as server, feed(server.url, PATIENT) as (socket, _):
            socket.follow(TOKEN)
            await log.wait_for("socket.down")


async def test_it_stops_while_it_connects(raw_server: RawServer) -> None:
    """It stops while the server hangs in the upgrade."""
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with raw_server(hang) as at, feed(f"ws://{at}/v1", PATIENT) as (socket, _):
        socket.follow(TOKEN)
        await asked.wait()


async def test_it_stops_at_any_moment_of_connecting() -> None:
    """It stops at each turn of the event loop between a task's arrival and its registration."""
    async with serving(hold) as server:
        for turns in range(100):
            async with feed(server.url, PATIENT) as (socket, _):
                socket.follow(TOKEN)
                for _turn in range(turns):
                    await asyncio.sleep(0)
        assert len(server.connected_at) > 10


async def test_it_stops_in_the_midst_of_news() -> None:
    """It stops while the server does not, and hears nothing afterwards."""
    gone = asyncio.Event()

    async def flood(_: Server, websocket: web.WebSocketResponse) -> None:
        try:
            while True:
                await websocket.send_str(said("task_output", {"type": "progressGenerate", "percentage": 5}))
                await asyncio.sleep(0)
        finally:
            gone.set()

    async with serving(flood) as server:
        async with feed(server.url, PATIENT) as (socket, ear):
            socket.follow(TOKEN)
            await eventually(lambda: len(ear.heard) > 10)
        heard = len(ear.heard)
        async with asyncio.timeout(30):
            await gone.wait()
        assert len(ear.heard) == heard


async def test_it_stops_though_the_server_does_not_read() -> None:
    """It stops while registrations wait for the server to read, which then cannot read of the closing."""
    async with serving(hold) as server, feed(server.url, PATIENT) as (socket, _):
        for number in range(1000):
            socket.follow(f"{'x' * 20_000} {number}")
        await eventually(lambda: len(server.connected_at) == 1)
        for _turn in range(5000):  # more than it would take to send them all
            await asyncio.sleep(0)


async def test_whoever_cancels_it_leaves_nothing_open(session: aiohttp.ClientSession) -> None:
    """Cancelled instead of stopped, it closes its connection all the same."""
    closed = asyncio.Event()

    async def converse(server: Server, websocket: web.WebSocketResponse) -> None:
        await server.read_registrations(websocket)
        closed.set()

    async with serving(converse) as server:
        socket = WiroSocket(session, url=server.url, user_agent=AGENT)
        running = asyncio.create_task(socket.run(Ear()))
        socket.follow(TOKEN)
        await eventually(lambda: server.registered == [[TOKEN]])
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        async with asyncio.timeout(30):
            await closed.wait()


async def test_what_hears_may_not_fail(session: aiohttp.ClientSession) -> None:
    """An exception of the hearer is a mistake in the bot, and is not taken for one of the connection."""

    def fail(_: TaskNews) -> None:
        raise ValueError("mistake")

    async with serving(saying(END)) as server:
        socket = WiroSocket(session, url=server.url, user_agent=AGENT)
        socket.follow(TOKEN)
        with pytest.raises(ValueError, match="mistake"):
            async with asyncio.timeout(30):
                await socket.run(fail)
