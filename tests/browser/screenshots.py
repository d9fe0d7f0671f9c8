"""Makes the pictures of the page for README and guides: `make screenshots`.

Each story goes through the page as a person does, on a sandbox of its own.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import PATIENCE_MILLISECONDS, find, launched
from tests.browser.site import Site, opened
from tests.browser.visitor import Visitor, entered

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_PROMPT = "a lighthouse in a storm, oil painting"
_DESK = {"width": 1280, "height": 800}
_TALL = {"width": 1280, "height": 1200}
_PHONE = {"width": 390, "height": 844}

Enter = Callable[..., Coroutine[Any, Any, Visitor]]


async def result_dark(_: Site, enter: Enter) -> Page:
    """A finished picture, and the whole page around it."""
    return (await _with_a_picture(enter, color_scheme="dark")).page


async def result_light(_: Site, enter: Enter) -> Page:
    """The same in light, with the reroll by reaction."""
    me = await _with_a_picture(enter, color_scheme="light")
    await me.message("used/sana").get_by_role("button", name="repeat, 1 reaction").click()
    await me.sees(_PROMPT, 2)
    return me.page


async def commands(_: Site, enter: Enter) -> Page:
    """A command while it is filled in."""
    me = await _with_a_picture(enter, color_scheme="dark")
    await me.composer.fill("/sana prompt: a red fox in the snow")
    await expect(me.suggestion("negative_prompt")).to_be_visible()
    return me.page


async def phone(_: Site, enter: Enter) -> Page:
    """A finished picture on a phone."""
    return (
        await _with_a_picture(enter, color_scheme="dark", viewport=_PHONE, is_mobile=True, has_touch=True)
    ).page


async def refusal(_: Site, enter: Enter) -> Page:
    """What a member reads who asked for a size that cannot be."""
    me = await _with_a_picture(enter, color_scheme="dark")
    await me.type(f"/sana prompt: {_PROMPT} width: 1000")
    await expect(me.message("Only you can see this")).to_contain_text("Nothing was charged.")
    return me.page


async def grant(_: Site, enter: Enter) -> Page:
    """What a moderator reads who gave credits away, and looked at the result."""
    me = await enter("moderator", color_scheme="dark")
    await me.type("/quota grant member: @newcomer credits: 10 reason: won the contest")
    await expect(me.message("10 more")).to_be_visible()
    await me.type("/quota show member: @newcomer")
    await expect(me.message("Extra credits: 10.")).to_be_visible()
    return me.page


async def restart(site: Site, enter: Enter) -> Page:
    """The panel after the bot was killed with a picture under way, and started again."""
    site.hold(_PROMPT)
    me = await enter(color_scheme="dark", viewport=_TALL)
    await me.type(f"/sana prompt: {_PROMPT} seed: 7")
    await site.running(_PROMPT)
    await me.panel.get_by_role("button", name="Kill").click()
    await expect(me.panel.get_by_text("Killed", exact=True)).to_be_visible()
    await site.finish(_PROMPT)
    await me.panel.get_by_role("button", name="Start", exact=True).click()
    await me.sees(_PROMPT)
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
    await expect(me.job(_PROMPT)).to_contain_text("delivered")
    return me.page


STORIES = {
    f"page-{story.__name__.replace('_', '-')}.png": story
    for story in (result_dark, result_light, commands, phone, refusal, grant, restart)
}
"""The file that each makes."""


async def _with_a_picture(enter: Enter, **like: object) -> Visitor:
    me = await enter(**like)
    await me.type(f"/sana prompt: {_PROMPT} seed: 7")
    await me.sees(_PROMPT)
    await expect(me.message().get_by_role("button", name="repeat, 1 reaction")).to_be_visible()
    return me


async def _make(chromium: Browser, name: str) -> bytes:
    """Live through a story, and return what the page looks like at its end."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sana-screenshots-"))
        site = await stack.enter_async_context(opened(Path(folder)))
        site.stage.wiro.set_speed(3.0)
        channel = site.stage.members.channel_id("pictures")

        async def enter(who: str = "member", **like: Any) -> Visitor:  # noqa: ANN401 - Playwright's options
            screen = {"viewport": _DESK, "locale": "en-GB", "timezone_id": "UTC", "reduced_motion": "reduce"}
            address = f"{site.origin}/#{who}/{channel}"
            return await stack.enter_async_context(entered(chromium, address, **(screen | like)))

        page = await STORIES[name](site, enter)
        await page.mouse.move(0, 0)
        return await page.screenshot()


async def main() -> int:
    """Make all pictures, and return the exit code."""
    path = find()
    if path is None:
        sys.stderr.write("No Chromium on PATH: make setup says how to get one.\n")
        return 1
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    async with launched(path) as chromium:
        for name in STORIES:
            (FOLDER / name).write_bytes(await _make(chromium, name))
            sys.stdout.write(f"{FOLDER / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
