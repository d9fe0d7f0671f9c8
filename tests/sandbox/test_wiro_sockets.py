import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.wiro import SocketScript, TaskScript
from tests.sandbox.wiro_support import WAIT_SECONDS, Caller, Json, wiro

Socket = aiohttp.ClientWebSocketResponse
QUEUED = TaskScript(stuck=True, stuck_at="task_queue")


@asynccontextmanager
async def connected(at: Caller) -> AsyncIterator[Socket]:
    """A connection that was greeted."""
    async with at.session.ws_connect(at.server.socket_url) as socket:
        assert await socket.receive_json(timeout=WAIT_SECONDS) == {"type": "connected", "version": "1.0"}
        yield socket


async def queued(at: Caller, how: TaskScript = QUEUED, **inputs: object) -> Json:
    """Start a task that waits in the queue, and give Run's answer."""
    at.script("task", how)
    return await at.run(**inputs)


async def register(at: Caller, socket: Socket, run: Json) -> None:
    """Register a task, and wait until the server has taken note."""
    before = sum(seen.call == "socket/task_info" for seen in at.server.requests)
    await socket.send_json({"type": "task_info", "tasktoken": run["socketaccesstoken"]})
    await at.server.wait_for_requests("socket/task_info", before + 1)


async def until_end(socket: Socket) -> list[Any]:
    """Give all messages up to a terminal one."""
    messages = []
    while True:
        message = await socket.receive_json(timeout=WAIT_SECONDS)
        messages.append(message)
        if message["type"] in ("task_postprocess_end", "task_cancel"):
            return messages


async def test_a_registered_task_is_followed_to_its_end() -> None:
    """A connection hears every status with its progress, and the outputs at the end."""
    async with wiro() as at, connected(at) as socket:
        run = await queued(at, steps=4)
        await register(at, socket, run)
        at.server.finish(run["taskid"])
        messages = await until_end(socket)
        for message in messages:
            assert set(message) == {"type", "id", "tasktoken", "message", "result"}
            assert (message["id"], message["tasktoken"]) == (run["taskid"], run["socketaccesstoken"])
            assert message["result"] is True
        kinds = [message["type"] for message in messages]
        before = ["task_accept", "task_assign", "task_preprocess_start", "task_preprocess_end", "task_start"]
        after = ["task_output_full", "task_end", "task_postprocess_start", "task_postprocess_end"]
        assert kinds == before + ["task_output"] * 5 + after
        assert [message["message"] for message in messages[:5] + messages[10:13]] == [None] * 8
        assert isinstance(messages[5]["message"], str)
        record = await at.detail(run["taskid"])
        assert messages[-1]["message"] == record["outputs"]


async def test_progress_is_as_documented() -> None:
    """A progress message counts the steps up, all values text."""
    async with wiro(seconds=0.2) as at, connected(at) as socket:
        run = await queued(at, steps=4)
        await register(at, socket, run)
        at.server.finish(run["taskid"])
        messages = await until_end(socket)
        progress = [message["message"] for message in messages if isinstance(message["message"], dict)]
        fields = {"type", "task", "percentage", "stepCurrent", "stepTotal", "speed", "speedType"}
        for one in progress:
            assert set(one) == fields | {"elapsedTime", "remainingTime"}
            assert all(isinstance(value, str) for value in one.values())
            assert (one["type"], one["task"], one["speedType"]) == ("progressGenerate", "Generate", "it/s")
            assert one["elapsedTime"].endswith("s")
        assert [(one["stepCurrent"], one["stepTotal"]) for one in progress] == [
            (str(n), "4") for n in (1, 2, 3, 4)
        ]
        assert [one["percentage"] for one in progress] == ["25", "50", "75", "100"]
        assert float(progress[0]["speed"]) == pytest.approx(4 / (0.2 * 0.7), abs=0.1)


async def test_a_failing_task_writes_to_stderr() -> None:
    """A failing task's task_error is a line of text and not its end."""
    async with wiro() as at, connected(at) as socket:
        how = TaskScript(stuck=True, stuck_at="task_queue", pexit="1", debugerror="out of memory")
        run = await queued(at, how)
        await register(at, socket, run)
        at.server.finish(run["taskid"])
        messages = await until_end(socket)
        lines = [message["message"] for message in messages if message["type"] == "task_error"]
        assert lines == ["out of memory"]
        assert "task_error_full" in [message["type"] for message in messages]
        assert (messages[-1]["type"], messages[-1]["message"]) == ("task_postprocess_end", [])


async def test_a_cancelled_task_says_so() -> None:
    """Cancelling ends the messages of a task."""
    async with wiro() as at, connected(at) as socket:
        run = await queued(at)
        await register(at, socket, run)
        await at.call("/Task/Cancel", taskid=run["taskid"])
        (message,) = await until_end(socket)
        assert (message["type"], message["message"]) == ("task_cancel", None)


async def test_one_connection_follows_many_tasks() -> None:
    """Several tasks can be registered on one connection, and each once however often it is repeated."""
    async with wiro() as at, connected(at) as socket, connected(at) as other:
        runs = [await queued(at) for _ in range(3)]
        for run in runs:
            await register(at, socket, run)
            await register(at, socket, run)
        await register(at, other, runs[0])
        for run in runs:
            await at.call("/Task/Cancel", taskid=run["taskid"])
        ended = [(await until_end(socket))[0]["id"] for _ in runs]
        assert ended == [run["taskid"] for run in runs]
        assert (await until_end(other))[0]["id"] == runs[0]["taskid"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        '{"type": "task_info"}',
        '{"type": "task_info", "tasktoken": 1}',
        "[" * 9999,
    ],
)
async def test_malformed_registrations_are_answered(text: str) -> None:
    """What is no registration gets an error, and the connection lives on."""
    async with wiro() as at, connected(at) as socket:
        await socket.send_str(text)
        answer = await socket.receive_json(timeout=WAIT_SECONDS)
        assert (answer["type"], answer["result"]) == ("error", False)
        assert isinstance(answer["message"], str)
        run = await queued(at)
        await register(at, socket, run)
        await at.call("/Task/Cancel", taskid=run["taskid"])
        await until_end(socket)


async def test_nothing_is_replayed() -> None:
    """Who registers late hears only what comes then; of unknown and ended tasks there is nothing to hear."""
    async with wiro() as at, connected(at) as socket:
        ended = await at.run()
        await at.reached("task_postprocess_end", ended["taskid"])
        await register(at, socket, ended)
        await register(at, socket, {"socketaccesstoken": "unknown"})
        at.script("task", TaskScript(stuck=True, stuck_at="task_end"))
        late = await at.run()
        await at.reached("task_end", late["taskid"])
        await register(at, socket, late)
        at.server.finish(late["taskid"])
        messages = await until_end(socket)
        assert [message["type"] for message in messages] == ["task_postprocess_start", "task_postprocess_end"]
        assert {message["id"] for message in messages} == {late["taskid"]}


async def test_binary_frames_come_between_if_scripted() -> None:
    """Binary frames can come before every message."""
    async with wiro() as at:
        at.script("socket", SocketScript(binary_frames=True))
        async with at.session.ws_connect(at.server.socket_url) as socket:
            kinds = [(await socket.receive(timeout=WAIT_SECONDS)).type for _ in range(2)]
        assert kinds == [aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT]


async def test_a_connection_can_be_refused() -> None:
    """The upgrade can be answered with an HTTP status, once."""
    async with wiro() as at:
        at.script("socket", SocketScript(http_status=503))
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await at.session.ws_connect(at.server.socket_url)
        assert error.value.status == 503
        async with connected(at):
            pass


async def test_a_connection_can_break() -> None:
    """A connection can be closed after some messages."""
    async with wiro() as at:
        at.script("socket", SocketScript(close_after=2))
        async with connected(at) as socket:
            run = await queued(at)
            await register(at, socket, run)
            at.server.finish(run["taskid"])
            assert (await socket.receive_json(timeout=WAIT_SECONDS))["type"] == "task_accept"
            assert (await socket.receive(timeout=WAIT_SECONDS)).type is aiohttp.WSMsgType.CLOSE


async def test_a_connection_can_be_silent() -> None:
    """A connection can stay silent whatever happens to its tasks."""
    async with wiro() as at:
        at.script("socket", SocketScript(silent=True))
        async with at.session.ws_connect(at.server.socket_url) as socket:
            run = await queued(at)
            await register(at, socket, run)
            at.server.finish(run["taskid"])
            await at.reached("task_postprocess_end", run["taskid"])
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    """A connection whose messages pile up is dropped; the server and its other connections live on."""
    async with wiro() as at:
        reader, writer = await asyncio.open_connection(*at.server.host_and_port.split(":"), limit=1024)
        writer.write(
            b"GET /socket/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await at.server.wait_for_requests("socket", 1)
        frame = json.dumps({"type": "task_info", "tasktoken": 1}).encode()
        masked = bytes([0x81, 0x80 | len(frame)]) + bytes(4) + frame
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not writer.is_closing():
                    writer.write(masked * 500)
                    await asyncio.sleep(0)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            reader.feed_eof()
        assert (await at.finished())["pexit"] == "0"


async def test_stopping_closes_connections() -> None:
    """When the server stops, its connections are closed as going away."""
    async with wiro() as at:
        async with connected(at) as socket:
            stopping = asyncio.create_task(at.server.stop())
            message = await socket.receive(timeout=WAIT_SECONDS)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        await asyncio.wait_for(stopping, WAIT_SECONDS)


async def test_an_upgrade_can_come_late() -> None:
    """The answer to the upgrade can take its time."""
    async with wiro() as at:
        at.script("socket", SocketScript(delay_seconds=0.2))
        started = time.monotonic()
        async with connected(at):
            assert time.monotonic() - started >= 0.2


async def test_a_server_need_not_greet() -> None:
    """Without a greeting the first message is of a task."""
    async with wiro() as at:
        at.script("socket", SocketScript(no_greeting=True))
        async with at.session.ws_connect(at.server.socket_url) as socket:
            run = await queued(at)
            await register(at, socket, run)
            await at.call("/Task/Cancel", taskid=run["taskid"])
            assert (await socket.receive_json(timeout=WAIT_SECONDS))["type"] == "task_cancel"


async def test_a_registration_can_be_refused() -> None:
    """Scripted, a sound registration is answered with an error, and nothing is heard of its task."""
    async with wiro() as at:
        at.script("socket", SocketScript(error="try later"))
        async with connected(at) as socket:
            run = await queued(at)
            await register(at, socket, run)
            expected = {"type": "error", "message": "try later", "result": False}
            assert await socket.receive_json(timeout=WAIT_SECONDS) == expected
            at.server.finish(run["taskid"])
            await at.reached("task_postprocess_end", run["taskid"])
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)


async def test_nonsense_comes_between_if_scripted() -> None:
    """Texts that are no messages of Wiro's come before each that is, none of them a task's end."""
    async with wiro() as at:
        at.script("socket", SocketScript(malformed=True))
        async with at.session.ws_connect(at.server.socket_url) as socket:
            run = await queued(at, steps=4)
            await register(at, socket, run)
            at.server.finish(run["taskid"])
            texts = [await socket.receive_str(timeout=WAIT_SECONDS) for _ in range(2 * 15)]
        assert json.loads(texts[1])["type"] == "connected"
        assert json.loads(texts[-1])["type"] == "task_postprocess_end"
        assert len(set(texts[::2])) > 5
        assert not any(run["socketaccesstoken"] in text for text in texts[::2])


@pytest.mark.parametrize("reset", [False, True])
async def test_connections_can_be_dropped(*, reset: bool) -> None:
    """All connections end, with a close frame or without; a new one hears of what is registered anew."""
    async with wiro() as at:
        async with connected(at) as first, connected(at) as second:
            run = await queued(at)
            await register(at, first, run)
            assert at.server.sockets == 2
            url = f"{at.server.origin}/sandbox/sockets/drop"
            dropping = asyncio.create_task(at.session.post(url, json={"reset": reset}))
            for socket in (first, second):
                message = await socket.receive(timeout=WAIT_SECONDS)
                expected = aiohttp.WSMsgType.CLOSED if reset else aiohttp.WSMsgType.CLOSE
                assert message.type is expected
                assert (socket.close_code == 1006) is reset
            assert (await dropping).ok
        async with connected(at) as socket:
            await register(at, socket, run)
            at.server.finish(run["taskid"])
            assert (await until_end(socket))[-1]["type"] == "task_postprocess_end"


async def test_a_connection_can_break_off() -> None:
    """A connection can end after some messages without a close frame."""
    async with wiro() as at:
        at.script("socket", SocketScript(close_after=1, reset=True))
        async with connected(at) as socket:
            assert (await socket.receive(timeout=WAIT_SECONDS)).type is aiohttp.WSMsgType.CLOSED
            assert socket.close_code == 1006


async def test_progress_takes_its_share_of_the_time() -> None:
    """Percentages rise over the task's duration, a message a step, and are not all said at once."""
    async with wiro(seconds=0.6) as at, connected(at) as socket:
        await register(at, socket, await at.run(steps=5))
        heard = []
        while True:
            message = await socket.receive_json(timeout=WAIT_SECONDS)
            if isinstance(message["message"], dict):
                heard.append((time.monotonic(), int(message["message"]["percentage"])))
            if message["type"] == "task_postprocess_end":
                break
        assert [percentage for _, percentage in heard] == [20, 40, 60, 80, 100]
        assert heard[-1][0] - heard[0][0] > 0.6 * 0.7 * 0.8 * 0.8
