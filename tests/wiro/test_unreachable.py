import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import WiroUnreachableError
from bot.wiro.client import Timeouts, WiroClient

MakeClient = Callable[..., WiroClient]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Behaviour], AbstractAsyncContextManager[str]]

SHORT = Timeouts(connect_seconds=0.2)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close a connection after its first bytes."""
    await reader.read(1)
    writer.close()


async def test_a_refused_connection_is_unreachable(make_client: MakeClient) -> None:
    """Where a port is closed, nothing was started."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = make_client(f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(WiroUnreachableError):
            await client.run({"prompt": "fox"}, None)


async def test_a_connection_that_is_never_made_is_unreachable(make_client: MakeClient) -> None:
    """Where connecting takes too long, nothing was sent, so nothing was started."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as busy, contextlib.ExitStack() as waiting:
        for _ in range(4):  # the line of connections that nobody accepts is full now
            peer = waiting.enter_context(socket.socket())
            peer.setblocking(False)
            peer.connect_ex(busy.getsockname())
        client = make_client(f"http://127.0.0.1:{busy.getsockname()[1]}", timeouts=SHORT)
        with pytest.raises(WiroUnreachableError):
            await client.run({"prompt": "fox"}, None)


async def test_a_failed_handshake_is_unreachable(make_client: MakeClient, raw_server: RawServer) -> None:
    """Where there is no TLS, the request was never sent."""
    async with raw_server(hang_up) as address:
        client = make_client(f"https://{address}", timeouts=SHORT)
        with pytest.raises(WiroUnreachableError):
            await client.run({"prompt": "fox"}, None)


async def test_a_silent_handshake_is_unreachable(make_client: MakeClient, raw_server: RawServer) -> None:
    """Where TLS is never agreed on, connecting takes too long, and the request was never sent."""

    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(say_nothing) as address:
        client = make_client(f"https://{address}", timeouts=SHORT)
        with pytest.raises(WiroUnreachableError):
            await client.run({"prompt": "fox"}, None)


class NoHosts(AbstractResolver):
    """Knows no host at all."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fail as a resolver does."""
        raise OSError(-2, f"{host}:{port} {family} not known")

    async def close(self) -> None:
        """Do nothing."""


async def test_an_unknown_host_is_unreachable(make_client: MakeClient) -> None:
    """Where the name does not resolve, nothing was started."""
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoHosts()))
    with pytest.raises(WiroUnreachableError):
        await make_client("http://wiro.test", session=session).run({"prompt": "fox"}, None)


@pytest.mark.parametrize(
    "api_base", ["", "api.wiro.ai/v1", "ftp://127.0.0.1/v1", "http:///v1", "http://[/v1"]
)
async def test_an_address_that_is_none_is_unreachable(make_client: MakeClient, api_base: str) -> None:
    """Nothing is sent to nowhere."""
    with pytest.raises(WiroUnreachableError):
        await make_client(api_base).run({"prompt": "fox"}, None)
