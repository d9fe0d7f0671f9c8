"""The bot's process in the panel: killed and started again, and nothing is lost."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_restart_in_between(site: Site, visit: Visit) -> None:
    """Killed with a picture under way and started again, the bot posts it in the same message."""
    site.hold("a red fox")
    me = await visit()
    message = await me.ask("a red fox")
    await site.running("a red fox")
    identifier = await message.get_attribute("data-id")
    await me.panel.get_by_role("button", name="Kill").click()
    await expect(me.panel.get_by_text("Killed", exact=True)).to_be_visible()
    assert site.bot.exit_code == -9
    await site.finish("a red fox")
    await me.panel.get_by_role("button", name="Start", exact=True).click()
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
    await me.sees("a red fox")
    assert await message.get_attribute("data-id") == identifier
    await expect(me.job("a red fox")).to_contain_text("delivered")
    await message.get_by_role("button", name="Details").click()
    await expect(me.message("Only you can see this")).to_contain_text("/sana prompt:a red fox")


async def test_buttons_of_before_a_restart_work(site: Site, visit: Visit) -> None:
    """A picture of before a restart from the panel can still be rolled again."""
    me = await visit()
    message = await me.ask("a red fox")
    await me.sees("a red fox")
    before = site.bot.pid
    await me.panel.get_by_role("button", name="Restart").click()
    await expect(me.panel.get_by_text(f"process {before}")).to_have_count(0)
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
    assert site.bot.pid != before
    await message.get_by_role("button", name="Reroll").click()
    await me.sees("a red fox", 2)


async def test_a_command_without_a_bot_is_told_as_failed(visit: Visit) -> None:
    """While the bot is down a command fails as on Discord; once it is up the same command is answered."""
    me = await visit()
    await me.panel.get_by_role("button", name="Kill").click()
    await expect(me.panel.get_by_text("Killed", exact=True)).to_be_visible()
    await me.type("/usage")
    await expect(me.page.get_by_text("The application did not respond")).to_be_visible()
    await me.page.get_by_role("button", name="Dismiss message").click()
    await expect(me.page.get_by_text("The application did not respond")).to_have_count(0)
    await me.panel.get_by_role("button", name="Start", exact=True).click()
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
    await me.type("/usage")
    await expect(me.message("Only you can see this")).to_contain_text("used in the last 24 hours")


async def test_a_failed_command_stays_in_its_place(site: Site, visit: Visit, channel: int) -> None:
    """A command that failed stands where it was typed; what comes later is below it, with its author."""
    me = await visit()
    await me.panel.get_by_role("button", name="Kill").click()
    await expect(me.panel.get_by_text("Killed", exact=True)).to_be_visible()
    writer = site.stage.member("booster")
    await writer.write("before it", channel=channel)
    await me.type("/usage")
    await expect(me.page.get_by_text("The application did not respond")).to_be_visible()
    await writer.write("after it", channel=channel)
    order = re.compile("before it.*The application did not respond.*after it", re.DOTALL)
    await expect(me.page.get_by_role("log")).to_contain_text(order)
    await expect(me.message("after it")).not_to_have_class(re.compile("grouped"))
    await me.panel.get_by_role("button", name="Start", exact=True).click()
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()


@pytest.mark.parametrize("does", ["a command", "a button"])
async def test_a_failed_button_is_forgotten_once_the_bot_answers(visit: Visit, does: str) -> None:
    """That an interaction with a message failed is told until the bot answers another."""
    me = await visit()
    first, second = await me.ask("a red fox"), await me.ask("a blue whale")
    await me.sees("a red fox")
    await me.sees("a blue whale")
    await me.panel.get_by_role("button", name="Kill").click()
    await expect(me.panel.get_by_text("Killed", exact=True)).to_be_visible()
    await first.get_by_role("button", name="Details").click()
    failure = me.page.get_by_text("This interaction failed")
    await expect(failure).to_be_visible()
    await me.panel.get_by_role("button", name="Start", exact=True).click()
    await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
    if does == "a command":
        await me.type("/usage")
    else:
        await second.get_by_role("button", name="Details").click()
    await expect(me.message("Only you can see this")).to_be_visible()
    await expect(failure).to_have_count(0)
