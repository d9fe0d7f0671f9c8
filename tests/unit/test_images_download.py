import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import PictureError, PictureGoneError, PictureRefusedError, PictureUnavailableError
from bot.images.download import Downloader, Timeouts
from bot.images.hosts import HostRule

MIB = 1024 * 1024
PICTURE = bytes(range(256)) * 8  # any bytes: a download does not look into them
SHORT = Timeouts(connect_seconds=5, read_seconds=5, total_seconds=5)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]
ServeBytes = Callable[[bytes], Awaitable[str]]


async def download(url: str, *, max_bytes: int = MIB, timeouts: Timeouts = SHORT) -> bytes:
    """Download from loopback with a session of its own."""
    async with asyncio.timeout(10), aiohttp.ClientSession() as session:
        rule = HostRule(["*.wiro.ai", "127.0.0.1"])
        return await Downloader(session, rule, max_bytes=max_bytes, timeouts=timeouts).download(url)


def answering(content: bytes, status: int = 200, **headers: str) -> Handler:
    """Return a handler that always gives this answer; underscores in names of headers stand for hyphens."""

    async def handle(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=content, status=status, headers=named)

    return handle


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start web servers on loopback; each gives its address without a path."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_get("/{path:.*}", handler)
            server = await stack.enter_async_context(TestServer(app))
            return f"http://127.0.0.1:{server.port}"

        yield start


@pytest.fixture
async def serve_bytes() -> AsyncIterator[ServeBytes]:
    """Start servers that answer any request with the same bytes, and hang up."""
    async with AsyncExitStack() as stack:

        async def start(answer: bytes) -> str:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                writer.close()
                await writer.wait_closed()

            server = await asyncio.start_server(handle, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


async def test_the_bytes_arrive_as_they_are(serve: Serve) -> None:
    """A file is downloaded whole, declared or not, and plain bytes are asked for."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers["Accept-Encoding"])
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for start in range(0, len(PICTURE), 100):
            await answer.write(PICTURE[start : start + 100])
        return answer

    assert await download(await serve(answering(PICTURE)) + "/a/0.png?x=1") == PICTURE
    assert await download(await serve(handle)) == PICTURE
    assert asked == ["identity"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (204, PictureRefusedError),
        (206, PictureRefusedError),
        (304, PictureRefusedError),
        (400, PictureRefusedError),
        (401, PictureRefusedError),
        (403, PictureGoneError),
        (404, PictureGoneError),
        (410, PictureGoneError),
        (408, PictureUnavailableError),
        (429, PictureUnavailableError),
        (500, PictureUnavailableError),
        (503, PictureUnavailableError),
        (599, PictureUnavailableError),
    ],
)
async def test_each_status_has_its_meaning(serve: Serve, status: int, error: type[PictureError]) -> None:
    """Gone is gone, a server's fault may pass, and anything else is final."""
    url = await serve(answering(b"" if status in {204, 304} else PICTURE, status))
    with pytest.raises(error, match=str(status)):
        await download(url)


async def test_a_declared_size_above_the_limit_is_not_downloaded(serve: Serve) -> None:
    """Content-Length is looked at before the body."""
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(MIB + 1)})
        await answer.prepare(request)
        await over.wait()
        return answer

    url = await serve(handle)
    try:
        with pytest.raises(PictureRefusedError, match=str(MIB + 1)):
            await download(url)
    finally:
        over.set()


async def test_an_undeclared_size_is_counted(serve: Serve) -> None:
    """A body without a declared size is given up once it is above the limit, and the connection with it."""
    sent = 0
    hung_up = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\0" * 65_536)
                sent += 65_536
        finally:
            hung_up.set()

    url = await serve(handle)
    with pytest.raises(PictureRefusedError, match=f"more than {MIB}"):
        await download(url)
    await asyncio.wait_for(hung_up.wait(), 5)
    assert MIB <= sent < 32 * MIB


@pytest.mark.parametrize("size_bytes", [len(PICTURE), len(PICTURE) - 1])
async def test_the_limit_is_exact(serve: Serve, size_bytes: int) -> None:
    """A file of as many bytes as are allowed is taken, one byte more is not."""
    url = await serve(answering(PICTURE))
    if size_bytes == len(PICTURE):
        assert await download(url, max_bytes=size_bytes) == PICTURE
    else:
        with pytest.raises(PictureRefusedError):
            await download(url, max_bytes=size_bytes)


async def test_a_compressed_body_is_not_unpacked(serve: Serve) -> None:
    """A file that unpacks to more than it looks is refused as it is."""
    url = await serve(answering(gzip.compress(b"\0" * 50 * MIB), Content_Encoding="gzip"))
    with pytest.raises(PictureRefusedError, match="compressed"):
        await download(url)


def redirecting(*targets: str) -> Handler:
    """Return a handler that redirects `/0` to the first target, and so on, up to a picture."""

    async def handle(request: web.Request) -> web.Response:
        number = int(request.path[1:])
        if number < len(targets):
            return web.Response(status=302 + number % 2 * 5, headers={"Location": targets[number]})
        return web.Response(body=PICTURE)

    return handle


async def test_redirects_within_a_host_are_followed(serve: Serve) -> None:
    """Three redirects on the same host lead to the picture."""
    url = await serve(redirecting("/1", "2", "./3")) + "/0"
    assert await download(url) == PICTURE


async def test_a_redirect_to_another_port_of_the_host_is_followed(serve: Serve) -> None:
    """The same host at another port is the same host."""
    other = await serve(answering(PICTURE))
    assert await download(await serve(redirecting(f"{other}/x")) + "/0") == PICTURE


async def test_a_fourth_redirect_is_refused(serve: Serve) -> None:
    """Redirects end somewhere."""
    with pytest.raises(PictureRefusedError, match="more than 3"):
        await download(await serve(redirecting("/1", "/2", "/3", "/4")) + "/0")


@pytest.mark.parametrize(
    "target",
    [
        "https://cdn1.wiro.ai/0.png",
        "http://localhost:1/0.png",
        "http://127.0.0.2:1/0.png",
        "//evil.com/0.png",
        "http://user@127.0.0.1/0.png",
        "file:///etc/passwd",
        "http://[::1",
        "http://127.0.0.1:99999/",
    ],
)
async def test_a_redirect_elsewhere_is_refused(serve: Serve, target: str) -> None:
    """Not even another allowed host may be redirected to, nor anything that is malformed."""
    url = await serve(redirecting(target)) + "/0"
    with pytest.raises(PictureRefusedError):
        await download(url)


async def test_a_redirect_to_nowhere_is_refused(serve: Serve) -> None:
    """A redirect without an address leads back to itself, and is given up."""
    with pytest.raises(PictureRefusedError):
        await download(await serve(answering(b"", 302)))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + PICTURE[:100],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + PICTURE[:16] + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100",
        b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
    ids=["length", "chunk", "chunk-size", "headers", "length-no-number", "nothing", "no-http"],
)
async def test_an_answer_that_breaks_off_may_be_had_later(serve_bytes: ServeBytes, answer: bytes) -> None:
    """A connection that ends too early, or an answer that is not HTTP, says nothing about the picture."""
    with pytest.raises(PictureUnavailableError):
        await download(await serve_bytes(answer))


async def test_a_body_that_ends_with_the_connection_is_taken(serve_bytes: ServeBytes) -> None:
    """An answer without a length is as long as it is."""
    assert await download(await serve_bytes(b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE)) == PICTURE


async def test_a_server_that_is_not_there_may_come_back() -> None:
    """A refused connection is no verdict on the picture."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(PictureUnavailableError):
            await download(f"http://127.0.0.1:{port}/0.png")


async def test_a_server_without_tls_is_not_spoken_to_without(serve: Serve) -> None:
    """An https address stays https."""
    url = (await serve(answering(PICTURE))).replace("http:", "https:")
    with pytest.raises(PictureUnavailableError):
        await download(url)


async def test_silence_in_the_middle_is_bounded(serve: Serve) -> None:
    """A server that stops sending is given up after the read timeout."""
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(PICTURE))})
        await answer.prepare(request)
        await answer.write(PICTURE[:100])
        await over.wait()
        return answer

    url = await serve(handle)
    try:
        with pytest.raises(PictureUnavailableError):
            await download(url, timeouts=Timeouts(read_seconds=0.05))
    finally:
        over.set()


async def test_a_trickle_is_bounded(serve: Serve) -> None:
    """A server that sends a byte now and then is given up after the total timeout."""
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while not over.is_set():
            await answer.write(b"\0")
            await asyncio.sleep(0.01)  # the slowness that is being tested
        return answer

    url = await serve(handle)
    try:
        with pytest.raises(PictureUnavailableError):
            await download(url, timeouts=Timeouts(total_seconds=0.1))
    finally:
        over.set()


async def test_a_handshake_without_an_end_is_bounded() -> None:
    """A server that accepts a connection and never answers the TLS handshake is given up."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(PictureUnavailableError):
            await download(
                f"https://127.0.0.1:{silent.getsockname()[1]}/0.png", timeouts=Timeouts(connect_seconds=0.05)
            )
