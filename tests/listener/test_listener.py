"""The callback listener over real sockets."""

import asyncio
import gzip

import pytest

from tests.listener.calling import KNOWN, STORED, UNKNOWN, Stage
from tests.listener.raw import answers, ask, dial, head, post
from tests.support.log import read_along
from tests.support.stage import eventually


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


@pytest.mark.parametrize(("size_bytes", "kept_bytes"), [(65_536, 65_536), (65_537, 0), (1_000_000, 0)])
async def test_a_huge_body_is_dropped_and_the_call_still_counts(
    stage: Stage, size_bytes: int, kept_bytes: int
) -> None:
    """A body beyond 64 KiB is not kept; the token alone wakes the tracker, and the caller sees the answer."""
    assert await stage.post(KNOWN, b"x" * size_bytes) == 200
    assert stage.jobs.heard == [(KNOWN, b"x" * kept_bytes)]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_compressed_body_is_not_unpacked(stage: Stage, encoding: str) -> None:
    """What ten kilobytes may unpack to is nobody's business; a body that only claims to be packed is none."""
    packed = gzip.compress(b"x" * 10_000_000)
    assert await stage.post(KNOWN, packed, **{"Content-Encoding": encoding}) == 200
    assert stage.jobs.heard == [(KNOWN, packed)]


@pytest.mark.parametrize(
    ("path", "methods", "allowed"),
    [
        (f"/wiro/callback/{KNOWN}", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"], "POST"),
        ("/healthz", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"], "GET, HEAD"),
    ],
)
async def test_other_methods_are_refused(stage: Stage, path: str, methods: list[str], allowed: str) -> None:
    """Only POST is a callback, only GET and HEAD ask for health, and the answer says so."""
    for method in methods:
        async with stage.session.request(method, f"http://127.0.0.1:{stage.port}{path}") as response:
            assert (response.status, response.headers.get("Allow")) in {(405, allowed), (400, None)}, method
    assert stage.jobs.heard == []


@pytest.mark.parametrize("path", ["/", "/wiro/callback", "/wiro/callback/", "/healthz/", "/metrics"])
async def test_nothing_else_is_there(stage: Stage, path: str) -> None:
    """Whatever is asked for besides is not found, with any method."""
    for method in ("GET", "POST"):
        async with stage.session.request(method, f"http://127.0.0.1:{stage.port}{path}") as response:
            assert response.status == 404


async def test_a_client_may_ask_whether_to_send_its_body(stage: Stage) -> None:
    """Expect: 100-continue is answered with 100, so that nobody waits, and other expectations by hearing."""
    transport, caller = await dial(stage.port)
    transport.write(head(KNOWN, b"Expect: 100-continue", b"Content-Length: 4"))
    await eventually(lambda: b"100 Continue" in caller.received)
    transport.write(b"body")
    await caller.wait_until_ended()
    assert [answer.status for answer in answers(bytes(caller.received))] == [200]
    for expectation in (b"\xff", b"200-ok", b"100-continue; x"):
        assert (await ask(stage.port, post(KNOWN, b"body", b"Expect: " + expectation))).status == 200
    assert stage.jobs.heard == [(KNOWN, b"body")] * 4


@pytest.mark.parametrize(
    ("header", "count", "status"),
    [(b"x" * 1000, 40, 200), (b"x" * 1000, 60, 400), (b"x" * 3000, 1, 400)],
    ids=["as from a proxy", "too many", "too long"],
)
async def test_headers_are_bounded(stage: Stage, header: bytes, count: int, status: int) -> None:
    """What a connection can have kept by its headers alone is little, and enough for any proxy."""
    headers = [b"X-%d: %b" % (number, header) for number in range(count)]
    assert (await ask(stage.port, post(KNOWN, b"{}", *headers))).status == status


async def test_only_the_first_of_several_requests_on_a_connection_is_heard(stage: Stage) -> None:
    """The connection ends with its answer, so that nothing is smuggled in behind a request."""
    answer = await ask(stage.port, post(KNOWN, b"first") + post(KNOWN, b"second"))
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert stage.jobs.heard == [(KNOWN, b"first")]


@pytest.mark.parametrize("host", ["example.org", "xn--", "xn--a", "%ff", "[::1]:80"])
async def test_an_absolute_address_is_heard_whatever_its_host(stage: Stage, host: str) -> None:
    """Also one that is no name: the path alone counts."""
    request = post(KNOWN).replace(b"POST /", f"POST http://{host}/".encode())
    assert (await ask(stage.port, request)).status == 200


async def test_a_mistake_of_the_program_is_logged(stage: Stage) -> None:
    """Left to aiohttp, nobody would learn of it."""
    stage.jobs.mistaken = True
    with read_along() as log:
        assert await stage.post(KNOWN) == 500
    assert [line["log_level"] for line in log.of("listener.failed")] == ["error"]


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
