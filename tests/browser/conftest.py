"""A Chromium and a site for each module of tests; a browser context and a channel for each test."""

import os
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.chromium import PATIENCE_MILLISECONDS, find, launched
from tests.browser.site import Site, opened
from tests.browser.visitor import Prepare, Visitor, entered

Visit = Callable[..., Coroutine[Any, Any, Visitor]]

expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """A browser. Without one the tests are skipped, but never where they run for everybody."""
    path = find()
    if path is None:
        reason = "no Chromium on PATH: make setup says how to get one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with launched(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def bot_settings() -> dict[str, str]:
    """The bot's settings besides the usual ones: a module that needs others has a fixture of this name."""
    return {"quota_credits": "1000"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, bot_settings: dict[str, str]) -> AsyncIterator[Site]:
    """Everything that is shown, with the bot ready."""
    async with opened(tmp_path_factory.mktemp("site"), **bot_settings) as ready:
        yield ready


@pytest_asyncio.fixture(loop_scope="module")
async def channel(site: Site, request: pytest.FixtureRequest) -> int:
    """A channel that nobody else uses."""
    return await site.stage.members.add_channel(re.sub(r"\W+", "-", request.node.name)[:90].strip("-"))


@pytest_asyncio.fixture(loop_scope="module")
async def visit(chromium: Browser, site: Site, channel: int) -> AsyncIterator[Visit]:
    """Open the page in the test's channel: `visit("moderator", **what the screen is like)`.

    At the end it must not have complained of anything.
    """
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def enter(
            who: str = "member",
            prepare: Prepare | None = None,
            **like: Any,  # noqa: ANN401 - Playwright's options
        ) -> Visitor:
            address = f"{site.origin}/#{who}/{channel}"
            visitors.append(await stack.enter_async_context(entered(chromium, address, prepare, **like)))
            return visitors[-1]

        yield enter
        assert [complaint for visitor in visitors for complaint in visitor.watch.complaints] == []
