import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
import stamina
from aiohttp import web

from bot.wiro.client import Timeouts, WiroClient, connector
from bot.wiro.retries import ATTEMPTS
from bot.wiro.signing import Credentials
from sandbox.wiro import WiroServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Behaviour], AbstractAsyncContextManager[str]]

TOOL = "Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Let attempts follow each other at once."""
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def wiro() -> AsyncIterator[WiroServer]:
    """A Wiro-compatible server."""
    async with WiroServer() as server:
        yield server


@pytest.fixture
async def make_client() -> AsyncIterator[Callable[..., WiroClient]]:
    """Clients for any address, with a session of their own."""
    async with AsyncExitStack() as stack:

        def make(
            api_base: str,
            *,
            key: str = "sandbox-wiro-key",
            secret: str | None = "sandbox-wiro-secret",  # noqa: S107 - the sandbox's own
            timeouts: Timeouts | None = None,
            session: aiohttp.ClientSession | None = None,
        ) -> WiroClient:
            session = session or aiohttp.ClientSession(connector=connector())
            stack.push_async_callback(session.close)
            return WiroClient(
                session,
                api_base=api_base,
                tool=TOOL,
                credentials=Credentials(key, secret),
                user_agent="sana-bot/0 (+tests)",
                timeouts=timeouts or Timeouts(),
            )

        yield make


@pytest.fixture
async def client(wiro: WiroServer, make_client: Callable[..., WiroClient]) -> WiroClient:
    """A client of the server."""
    return make_client(wiro.api_base)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Let a handler answer every POST on a free port; gives the address."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_post("/{path:.*}", handler)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0]
            return f"http://{host}:{port}/v1"

        yield start


@asynccontextmanager
async def accepting(behave: Behaviour) -> AsyncIterator[str]:
    """Accept connections on a free port and leave each to `behave`; gives the address."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await behave(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


@pytest.fixture
def raw_server() -> RawServer:
    """A server that is told what to do with the bare connections that it accepts."""
    return accepting
