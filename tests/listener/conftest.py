"""A listener on a free port."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.callbacks import Health, Listener
from tests.listener.calling import Jobs, Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Start a listener whose jobs only note what they hear."""
    jobs, missing = Jobs(), list[str]()
    listener = Listener(jobs, lambda: Health(tuple(missing)))
    port = await listener.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        yield Stage(jobs, session, port, missing, listener)
    await listener.stop()
