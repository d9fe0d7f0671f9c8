"""Messages that are hard to show: each is shown as far as it can be, and takes no other with it."""

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROJECT = Path(__file__).parents[2]
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?")
UNDRAWN = """nodes => nodes
    .filter(node => !document.querySelector(node.querySelector("use")?.getAttribute("href") ?? "nothing"))
    .map(node => node.ariaLabel)"""

BREAK_QUOTES = """
const make = document.createElement;
document.createElement = function (tag) {
  if (tag === "blockquote") throw new Error("no quotes today");
  return make.apply(this, arguments);
};
"""


async def test_a_time_beyond_all_dates_is_shown_as_it_was_written(
    site: Site, visit: Visit, channel: int
) -> None:
    """A mention of a moment that no calendar has stays text, and what stands around it is shown."""
    writer = site.stage.member("booster")
    for seconds in ("9999999999999", "-9999999999999"):
        await writer.write(f"see you <t:{seconds}:R> **there**", channel=channel)
    await writer.write("and <t:8640000000000:R> as well", channel=channel)
    me = await visit()
    await expect(me.message("see you <t:9999999999999:R> there")).to_be_visible()
    await expect(me.message("see you <t:-9999999999999:R> there")).to_be_visible()
    await expect(me.message("and in 27").locator(".markdown time")).to_be_visible()


async def test_a_relative_time_is_rounded_to_the_nearest(site: Site, visit: Visit, channel: int) -> None:
    """A minute less than two days is "in 2 days", as Discord says it, and not "in 1 day"."""
    moment = int(time.time()) + 2 * 86_400 - 60
    await site.stage.member("booster").write(f"free again <t:{moment}:R>", channel=channel)
    me = await visit()
    await expect(me.message("free again in 2 days")).to_be_visible()


async def test_a_message_that_cannot_be_drawn_takes_no_other_with_it(
    site: Site, visit: Visit, channel: int
) -> None:
    """Where drawing a message fails, its place says so, and the messages around it are shown."""

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(BREAK_QUOTES)

    writer = site.stage.member("booster")
    for text in ("before it", "> a quote", "after it"):
        await writer.write(text, channel=channel)
    me = await visit(prepare=prepare)
    me.watch.expect("no quotes today")
    await expect(me.message("before it")).to_be_visible()
    await expect(me.message("after it")).to_be_visible()
    await expect(me.message("This message cannot be shown here.")).to_be_visible()
    await writer.write("much later", channel=channel)
    await expect(me.message("much later")).to_be_visible()


async def test_every_emoji_of_the_bot_is_drawn(site: Site, visit: Visit, channel: int) -> None:
    """No emoji that the bot writes needs a font: each is a drawing of the page, with a name in words."""
    sources = [path for package in ("bot", "cogs") for path in (PROJECT / package).rglob("*.py")]
    written = {emoji for path in sources for emoji in EMOJI.findall(path.read_text(encoding="utf-8"))}
    await site.stage.member("booster").write(" ".join(sorted(written)), channel=channel)
    me = await visit()
    shown = me.message("booster").get_by_role("img")
    await expect(shown).to_have_count(len(written))
    assert await shown.evaluate_all(UNDRAWN) == []
