"""The story of a `/sana`, as somebody lives it who uses no mouse."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def bot_settings() -> dict[str, str]:
    """One task at a time, so that others wait."""
    return {"wiro_max_concurrent": "1"}


async def test_a_command_becomes_a_picture_by_keyboard_alone(site: Site, visit: Visit, channel: int) -> None:
    """A command is found, filled in and sent; its message waits, runs and is a picture with alt text."""
    site.hold("a lighthouse")
    site.hold("a red fox")
    await site.stage.sana(site.stage.member("booster"), channel=channel, prompt="a lighthouse")
    await site.running("a lighthouse")
    me = await visit()
    keyboard = me.page.keyboard
    await me.composer.focus()
    await keyboard.type("/")
    await expect(me.suggestion("/usage")).to_be_visible()
    await keyboard.type("san")
    await expect(me.suggestion("/sana")).to_have_attribute("aria-selected", "true")
    await keyboard.press("Enter")
    await expect(me.option("prompt")).to_be_focused()
    await keyboard.type("a red fox")
    for name in ("width", "height"):
        await keyboard.press("Tab")
        await expect(me.adder).to_be_focused()
        await keyboard.type(name[:3])
        await expect(me.suggestion(name)).to_have_attribute("aria-selected", "true")
        await keyboard.press("Enter")
        await expect(me.option(name)).to_be_focused()
        await keyboard.type("256")
    await keyboard.press("Enter")

    mine = me.message("used/sana", "a red fox")
    await expect(mine).to_contain_text("in line")
    identifier = await mine.get_attribute("data-id")
    await site.finish("a lighthouse")
    await expect(mine).to_contain_text(re.compile(r"\d+%"))
    await site.finish("a red fox")
    await me.sees("a red fox")
    await expect(mine.get_by_role("img", name="a red fox")).to_be_visible()
    assert await mine.get_attribute("data-id") == identifier
    await expect(me.composer).to_be_focused()


async def test_a_line_is_the_same_typed_key_by_key_as_pasted(visit: Visit) -> None:
    """Names of options that are typed open their fields, as in a line that is pasted, and are no value."""
    me = await visit()
    await me.composer.focus()
    await me.page.keyboard.type("/sana prompt: a red fox, ratio 3:4, prompt: none width:256 height: 512")
    await expect(me.option("prompt")).to_have_value("a red fox, ratio 3:4, prompt: none")
    await expect(me.option("width")).to_have_value("256")
    await expect(me.option("height")).to_have_value("512")
    await expect(me.option("height")).to_be_focused()
    await me.page.keyboard.press("Tab")
    await me.page.keyboard.type("steps:20")
    await expect(me.option("steps")).to_have_value("20")
    await expect(me.adder).to_have_value("")


async def test_words_without_a_name_are_the_option_that_is_needed(visit: Visit) -> None:
    """Pasted words that name no option go into the one that is required; where there is none they stay."""
    me = await visit()
    await me.composer.fill("/sana a red fox width: 256")
    await expect(me.option("prompt")).to_have_value("a red fox")
    await expect(me.option("width")).to_have_value("256")
    await me.page.get_by_role("button", name="Leave the command").click()
    await me.composer.fill("/usage of mine")
    await expect(me.page.get_by_text("No command fits.")).to_be_visible()
    await expect(me.composer).to_have_value("/usage of mine")


async def test_a_wrong_option_is_explained_before_anything_is_sent(site: Site, visit: Visit) -> None:
    """What Discord's client would not let through is marked and explained, and the focus goes there."""
    me = await visit()
    asked = len(await site.stage.members.interactions())
    await me.type("/sana prompt: a red fox steps: 99")
    steps = me.option("steps")
    await expect(steps).to_be_focused()
    await expect(steps).to_have_attribute("aria-invalid", "true")
    await expect(me.page.get_by_role("alert")).to_have_text("This takes 1 to 50, not 99.")
    await steps.fill("ten")
    await me.page.keyboard.press("Enter")
    await expect(me.page.get_by_role("alert")).to_have_text("Type a whole number.")
    assert len(await site.stage.members.interactions()) == asked


async def test_commands_are_offered_once_they_come(site: Site, visit: Visit) -> None:
    """Who types `/` before there are commands is told so, and is offered them when they come."""
    stage = site.stage
    url = f"{stage.discord.api_base}/applications/{stage.discord.application_id}/commands"
    headers = {"Authorization": f"Bot {stage.environment['DISCORD_TOKEN']}"}
    session = stage.members.session
    async with session.get(url, headers=headers) as answered:
        registered = await answered.json()
    assert registered
    try:
        async with session.put(url, json=[], headers=headers) as answered:
            assert answered.ok
        me = await visit()
        await me.composer.focus()
        await me.page.keyboard.type("/")
        await expect(me.page.get_by_text("There are no commands here.")).to_be_visible()
    finally:
        async with session.put(url, json=registered, headers=headers) as answered:
            assert answered.ok
    await expect(me.suggestion("/sana")).to_be_visible()
    await me.page.keyboard.type("sana")
    await expect(me.suggestion("/sana")).to_have_attribute("aria-selected", "true")


async def test_what_is_sent_leads_to_the_end(site: Site, visit: Visit, channel: int) -> None:
    """Who has scrolled up stays there whatever others write, until they send something themselves."""
    writer = site.stage.member("booster")
    for number in range(30):
        await writer.write(f"line {number}", channel=channel)
    me = await visit()
    first, newest = me.message("line 0"), me.page.get_by_role("button", name="Go to the newest message")
    await expect(me.message("line 29")).to_be_in_viewport()

    async def scroll_up() -> None:
        await first.scroll_into_view_if_needed()
        await expect(newest).to_be_visible()

    await scroll_up()
    await writer.write("from somebody else", channel=channel)
    await expect(me.message("from somebody else")).to_be_attached()
    await expect(first).to_be_in_viewport()
    await me.composer.fill("from myself")
    await me.page.keyboard.press("Enter")
    await expect(me.message("from myself")).to_be_in_viewport()
    await expect(newest).to_be_hidden()
    await scroll_up()
    await expect(await me.ask("a red fox")).to_be_in_viewport()
    await expect(newest).to_be_hidden()
