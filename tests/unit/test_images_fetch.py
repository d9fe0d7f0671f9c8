import asyncio
import hashlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from PIL import Image

from bot.errors import PictureRefusedError, SettingsError
from bot.images import FetchedPicture, PictureFetcher, Timeouts

MIB = 1024 * 1024
WIDTH, HEIGHT = 96, 64
USER_AGENT = "sana-bot/test"
Serve = Callable[..., Awaitable[str]]


@dataclass(frozen=True)
class Remote:
    """An output, as far as the fetcher looks at it."""

    url: str


def drawn(file_format: str, side: int = 0) -> bytes:
    """Return a picture of noise, always the same, as a file."""
    width, height = side or WIDTH, side or HEIGHT
    noise = hashlib.shake_128(b"noise").digest(width * height * 3)
    buffer = BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(buffer, file_format)
    return buffer.getvalue()


PNG = drawn("PNG")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve files on loopback, to the bot alone; each call gives the address of one."""
    async with AsyncExitStack() as stack:

        async def start(content: bytes, content_type: str = "image/png") -> str:
            async def handle(request: web.Request) -> web.Response:
                if request.headers["User-Agent"] != USER_AGENT:
                    raise web.HTTPForbidden
                return web.Response(body=content, content_type=content_type)

            app = web.Application()
            app.router.add_get("/{path:.*}", handle)
            server = await stack.enter_async_context(TestServer(app))
            return f"http://127.0.0.1:{server.port}/0.png"

        yield start


async def fetch(
    url: str,
    *,
    allowed_host: str = "127.0.0.1",
    upload_limit_bytes: int = 10 * MIB,
    max_bytes: int = MIB,
) -> FetchedPicture:
    """Fetch one picture with a fetcher of its own."""
    async with PictureFetcher.open(
        allowed_hosts=["*.wiro.ai", allowed_host],
        user_agent=USER_AGENT,
        max_bytes=max_bytes,
        timeouts=Timeouts(connect_seconds=5, read_seconds=5, total_seconds=5),
    ) as fetcher:
        return await fetcher.fetch(Remote(url), number=2, upload_limit_bytes=upload_limit_bytes)


async def test_a_picture_that_fits_is_passed_on_untouched(serve: Serve) -> None:
    """The very bytes that Wiro made are posted, under a name that tells number and format."""
    url = await serve(PNG)
    assert await fetch(url) == FetchedPicture(
        filename="sana-2.png", content=PNG, width=WIDTH, height=HEIGHT, url=url, reduced=False
    )


async def test_neither_content_nor_address_is_in_the_repr(serve: Serve) -> None:
    """A picture in a log line is short, and does not give its open address away."""
    url = await serve(PNG)
    shown = repr(await fetch(url))
    assert url not in shown
    assert len(shown) < 200


@pytest.mark.parametrize(("file_format", "filename"), [("JPEG", "sana-2.jpg"), ("WEBP", "sana-2.webp")])
async def test_the_bytes_tell_the_format(serve: Serve, file_format: str, filename: str) -> None:
    """The declared type is not believed: the file's own bytes choose its name's ending."""
    url = await serve(drawn(file_format), "text/html")
    assert (await fetch(url)).filename == filename


async def test_a_tail_is_cut_off(serve: Serve) -> None:
    """What is hung behind a picture is not posted."""
    url = await serve(PNG + b"<script>alert(1)</script>")
    assert (await fetch(url)).content == PNG


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><h1>Sign in</h1>",
        b"<svg/>",
        b"plain text",
        PNG[:-1],
        PNG[:40] + bytes([PNG[40] ^ 1]) + PNG[41:],
    ],
    ids=["empty", "html", "svg", "text", "cut-off", "damaged"],
)
async def test_what_is_no_whole_picture_is_refused(serve: Serve, content: bytes) -> None:
    """A web page or a broken file is refused, whatever its type claims."""
    url = await serve(content)
    with pytest.raises(PictureRefusedError):
        await fetch(url)


async def test_a_large_picture_is_verified_as_well(serve: Serve) -> None:
    """A picture of several megabytes, which a thread looks through, is accepted or refused alike."""
    content = drawn("PNG", side=1024)
    assert len(content) > 2 * MIB
    url = await serve(content)
    assert (await fetch(url, max_bytes=8 * MIB)).content == content
    damaged = await serve(content[:-5] + b"\0" + content[-4:])
    with pytest.raises(PictureRefusedError):
        await fetch(damaged, max_bytes=8 * MIB)


async def test_a_picture_above_the_upload_limit_is_reduced(serve: Serve) -> None:
    """What is too large for the server is encoded anew, says so, and keeps the original's address."""
    content = drawn("PNG", side=512)
    url = await serve(content)
    picture = await fetch(url, upload_limit_bytes=200_000)
    assert len(picture.content) <= 200_000
    assert (picture.filename, picture.reduced, picture.url) == ("sana-2.jpg", True, url)
    assert Image.open(BytesIO(picture.content)).size == (picture.width, picture.height) == (512, 512)
    untouched = await fetch(url, upload_limit_bytes=len(content))
    assert (untouched.content, untouched.reduced) == (content, False)


async def test_the_event_loop_goes_on_while_a_picture_is_reduced(serve: Serve) -> None:
    """Encoding happens in a thread."""
    content = drawn("PNG", side=1024)
    url = await serve(content)
    fetching = asyncio.create_task(fetch(url, upload_limit_bytes=300_000, max_bytes=8 * MIB))
    turns = [time.perf_counter()]
    while not fetching.done():
        await asyncio.sleep(0)
        turns.append(time.perf_counter())
    assert (await fetching).reduced
    longest = max(later - earlier for earlier, later in pairwise(turns))
    assert longest < (turns[-1] - turns[0]) / 2


async def test_localhost_can_be_allowed_by_name(serve: Serve) -> None:
    """Where `localhost` is named, its address is resolved and fetched from over plain http."""
    url = (await serve(PNG)).replace("127.0.0.1", "localhost")
    assert (await fetch(url, allowed_host="localhost")).content == PNG
    with pytest.raises(PictureRefusedError):
        await fetch(url)


class LeadsInwards(AbstractResolver):
    """A name service that says loopback, whatever it is asked."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return loopback."""
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=family,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Close nothing."""


async def test_a_name_that_leads_inwards_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """An allowed name that resolves to loopback is not connected to."""
    port = int((await serve(PNG)).rpartition(":")[2].partition("/")[0])
    monkeypatch.setattr(aiohttp, "DefaultResolver", LeadsInwards)
    with pytest.raises(PictureRefusedError, match="no public address"):
        await fetch(f"https://cdn1.wiro.ai:{port}/0.png")


async def test_a_malformed_host_is_a_wrong_setting() -> None:
    """A fetcher that could fetch nothing is not opened."""
    with pytest.raises(SettingsError, match="WIRO_OUTPUT_HOSTS"):
        await fetch("https://cdn1.wiro.ai/0.png", allowed_host="https://cdn1.wiro.ai")


async def test_room_is_held_until_the_pictures_are_posted() -> None:
    """The fetcher's memory is shared: who asks for what is left waits for those before."""
    async with PictureFetcher.open(allowed_hosts=[], user_agent="x", memory_bytes=10) as fetcher:
        entered = asyncio.Event()

        async def second() -> None:
            async with fetcher.room(6):
                entered.set()

        async with fetcher.room(5):
            waiting = asyncio.create_task(second())
            for _ in range(10):
                await asyncio.sleep(0)
            assert not entered.is_set()
        await asyncio.wait_for(waiting, 5)
        assert entered.is_set()
