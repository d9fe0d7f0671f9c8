"""The live connection: cut, told as lost, made again, and nothing is missing."""

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Line:
    """The page's way to `/live`, which can be cut and mended."""

    def __init__(self) -> None:
        self._is_cut = False
        self._ends: list[WebSocketRoute] = []

    async def lay(self, context: BrowserContext) -> None:
        """Put it between the page and the server."""
        await context.route_web_socket("**/live", self._connect)

    async def cut(self) -> None:
        """End the connections there are, and let no other through."""
        self._is_cut = True
        for end in self._ends:
            await end.close()
        self._ends.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def _connect(self, page_end: WebSocketRoute) -> None:
        if self._is_cut:
            await page_end.close()
            return
        self._ends += [page_end, page_end.connect_to_server()]


async def test_what_came_while_the_line_was_cut_is_there_afterwards(
    site: Site, visit: Visit, channel: int
) -> None:
    """The page says that it is cut off, connects again, and shows what was missed."""
    line = Line()
    me = await visit(prepare=line.lay)
    await line.cut()
    lost = me.page.get_by_text("The connection to the sandbox is lost.")
    await expect(lost).to_be_visible()
    await site.stage.member("booster").write("did you see that?", channel=channel)
    line.mend()
    await me.page.get_by_role("button", name="Try now").click()
    await expect(me.message("did you see that?")).to_be_visible()
    await expect(lost).to_be_hidden()
    await me.ask("a red fox")
    await me.sees("a red fox")


async def test_the_page_connects_again_by_itself(site: Site, visit: Visit, channel: int) -> None:
    """Without a click the page comes back, and goes on hearing."""
    line = Line()
    me = await visit(prepare=line.lay)
    await line.cut()
    await expect(me.page.get_by_text("The connection to the sandbox is lost.")).to_be_visible()
    line.mend()
    await expect(me.page.get_by_text("The connection to the sandbox is lost.")).to_be_hidden()
    await site.stage.member("booster").write("welcome back", channel=channel)
    await expect(me.message("welcome back")).to_be_visible()
