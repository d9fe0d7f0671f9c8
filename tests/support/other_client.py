"""Another program that uses the same Wiro account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bot.wiro.client import WiroClient
from bot.wiro.signing import Credentials
from sandbox.wiro import WiroServer
from sandbox.wiro.tool import OWNER, PROJECT


@asynccontextmanager
async def another_client(wiro: WiroServer) -> AsyncIterator[WiroClient]:
    """Open a client with the account's own credentials."""
    async with aiohttp.ClientSession() as session:
        yield WiroClient(
            session,
            api_base=wiro.api_base,
            tool=f"{OWNER}/{PROJECT}",
            credentials=Credentials(wiro.config.api_key, wiro.config.api_secret),
            user_agent="another-client/1",
        )
