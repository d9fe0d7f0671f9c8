import asyncio
import json
import zlib

import aiohttp
import pytest

from tests.sandbox.discord_support import Json, Scene, scene

FLUSHED = b"\x00\x00\xff\xff"


async def received(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
    """Return the next message of a socket, whatever it is."""
    async with asyncio.timeout(30):
        return await socket.receive()


def identify(at: Scene) -> Json:
    """Return the frame of a login."""
    return {"op": 2, "d": {"token": at.server.config.token, "intents": 1}}


async def test_a_stream_of_zlib() -> None:
    """With zlib-stream every frame is binary, flushed for itself, and goes on with the same context."""
    async with scene(connect=False) as at:
        url = f"{at.server.gateway_url}?v=10&encoding=json&compress=zlib-stream"
        inflate = zlib.decompressobj()
        opcodes, names = [], []
        async with at.bot.session.ws_connect(url) as socket:
            await socket.send_json({"op": 1, "d": None})
            while "GUILD_CREATE" not in names:
                message = await received(socket)
                assert message.type is aiohttp.WSMsgType.BINARY
                assert message.data.endswith(FLUSHED)
                frame = json.loads(inflate.decompress(message.data))
                opcodes.append(frame["op"])
                names.append(frame["t"])
                if frame["op"] == 11:
                    await socket.send_json(identify(at))
        assert opcodes == [10, 11, 0, 0]
        assert names == [None, None, "READY", "GUILD_CREATE"]


async def test_each_connection_has_a_stream_of_its_own() -> None:
    """A second connection starts its stream anew: it can be read without what the first one said."""
    async with scene(connect=False) as at:
        url = f"{at.server.gateway_url}?compress=zlib-stream"
        for _ in range(2):
            async with at.bot.session.ws_connect(url) as socket:
                hello = json.loads(zlib.decompressobj().decompress((await received(socket)).data))
                assert hello["op"] == 10


@pytest.mark.parametrize("query", ["", "?compress=zstd-stream", "?compress=unheard-of"])
async def test_what_else_is_asked_for_is_plain_text(query: str) -> None:
    """Without compression, and with one that is not spoken, frames are text."""
    async with scene(connect=False) as at, at.bot.session.ws_connect(at.server.gateway_url + query) as socket:
        message = await received(socket)
        assert message.type is aiohttp.WSMsgType.TEXT
        assert json.loads(message.data)["op"] == 10


async def test_binary_frames_are_json_too() -> None:
    """A bot that sends its JSON in binary frames is logged in."""
    async with scene(connect=False) as at:
        await at.bot.open()
        assert at.bot.socket is not None
        await at.bot.socket.send_bytes(json.dumps(identify(at)).encode())
        await at.bot.event("READY")


async def test_binary_frames_of_something_else() -> None:
    """Bytes that are no JSON close the connection with Discord's code for it."""
    async with scene(connect=False) as at:
        await at.bot.open()
        assert at.bot.socket is not None
        await at.bot.socket.send_bytes(b"\x83\xff\x00")
        assert await at.bot.closed() == 4002
