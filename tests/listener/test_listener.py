"""The callback listener over real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.callbacks import Health, Listener
from bot.errors import StorageError

KNOWN = "k" * 43
STORED = "s" * 43
UNKNOWN = "u" * 43


@dataclass
class Jobs:
    """What the listener tells of callbacks: one open job, and one that only the store knows."""

    heard: list[tuple[str, bytes]] = field(default_factory=list)
    looked_up: int = 0
    broken: bool = False

    def knows_callback(self, token: str) -> bool:
        """Only the open job is in memory."""
        return token == KNOWN

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Note the call."""
        if self.broken:
            raise StorageError("disk I/O error")
        self.looked_up += token != KNOWN
        self.heard.append((token, body))
        return token in {KNOWN, STORED}


@dataclass
class Stage:
    """A listener and somebody who calls it."""

    jobs: Jobs
    session: aiohttp.ClientSession
    port: int
    missing: list[str]

    async def post(self, token: str, data: bytes = b"{}", **headers: str) -> int:
        """Send a callback and return the status."""
        url = f"http://127.0.0.1:{self.port}/wiro/callback/{token}"
        async with self.session.post(url, data=data, headers=headers) as response:
            return response.status


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Start a listener on a free port."""
    jobs, missing = Jobs(), list[str]()
    listener = Listener(jobs, lambda: Health(tuple(missing)))
    port = await listener.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        yield Stage(jobs, session, port, missing)
    await listener.stop()


async def test_a_known_token_is_heard(stage: Stage) -> None:
    """The body goes along as it came, for it is at most a hint."""
    assert await stage.post(KNOWN, b"not json") == 200
    assert stage.jobs.heard == [(KNOWN, b"not json")]


async def test_a_token_of_the_store_is_heard(stage: Stage) -> None:
    """A callback that comes after its job was closed is acknowledged, so that Wiro stops."""
    assert await stage.post(STORED) == 200


async def test_an_unknown_token_gets_404(stage: Stage) -> None:
    """Nobody learns more than that."""
    assert await stage.post(UNKNOWN) == 404


@pytest.mark.parametrize("token", ["short", "k" * 44, "k" * 42 + "!", "%2e%2e%2f" + "k" * 34])
async def test_what_can_be_no_token_is_not_looked_up(stage: Stage, token: str) -> None:
    """Neither memory nor the store is asked for it."""
    assert await stage.post(token) == 404
    assert stage.jobs.heard == []


async def test_a_flood_of_unknown_tokens_is_limited_and_known_ones_are_not(stage: Stage) -> None:
    """Two hundred guesses cost a few dozen look-ups, and a real callback in their midst is heard at once."""
    statuses = [await stage.post(UNKNOWN) for _ in range(200)]
    assert statuses.count(429) > 100
    assert stage.jobs.looked_up < 100
    assert await stage.post(KNOWN) == 200


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
async def test_a_huge_body_is_dropped_and_the_call_still_counts(
    stage: Stage, headers: dict[str, str]
) -> None:
    """A body beyond 64 KiB, compressed or not, is not kept; the token alone wakes the tracker."""
    body = b"x" * 200_000
    if headers:
        body = gzip.compress(body)
    assert await stage.post(KNOWN, body, **headers) == 200
    assert stage.jobs.heard == [(KNOWN, b"")]


async def test_other_methods_are_refused(stage: Stage) -> None:
    """Only POST is a callback."""
    url = f"http://127.0.0.1:{stage.port}/wiro/callback/{KNOWN}"
    for method in ("GET", "PUT", "DELETE"):
        async with stage.session.request(method, url) as response:
            assert response.status == 405
    assert stage.jobs.heard == []


async def test_a_store_that_fails_asks_wiro_to_come_again(stage: Stage) -> None:
    """Anything but 200 makes Wiro repeat the callback."""
    stage.jobs.broken = True
    assert await stage.post(KNOWN) == 503


async def test_a_client_that_breaks_off_harms_nobody(stage: Stage) -> None:
    """A body that never comes does not keep the listener from others."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(
        f"POST /wiro/callback/{KNOWN} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf".encode()
    )
    await writer.drain()
    assert await stage.post(KNOWN) == 200
    writer.close()
    await writer.wait_closed()


async def test_health_tells_what_is_missing(stage: Stage) -> None:
    """200 when the bot is ready, else 503 and the reason."""
    url = f"http://127.0.0.1:{stage.port}/healthz"
    async with stage.session.get(url) as response:
        assert (response.status, await response.json()) == (200, {"ready": True, "missing": []})
    stage.missing.append("Discord: no shard is connected")
    async with stage.session.get(url) as response:
        assert response.status == 503
        assert (await response.json())["missing"] == ["Discord: no shard is connected"]


async def open_silent(port: int, count: int) -> list[asyncio.StreamWriter]:
    """Open connections that say nothing."""
    return [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(count)]


async def test_silent_connections_are_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that says nothing, or never ends its header, does not stay."""
    monkeypatch.setattr("bot.callbacks._CONNECTION_SECONDS", 0.1)
    for half in (b"", b"POST /wiro/callback/"):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(half)
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()
    assert await stage.post(KNOWN) == 200


async def test_too_many_connections_are_refused_and_the_listener_recovers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound a connection is closed at once; when the others have gone, all is as before."""
    monkeypatch.setattr("bot.callbacks._CONNECTIONS_AT_MOST", 5)
    writers = await open_silent(stage.port, 5)
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    for each in (*writers, writer):
        each.close()
        await each.wait_closed()

    async def is_heard() -> bool:
        with suppress(aiohttp.ClientError):
            return await stage.post(KNOWN) == 200
        return False

    async with asyncio.timeout(5):
        while not await is_heard():  # noqa: ASYNC110 - a socket tells nobody that it is closed
            await asyncio.sleep(0)
