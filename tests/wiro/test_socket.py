"""What is heard of tasks, and when a connection is open, with all well."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from bot.wiro.client import WiroClient
from bot.wiro.news import TaskNews
from bot.wiro.socket import MAX_MESSAGE_BYTES, Timing, WiroSocket
from bot.wiro.wire import Accepted
from sandbox.wiro import Rule, SocketScript, TaskScript, WiroServer
from tests.support.stage import eventually
from tests.wiro.socket_support import (
    AGENT,
    END,
    INPUTS,
    QUICK,
    TOKEN,
    Server,
    feed,
    listen,
    said,
    saying,
    serving,
    silent_about_tokens,
)

QUEUED = TaskScript(stuck=True, stuck_at="task_queue")


async def queue(wiro: WiroServer, client: WiroClient, how: TaskScript = QUEUED) -> Accepted:
    """Run a task that waits until it is told to go on."""
    wiro.script.add(Rule(call="task", do=how))
    return await client.run(INPUTS, None)


async def registered(wiro: WiroServer, count: int) -> Sequence[str | None]:
    """Return the taskids of all registrations, once there are so many."""
    return [seen.taskid for seen in await wiro.wait_for_requests("socket/task_info", count)]


def connections(wiro: WiroServer) -> int:
    """Return how many connections were made or refused."""
    return sum(seen.call == "socket" for seen in wiro.requests)


async def test_a_task_is_followed_to_its_end(wiro: WiroServer, client: WiroClient) -> None:
    """The feed tells every step with rising percentages, and then that the task has ended."""
    async with feed(wiro.socket_url) as (socket, ear):
        task = await queue(wiro, client)
        socket.follow(task.tasktoken)
        await registered(wiro, 1)
        wiro.finish(task.taskid)
        await eventually(lambda: bool(ear.ended))
        told = [progress for news in ear.heard if (progress := news.progress())]
        assert [(each.percentage, each.step, each.steps) for each in told] == [
            (10 * step, step, 10) for step in range(1, 11)
        ]
        assert ear.heard[-1] == TaskNews(tasktoken=task.tasktoken, ended=True)


async def test_a_line_of_stderr_is_no_end(wiro: WiroServer, client: WiroClient) -> None:
    """A task whose process fails is told to have ended once, at its end; Task/Detail says how."""
    async with feed(wiro.socket_url) as (socket, ear):
        task = await queue(wiro, client, TaskScript(stuck=True, stuck_at="task_queue", pexit="1"))
        socket.follow(task.tasktoken)
        await registered(wiro, 1)
        wiro.finish(task.taskid)
        await eventually(lambda: bool(ear.ended))
        assert ear.ended == [task.tasktoken]
        assert ear.heard[-1].ended


async def test_a_cancelled_task_has_ended(wiro: WiroServer, client: WiroClient) -> None:
    """Cancelling a task at Wiro is heard."""
    async with feed(wiro.socket_url) as (socket, ear):
        task = await queue(wiro, client)
        socket.follow(task.tasktoken)
        await registered(wiro, 1)
        await client.cancel(taskid=task.taskid, tasktoken=task.tasktoken)
        await eventually(lambda: ear.ended == [task.tasktoken])


async def test_one_connection_serves_all_tasks(wiro: WiroServer, client: WiroClient) -> None:
    """Tasks followed later are registered on the open connection, once, however often they are followed."""
    async with feed(wiro.socket_url) as (socket, ear):
        tasks = [await queue(wiro, client) for _ in range(5)]
        for number, task in enumerate(tasks, 1):
            socket.follow(task.tasktoken)
            await registered(wiro, number)
            socket.follow(task.tasktoken)
        for task in tasks:
            wiro.finish(task.taskid)
        await eventually(lambda: len(ear.ended) == 5)
        assert set(ear.ended) == {task.tasktoken for task in tasks}
        assert await registered(wiro, 5) == [task.taskid for task in tasks]
        assert connections(wiro) == 1


async def test_a_task_may_be_followed_before_the_feed_runs(wiro: WiroServer, client: WiroClient) -> None:
    """What a start finds open can be followed at once, and is registered when there is a connection."""
    tasks = [await queue(wiro, client) for _ in range(3)]
    async with feed(wiro.socket_url) as (socket, _):
        for task in tasks:
            socket.follow(task.tasktoken)
        assert set(await registered(wiro, 3)) == {task.taskid for task in tasks}


async def test_it_connects_for_the_first_task_only() -> None:
    """A feed without a task has no connection, while one with a task has."""
    async with serving(listen) as server, feed(server.url), feed(server.url) as (socket, _):
        socket.follow(TOKEN)
        await eventually(lambda: server.registered == [[TOKEN]])
        assert server.agents == [AGENT]


async def test_it_disconnects_after_the_last_task() -> None:
    """The connection is closed some time after the last task, and made again; that is no failure."""
    closed = asyncio.Event()

    async def converse(server: Server, websocket: web.WebSocketResponse) -> None:
        await server.read_registrations(websocket)
        closed.set()

    with silent_about_tokens() as log:
        async with serving(converse) as server, feed(server.url) as (socket, _):
            socket.follow(TOKEN)
            await eventually(lambda: server.registered == [[TOKEN]])
            socket.forget(TOKEN)
            async with asyncio.timeout(30):
                await closed.wait()
            socket.follow("another")
            await eventually(lambda: server.registered == [[TOKEN], ["another"]])
    assert [line["log_level"] for line in log.of("socket.connected")] == ["info", "info"]
    assert not log.of("socket.down")


def _is_newest(server: Server, token: str) -> bool:
    return bool(server.registered) and server.registered[-1][-1:] == [token]


async def test_a_pause_between_tasks_keeps_the_connection() -> None:
    """A task that is followed soon enough after the last one goes over the same connection."""
    async with serving(listen) as server, feed(server.url, Timing(idle_seconds=5)) as (socket, _):
        for token in ("first", "second", "third", "first"):
            socket.follow(token)
            await eventually(partial(_is_newest, server, token))
            socket.forget(token)
            for _turn in range(100):
                await asyncio.sleep(0)
        assert server.registered == [["first", "second", "third", "first"]]


async def test_a_task_that_is_soon_forgotten_is_not_registered() -> None:
    """What was followed and forgotten before its turn came costs Wiro nothing."""
    async with serving(listen) as server, feed(server.url) as (socket, _):
        socket.follow("open")
        await eventually(lambda: server.registered == [["open"]])
        socket.follow(TOKEN)
        socket.forget(TOKEN)
        socket.follow("kept")
        await eventually(lambda: "kept" in server.registered[0])
        assert server.registered == [["open", "kept"]]


async def test_what_is_not_followed_is_not_heard(wiro: WiroServer, client: WiroClient) -> None:
    """News of a task that was forgotten meanwhile goes nowhere."""
    async with feed(wiro.socket_url) as (socket, ear):
        forgotten, kept = await queue(wiro, client), await queue(wiro, client)
        socket.follow(forgotten.tasktoken)
        socket.follow(kept.tasktoken)
        await registered(wiro, 2)
        socket.forget(forgotten.tasktoken)
        socket.forget("never followed")
        wiro.finish(forgotten.taskid)
        await wiro.wait_for_task(lambda task: task.taskid == forgotten.taskid and task.ended)
        wiro.finish(kept.taskid)
        await eventually(lambda: bool(ear.ended))
        assert {news.tasktoken for news in ear.heard} == {kept.tasktoken}


async def test_binary_frames_are_ignored(wiro: WiroServer, client: WiroClient) -> None:
    """A binary frame before every message changes nothing."""
    wiro.script.add(Rule(call="socket", do=SocketScript(binary_frames=True)))
    async with feed(wiro.socket_url) as (socket, ear):
        task = await queue(wiro, client)
        socket.follow(task.tasktoken)
        await registered(wiro, 1)
        wiro.finish(task.taskid)
        await eventually(lambda: ear.ended == [task.tasktoken])
        assert connections(wiro) == 1


async def test_a_silent_connection_does_no_harm(wiro: WiroServer, client: WiroClient) -> None:
    """Where Wiro tells nothing of a whole task, nothing is heard and nothing fails."""
    wiro.script.add(Rule(call="socket", do=SocketScript(silent=True)))
    async with feed(wiro.socket_url) as (socket, ear):
        task = await queue(wiro, client)
        socket.follow(task.tasktoken)
        await registered(wiro, 1)
        wiro.finish(task.taskid)
        await wiro.wait_for_task(lambda task: task.ended)
        assert ear.heard == []
        assert connections(wiro) == 1


async def test_a_connection_that_answers_pings_is_kept() -> None:
    """However long there are no news, the connection stays while the server answers pings."""
    pings = 0

    async def answer_pings(_: Server, websocket: web.WebSocketResponse) -> None:
        nonlocal pings
        async for message in websocket:
            if message.type is WSMsgType.PING:
                pings += 1
                await websocket.pong(message.data)

    async with serving(answer_pings, autoping=False) as server:
        async with feed(server.url, Timing(heartbeat_seconds=0.05, idle_seconds=0.05)) as (socket, _):
            socket.follow(TOKEN)
            await eventually(lambda: pings >= 5)
        assert len(server.connected_at) == 1


async def test_a_message_as_long_as_allowed_is_read() -> None:
    """A terminal message just within the limit is heard."""
    longest = said("task_cancel", "x" * (MAX_MESSAGE_BYTES - 200))
    async with serving(saying(longest)) as server, feed(server.url) as (socket, ear):
        socket.follow(TOKEN)
        await eventually(lambda: ear.ended == [TOKEN])
        assert len(server.connected_at) == 1


async def test_thousands_of_registrations_leave_time_for_others() -> None:
    """While ten thousand tasks are registered, everything else goes on."""
    async with serving(listen) as server, feed(server.url) as (socket, _):
        for number in range(10_000):
            socket.follow(f"token {number}")
        await eventually(lambda: len(server.connected_at) == 1)
        turns = 0
        while len(server.registered[0]) < 10_000:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 5_000
        assert len(set(server.registered[0])) == 10_000


async def test_a_flood_of_messages_leaves_time_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """While messages are at hand nothing else would get a turn: listening gives way in between."""
    monkeypatch.setattr("bot.wiro.socket._LISTENS_FOR_SECONDS", 0.0)
    progress = {"type": "progressGenerate", "percentage": "40", "stepCurrent": "4", "stepTotal": "10"}
    flood = saying(*(said("task_output", progress) for _ in range(500)), END)
    turns = 0
    turns_at: list[int] = []
    ended = asyncio.Event()

    async def take_turns() -> None:
        nonlocal turns
        while not ended.is_set():
            await asyncio.sleep(0)
            turns += 1

    def hear(news: TaskNews) -> None:
        turns_at.append(turns)
        if news.ended:
            ended.set()

    async with serving(flood) as server, aiohttp.ClientSession() as session, asyncio.timeout(20):
        socket = WiroSocket(session, url=server.url, user_agent=AGENT, timing=QUICK)
        running = asyncio.create_task(socket.run(hear))
        socket.follow(TOKEN)
        await take_turns()
        socket.stop()
        await running
    assert len(turns_at) == 501
    assert max(Counter(turns_at).values()) < 10
