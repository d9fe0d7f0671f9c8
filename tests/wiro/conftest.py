from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import stamina

from bot.wiro.client import Timeouts, WiroClient, connector
from bot.wiro.retries import ATTEMPTS
from bot.wiro.signing import Credentials
from sandbox.wiro import WiroServer

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
