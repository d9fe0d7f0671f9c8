"""A listener on a free port."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from bot.callbacks import Listener
from tests.listener.calling import Jobs, Stage
from tests.support.log import Log, read_along


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Start a listener whose jobs only note what they hear."""
    jobs, missing = Jobs(), list[str]()
    listener = Listener(jobs, lambda: missing)
    port = await listener.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        yield Stage(jobs, session, port, missing, listener)
    await listener.stop()


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged, in place of having it printed."""
    with read_along() as lines:
        yield lines
