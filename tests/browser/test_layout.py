"""On every screen: dark and light, and no wider than a phone."""

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.browser.conftest import Visit
from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE: ViewportSize = {"width": 360, "height": 740}
CUT_OFF = """() => [...document.querySelectorAll("main, main *")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > screen.width + 1)
    .map((each) => each.outerHTML.slice(0, 200))"""
"""What ends beyond the right edge of the screen."""
SPLIT = r"""part => {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    const split = [];
    while (texts.nextNode()) for (const found of texts.currentNode.data.matchAll(/S-\d+/g)) {
        const range = new Range();
        range.setStart(texts.currentNode, found.index);
        range.setEnd(texts.currentNode, found.index + found[0].length);
        if (new Set([...range.getClientRects()].map(({top}) => top)).size > 1) split.push(found[0]);
    }
    return split;
}"""
"""Which references stand on two lines."""


async def brightness(page: Page) -> float:
    """Return how bright the page's ground is, 0 to 255."""
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
    return (red + green + blue) / 3


async def nothing_sticks_out(me: Visitor) -> None:
    """Check that the page does not scroll, its list of messages not sideways, and nothing is cut off."""
    page = me.page.locator("html")
    for part in (page, me.page.get_by_role("log", include_hidden=True)):
        assert await part.evaluate("part => part.scrollWidth <= part.clientWidth")
    assert await page.evaluate("page => page.scrollHeight <= page.clientHeight")
    assert await page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize(("wanted", "other"), [("dark", "light"), ("light", "dark")])
async def test_the_page_is_as_the_system_wants_it_or_as_the_person_says(
    visit: Visit, wanted: str, other: str
) -> None:
    """The system's wish decides until the person says otherwise, which outlives a reload."""
    me = await visit(color_scheme=wanted)
    assert (await brightness(me.page) > 127) is (wanted == "light")
    await me.page.get_by_role("button", name=f"Make the page {other}").click()
    await expect(me.page.get_by_role("button", name=f"Make the page {wanted}")).to_be_visible()
    await me.page.reload()
    await expect(me.page.get_by_role("button", name=f"Make the page {wanted}")).to_be_visible()
    assert (await brightness(me.page) > 127) is (other == "light")


async def test_the_page_stays_where_it_is(visit: Visit) -> None:
    """Whatever the panel leads to, only the parts of the page scroll, never the page."""
    me = await visit()
    await me.ask("a red fox")
    await me.sees("a red fox")
    await expect(me.job("a red fox")).to_contain_text("delivered")
    await me.job("a red fox").get_by_role("button", name="Show its message").click()
    await expect(me.message("a red fox")).to_be_focused()
    await nothing_sticks_out(me)
    assert await me.page.evaluate("scrollY") == 0


async def test_a_phone_shows_a_story_without_scrolling_sideways(visit: Visit) -> None:
    """At a width of 360 pixels a command is filled in and becomes a picture, and nothing is cut off."""
    me = await visit(viewport=PHONE, has_touch=True, is_mobile=True)
    await nothing_sticks_out(me)
    await me.composer.fill("/")
    await expect(me.suggestion("/sana")).to_be_visible()
    await nothing_sticks_out(me)
    await me.suggestion("/sana").tap()
    await me.option("prompt").fill(f"a very long {'wonderful' * 12} fox")
    await nothing_sticks_out(me)
    await me.option("prompt").fill("a red fox")
    await me.page.get_by_role("button", name="Send").tap()
    await me.sees("a red fox")
    await nothing_sticks_out(me)
    await me.message().get_by_role("button", name="Add a reaction").tap()
    await me.page.get_by_role("menuitem", name="repeat").tap()
    await me.sees("a red fox", 2)
    await nothing_sticks_out(me)


@pytest.mark.parametrize(
    ("opener", "role", "name"),
    [
        ("Channels", "navigation", "Servers and channels"),
        ("Behind the scenes", "complementary", "Behind the scenes"),
    ],
    ids=["channels", "panel"],
)
async def test_the_sides_are_drawers_on_a_phone(visit: Visit, opener: str, role: str, name: str) -> None:
    """A side opens over the messages with the focus inside, and Escape closes it and gives the focus back."""
    me = await visit(viewport=PHONE)
    side = me.page.get_by_role(role, name=name)  # type: ignore[arg-type] # one of Playwright's names of roles
    button = me.page.get_by_role("button", name=opener, exact=True)
    await expect(side).to_have_count(0)
    await button.click()
    await expect(side).to_be_visible()
    await expect(button).to_have_attribute("aria-expanded", "true")
    assert await side.evaluate("side => side.contains(document.activeElement)")
    await nothing_sticks_out(me)
    await me.page.keyboard.press("Escape")
    await expect(side).to_have_count(0)
    await expect(button).to_be_focused()


async def test_a_channel_is_chosen_from_the_drawer(visit: Visit) -> None:
    """Choosing a channel closes the drawer and shows that channel."""
    me = await visit(viewport=PHONE)
    await me.page.get_by_role("button", name="Channels", exact=True).click()
    await me.page.get_by_role("navigation").get_by_role("button", name="general").click()
    await expect(me.page.get_by_role("heading", name="general", exact=True, level=1)).to_be_visible()
    await expect(me.page.get_by_role("navigation")).to_have_count(0)


async def test_a_reference_is_never_split_over_two_lines(site: Site, visit: Visit, channel: int) -> None:
    """Wherever a line of a message ends, a job's reference in it stays whole."""
    words = " ".join(f"S-{number}" for number in range(80, 180))
    await site.stage.member("booster").write(words, channel=channel)
    me = await visit(viewport=PHONE)
    message = me.message("S-179")
    await expect(message).to_be_visible()
    assert await message.evaluate(SPLIT) == []
