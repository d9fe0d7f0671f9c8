"""The stage on which end-to-end tests act."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and the bot, ready, with callbacks."""
    async with staged(tmp_path) as ready:
        await ready.start_bot()
        yield ready
