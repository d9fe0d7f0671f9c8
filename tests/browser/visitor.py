"""A person at the page: what they find by role and by label, and what they do."""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.chromium import PATIENCE_MILLISECONDS
from tests.browser.watch import Watch

Prepare = Callable[[BrowserContext], Coroutine[Any, Any, None]]

SMALL = "width: 256 height: 256"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody in a channel, with a page of their own."""

    page: Page
    watch: Watch

    @property
    def composer(self) -> Locator:
        """The line where messages and commands are typed."""
        return self.page.get_by_role("combobox", name=re.compile("^Message [#@]"))

    @property
    def adder(self) -> Locator:
        """Where the options of a command that are left out are found."""
        return self.page.get_by_role("combobox", name="Add an option")

    @property
    def messages(self) -> Locator:
        """All messages."""
        return self.page.get_by_role("log").get_by_role("article")

    @property
    def panel(self) -> Locator:
        """What happens behind."""
        return self.page.get_by_role("complementary", name="Behind the scenes")

    def option(self, name: str) -> Locator:
        """Return the field of an option of the command that is typed."""
        return self.page.get_by_role("group", name="/").get_by_role("combobox", name=name, exact=True)

    def suggestion(self, name: str) -> Locator:
        """Return what is offered for what is typed, by its words."""
        return self.page.get_by_role("listbox").get_by_role("option", name=name)

    def message(self, *words: str) -> Locator:
        """Return the messages that hold all these words."""
        found = self.messages
        for each in words:
            found = found.filter(has_text=each)
        return found

    def picture(self, alt: str) -> Locator:
        """Return the pictures in messages by their alt text."""
        return self.messages.get_by_role("img", name=alt, exact=True)

    def job(self, prompt: str) -> Locator:
        """Return the job in the panel that has this prompt."""
        return (
            self.panel.get_by_role("list", name="Jobs").get_by_role("listitem").filter(has_text=prompt).first
        )

    def call(self, name: str) -> Locator:
        """Return the calls in the panel of this name."""
        calls = self.panel.get_by_role("list", name="Calls between the bot and Wiro").get_by_role("listitem")
        return calls.filter(has=self.page.get_by_text(name, exact=True))

    async def type(self, line: str) -> None:
        """Type a whole command, as it is pasted, and send it."""
        command = line.partition(":")[0].rpartition(" ")[0] if ":" in line else line
        await self.composer.fill(line if ":" in line else f"{line} ")
        await expect(self.page.get_by_role("group", name=command, exact=True)).to_be_visible()
        await self.page.get_by_role("button", name="Send").click()

    async def ask(self, prompt: str) -> Locator:
        """Ask for a small picture, and return the message that answers."""
        await self.type(f"/sana prompt: {prompt} {SMALL}")
        answer = self.message("used/sana", prompt)
        await expect(answer).to_be_visible()
        return answer

    async def sees(self, alt: str, count: int = 1) -> None:
        """Wait until so many pictures with this alt text are there, drawn and not broken."""
        pictures = self.picture(alt)
        await expect(pictures).to_have_count(count)
        for number in range(count):
            await expect(pictures.nth(number)).to_have_js_property("complete", value=True)
            assert await pictures.nth(number).evaluate("image => image.naturalWidth") > 0, alt

    async def become(self, name: str) -> None:
        """Act as somebody else."""
        await self.page.get_by_role("button", name=re.compile("^You act as")).click()
        here = self.page.get_by_role("menu", name="Act as").get_by_role("group", name="Act as, in Sandbox")
        await here.get_by_role("menuitemradio", name=name, exact=True).click()
        await expect(self.page.get_by_role("button", name=f"You act as {name}.")).to_be_visible()

    async def turn(self, switch: str, *, on: bool) -> None:
        """Turn a switch of the panel."""
        found = self.panel.get_by_role("switch", name=switch)
        await expect(found).to_be_checked(checked=not on)
        await found.click()
        await expect(found).to_be_checked(checked=on)

    async def react(self, message: Locator, name: str) -> None:
        """Add a reaction to a message by its name, or join the others who did."""
        await message.hover()
        await message.get_by_role("button", name="Add a reaction").click()
        await self.page.get_by_role("menu", name="React with").get_by_role("menuitem", name=name).click()


@asynccontextmanager
async def entered(
    chromium: Browser,
    address: str,
    prepare: Prepare | None = None,
    **like: Any,  # noqa: ANN401 - Playwright's options
) -> AsyncIterator[Visitor]:
    """Open the page in a browser context of its own.

    Args:
        chromium: the browser.
        address: of the page, with who is there and where after `#`.
        prepare: done to the context before it opens anything.
        like: what the screen and the person's wishes are like, in Playwright's words.
    """
    async with await chromium.new_context(**like) as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        if prepare is not None:
            await prepare(context)
        watch = Watch(context, address[: address.index("/", len("http://"))])
        visitor = Visitor(page=await context.new_page(), watch=watch)
        await visitor.page.goto(address)
        await expect(visitor.composer).to_be_visible()
        # The last that it fetches: a reload in the middle of that would be noted as a failed request.
        await expect(visitor.page.locator(".drawings")).to_be_attached()
        yield visitor
