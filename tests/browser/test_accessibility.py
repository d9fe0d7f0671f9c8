"""No state of the page breaks a rule of WCAG 2.2 on level A or AA that axe-core can find, dark or light."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = {"width": 360, "height": 740}


async def start(_: Visitor) -> None:
    """An empty channel."""


async def command_list(me: Visitor) -> None:
    """`/` is typed."""
    await me.composer.fill("/")
    await expect(me.suggestion("/sana")).to_be_visible()


async def option_form(me: Visitor) -> None:
    """A command is filled in, and an option is wrong."""
    await me.type("/sana prompt: a red fox steps: 99")
    await expect(me.page.get_by_role("alert")).to_be_visible()


async def result(me: Visitor) -> None:
    """A picture, and its details for the asker alone."""
    message = await me.ask("a red fox")
    await me.sees("a red fox")
    await message.get_by_role("button", name="Details").click()
    await expect(me.message("Only you can see this")).to_be_visible()


async def modal(me: Visitor) -> None:
    """The form of Edit, with a problem."""
    message = await me.ask("a red fox")
    await me.sees("a red fox")
    await message.get_by_role("button", name="Edit").click()
    form = me.page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Prompt", exact=True).fill("")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_text("This is needed.")).to_be_visible()


async def lightbox(me: Visitor) -> None:
    """A picture in large."""
    await me.ask("a red fox")
    await me.sees("a red fox")
    await me.message().get_by_role("button", name="a red fox").click()
    await expect(me.page.get_by_role("dialog", name="Picture")).to_be_visible()


async def panel(me: Visitor) -> None:
    """Jobs and an unfolded call in the panel, and a switch that is on."""
    await me.ask("a red fox")
    await me.sees("a red fox")
    await expect(me.job("a red fox")).to_contain_text("delivered")
    run = me.call("Run").first
    await run.get_by_text("Run", exact=True).click()
    await expect(run).to_contain_text("x-api-key")
    await me.turn("No socket", on=True)
    await me.turn("No socket", on=False)


async def menu(me: Visitor) -> None:
    """The menu of people."""
    await me.page.get_by_role("button", name=re.compile("^You act as")).click()
    await expect(me.page.get_by_role("menu", name="Act as")).to_be_visible()


async def drawer_of_channels(me: Visitor) -> None:
    """On a phone, the channels over the messages."""
    await me.page.get_by_role("button", name="Channels", exact=True).click()
    await expect(me.page.get_by_role("navigation")).to_be_visible()


async def drawer_of_the_panel(me: Visitor) -> None:
    """On a phone, the panel over the messages."""
    await me.page.get_by_role("button", name="Behind the scenes", exact=True).click()
    await expect(me.panel).to_be_visible()


State = Callable[[Visitor], Coroutine[Any, Any, None]]
WIDE: list[State] = [start, command_list, option_form, result, modal, lightbox, panel, menu]
NARROW: list[State] = [start, option_form, result, drawer_of_channels, drawer_of_the_panel]


async def check(me: Visitor) -> None:
    """Check what is shown in both themes."""
    for theme in ("dark", "light"):
        await me.page.emulate_media(color_scheme=theme)
        assert await violations(me.page) == [], theme


@pytest.mark.parametrize("state", WIDE, ids=lambda state: state.__name__)
async def test_a_state_breaks_no_rule(visit: Visit, state: State) -> None:
    """On a large screen every state is accessible."""
    me = await visit(reduced_motion="reduce", viewport={"width": 1280, "height": 800})
    await state(me)
    await check(me)


@pytest.mark.parametrize("state", NARROW, ids=lambda state: state.__name__)
async def test_a_state_breaks_no_rule_on_a_phone(visit: Visit, state: State) -> None:
    """On a phone likewise, with each side open."""
    me = await visit(reduced_motion="reduce", viewport=PHONE)
    await state(me)
    await check(me)


async def test_a_broken_rule_is_found(visit: Visit) -> None:
    """A button without a name is told: axe-core really looks at the page."""
    me = await visit()
    await me.page.evaluate("document.body.append(document.createElement('button'))")
    assert "button-name" in [found.split(":")[0] for found in await violations(me.page)]
