"""Both servers and their page, for the tests that need no more of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.page import PageServer
from tests.sandbox.page_support import paged
from tests.support.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers, without a bot."""
    async with staged(tmp_path) as ready:
        yield ready


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[PageServer]:
    """The page of both servers."""
    async with paged(stage) as (served, _):
        yield served
