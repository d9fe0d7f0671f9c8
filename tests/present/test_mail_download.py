"""Reading a picture's file back from Discord: bounded, and with the project's own errors."""

from collections.abc import AsyncIterator

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import MessageUnavailableError
from bot.present.mail import DiscordMail

FILE = bytes(range(256)) * 1024


@pytest.fixture
async def mail() -> AsyncIterator[DiscordMail]:
    """A mail that never logged in: files need no token."""
    async with DiscordMail.open(discord.Client(intents=discord.Intents.none())) as mail:
        yield mail


@pytest.fixture
async def files() -> AsyncIterator[TestServer]:
    """A server with a file, one without a stated length, one that is cut off, one that lies elsewhere."""

    async def whole(_: web.Request) -> web.Response:
        return web.Response(body=FILE)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(FILE)
        return response

    async def cut_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 2 * len(FILE)
        await response.prepare(request)
        await response.write(FILE)
        if request.transport is not None:
            request.transport.abort()
        return response

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/whole"})

    app = web.Application()
    app.add_routes([web.get(f"/{each.__name__}", each) for each in (whole, endless, cut_off, elsewhere)])
    server = TestServer(app)
    async with server:
        yield server


async def test_a_file_within_the_bound_is_read(mail: DiscordMail, files: TestServer) -> None:
    """A file that is exactly as large as it may be comes back as it is."""
    assert await mail.download(str(files.make_url("/whole")), most_bytes=len(FILE)) == FILE


@pytest.mark.parametrize("path", ["/whole", "/endless"])
async def test_a_larger_file_is_not_read_to_its_end(mail: DiscordMail, files: TestServer, path: str) -> None:
    """Whatever the server has to say, no more than the bound is held in memory."""
    with pytest.raises(MessageUnavailableError, match="more than"):
        await mail.download(str(files.make_url(path)), most_bytes=len(FILE) - 1)


@pytest.mark.parametrize("path", ["/missing", "/cut_off", "/elsewhere"])
async def test_no_whole_file_may_come_later(mail: DiscordMail, files: TestServer, path: str) -> None:
    """What is not there, breaks off or lies elsewhere is an error that a later try may mend."""
    with pytest.raises(MessageUnavailableError):
        await mail.download(str(files.make_url(path)), most_bytes=len(FILE) * 4)
