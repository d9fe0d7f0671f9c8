import asyncio
import gzip
import socket
import struct
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.errors import (
    NoAnswerError,
    OutcomeUnknownError,
    ServerFaultError,
    UnreadableAnswerError,
    WiroError,
)
from bot.wiro.client import MAX_ANSWER_BYTES, Timeouts, WiroClient
from bot.wiro.wire import Accepted

MakeClient = Callable[..., WiroClient]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Behaviour], AbstractAsyncContextManager[str]]

SHORT = Timeouts(connect_seconds=0.2, run_seconds=0.3, call_seconds=0.3)
CALLBACK = "https://bot.test/wiro/callback/unguessable"
ACCEPTED = b'{"result": true, "errors": [], "taskid": "1", "socketaccesstoken": "token-1"}'
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Return one request, its body included."""
    top = await reader.readuntil(b"\r\n\r\n")
    (length,) = [line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return top + await reader.readexactly(int(length.partition(b":")[2]))


def answering(answer: bytes, *, stall: bool = False) -> Behaviour:
    """Read the request, send these bytes, and close the connection or keep it open in silence."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()
        if not stall:
            writer.close()

    return behave


def resetting(*, after_request: bool) -> Behaviour:
    """Reset the connection, before or after the request was read."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after_request:
            await read_request(reader)
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        writer.transport.abort()

    return behave


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: application/json", *lines, "", ""]).encode()


def whole(body: bytes, status: str = "200 OK") -> bytes:
    """Return an answer as it should be."""
    return head(f"Content-Length: {len(body)}", status=status) + body


FAULTS: dict[str, tuple[Behaviour, type[WiroError]]] = {
    "reset before reading": (resetting(after_request=False), NoAnswerError),
    "reset after reading": (resetting(after_request=True), NoAnswerError),
    "closed without a word": (answering(b""), NoAnswerError),
    "half a head": (answering(head()[:20]), NoAnswerError),
    "cut-off body": (answering(whole(ACCEPTED)[:-9]), UnreadableAnswerError),
    "cut-off body without a length": (
        answering(head("Connection: close") + ACCEPTED[:-9]),
        UnreadableAnswerError,
    ),
    "cut-off chunks": (answering(head("Transfer-Encoding: chunked") + b"40\r\n{"), UnreadableAnswerError),
    "impossible chunks": (
        answering(head("Transfer-Encoding: chunked") + b"never\r\n{}"),
        UnreadableAnswerError,
    ),
    "no HTTP": (answering(b"SSH-2.0-server\r\n\r\n"), UnreadableAnswerError),
    "two lengths": (answering(head("Content-Length: 2", "Content-Length: 3") + b"{}"), UnreadableAnswerError),
    "an endless head": (answering(head("X: " + "x" * 100_000)), UnreadableAnswerError),
    "compression that is none": (
        answering(head("Content-Encoding: gzip", f"Content-Length: {len(ACCEPTED)}") + ACCEPTED),
        UnreadableAnswerError,
    ),
    "cut-off compression": (
        answering(head("Content-Encoding: gzip", "Content-Length: 20") + gzip.compress(ACCEPTED)[:20]),
        UnreadableAnswerError,
    ),
    "no JSON": (answering(whole(b"<html></html>")), UnreadableAnswerError),
    "another shape": (answering(whole(b'{"result": true}')), UnreadableAnswerError),
    "nothing": (answering(head(status="204 No Content")), UnreadableAnswerError),
    "too much": (answering(whole(ACCEPTED.ljust(MAX_ANSWER_BYTES + 1))), UnreadableAnswerError),
    "500": (answering(whole(ACCEPTED, "500 Oops")), ServerFaultError),
}

SILENCES = {
    "silence": answering(b"", stall=True),
    "silence in the head": answering(head()[:20], stall=True),
    "silence in the body": answering(whole(ACCEPTED)[:-9], stall=True),
}


@pytest.mark.parametrize(("behave", "kind"), FAULTS.values(), ids=FAULTS)
async def test_what_breaks_after_connecting_leaves_runs_outcome_open(
    make_client: MakeClient, raw_server: RawServer, behave: Behaviour, kind: type[WiroError]
) -> None:
    """Once a connection was made a task may have been started, whatever went wrong afterwards."""
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await behave(reader, writer)

    async with raw_server(counted) as address:
        client = make_client(f"http://{address}")
        with pytest.raises(OutcomeUnknownError) as caught:
            await client.run({"prompt": "fox"}, CALLBACK)
    assert type(caught.value) is kind
    assert connections == 1


@pytest.mark.parametrize("behave", SILENCES.values(), ids=SILENCES)
async def test_silence_leaves_runs_outcome_open(
    make_client: MakeClient, raw_server: RawServer, behave: Behaviour
) -> None:
    """Where the answer stops coming, waiting ends, and a task may have been started."""
    async with raw_server(behave) as address:
        client = make_client(f"http://{address}", timeouts=SHORT)
        with pytest.raises(NoAnswerError):
            await client.run({"prompt": "fox"}, CALLBACK)


async def test_a_kept_connection_that_broke_does_not_lead_to_a_second_run(
    make_client: MakeClient, raw_server: RawServer
) -> None:
    """Where Wiro closes a kept connection as Run arrives on it, Run is not repeated on another one."""
    requests: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(whole(b'{"result": true, "tasklist": []}'))
        requests.append(await read_request(reader))
        writer.close()

    async with raw_server(behave) as address:
        client = make_client(f"http://{address}")
        assert await client.task_list(start=0, limit=1) == []
        with pytest.raises(NoAnswerError):
            await client.run({"prompt": "fox"}, None)
    assert [request.split()[1][:5] for request in requests] == [b"/Task", b"/Run/"]


async def test_a_connection_closed_while_unused_is_not_used(
    make_client: MakeClient, raw_server: RawServer
) -> None:
    """Where Wiro closed a kept connection in time to be seen, Run takes another one and works."""
    closed = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(whole(ACCEPTED))
        writer.close()
        await reader.read()  # ends once the client closed its side, too
        closed.set()

    async with raw_server(behave) as address:
        client = make_client(f"http://{address}")
        for _ in range(2):
            assert await client.run({"prompt": "fox"}, None) == Accepted("1", "token-1")
            await asyncio.wait_for(closed.wait(), 5)
            closed.clear()


def mirror(status: str) -> Behaviour:
    """Answer with an error that quotes the whole request, its body first."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        top, _, body = (await read_request(reader)).decode().replace('"', "'").partition("\r\n\r\n")
        quoted = f"{body} {top}".replace("\r\n", " ")
        writer.write(whole(f'{{"result": false, "errors": ["{quoted}"]}}'.encode(), status))
        writer.close()

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        *(behave for behave, _ in FAULTS.values()),
        SILENCES["silence"],
        *map(mirror, ("200 OK", "401 No", "429 Slow", "500 Oops")),
    ],
)
async def test_no_secret_is_told(make_client: MakeClient, raw_server: RawServer, behave: Behaviour) -> None:
    """Neither log nor exception nor traceback holds key, secret, tokens or the callback's address."""
    secrets = ("secret-key", "secret-secret", "secret-token", "unguessable")
    async with raw_server(behave) as address:
        client = make_client(f"http://{address}", key=secrets[0], secret=secrets[1], timeouts=SHORT)
        calls = [
            client.run({"prompt": "fox"}, CALLBACK),
            client.task_detail(tasktoken=secrets[2]),
            client.kill(taskid="1", tasktoken=secrets[2]),
            client.delete_files(secrets[2]),
        ]
        with capture_logs() as logs:
            errors = await asyncio.gather(*calls, return_exceptions=True)
    told = [repr(logs), repr(client)]
    for error in errors:
        if isinstance(error, BaseException):
            assert isinstance(error, WiroError)
            told += [repr(error), *traceback.format_exception(error)]
    assert logs
    assert not [secret for secret in secrets if secret in "".join(told)]


async def test_calls_are_logged_with_status_and_time(make_client: MakeClient, raw_server: RawServer) -> None:
    """An operator who looks for it sees each attempt: where to, what came, how long it took."""
    async with raw_server(answering(whole(b'{"result": true, "tasklist": []}'))) as address:
        with capture_logs() as logs:
            await make_client(f"http://{address}").task_list(start=0, limit=1)
    (entry,) = logs
    milliseconds: Any = entry.pop("milliseconds")
    assert 0 <= milliseconds < 5000
    assert entry == {"event": "wiro.answered", "log_level": "debug", "path": "Task/List", "status": 200}


LINES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 100 Continue", b"HTTP/1.1 999 X", b"HTTP/0.9 200", b"HTTP/1.1 -1 X"),
        *(b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: chunked"),
        *(
            b"Content-Encoding: gzip",
            b"Content-Encoding: br",
            b"Content-Encoding: deflate",
            b"Retry-After: 1",
        ),
        *(
            b"Location: ::",
            b"Set-Cookie: a=\xff",
            b"Connection: upgrade",
            b"Upgrade: x",
            b"",
            b"5",
            b"0",
            b"{}",
        ),
    ]
)
ANSWERS = st.lists(LINES | st.binary(max_size=20), max_size=8).map(b"\r\n".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n"]), ANSWERS)
async def test_no_bytes_surprise(
    make_client: MakeClient, raw_server: RawServer, begin: bytes, answer: bytes
) -> None:
    """Whatever a server sends, no foreign exception comes out, and Run is taken for open or refused."""
    async with raw_server(answering(begin + answer)) as address:
        client = make_client(f"http://{address}", timeouts=SHORT)
        with pytest.raises(WiroError):
            await client.run({"prompt": "fox"}, None)
