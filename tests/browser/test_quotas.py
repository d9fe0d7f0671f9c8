"""Refusals, and what moderators decide: who may, who may not, and who sees it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def bot_settings() -> dict[str, str]:
    """Two credits a day."""
    return {"quota_credits": "2"}


async def test_a_wrong_size_is_refused_for_one_pair_of_eyes(site: Site, visit: Visit) -> None:
    """The bot's refusal says what would do, is marked as for the asker alone, and nobody else gets it."""
    me, other = await visit(), await visit("booster")
    before = len(site.stage.jobs())
    await me.type("/sana prompt: a red fox width: 300 height: 256")
    answer = me.message("Only you can see this")
    await expect(answer).to_contain_text("width")
    await expect(answer).to_contain_text("288")
    await expect(answer).to_contain_text("Nothing was charged.")
    await other.composer.fill("hello")
    await other.page.get_by_role("button", name="Send").click()
    await expect(me.message("hello")).to_be_visible()
    await expect(other.messages).to_have_count(1)
    assert len(site.stage.jobs()) == before


async def test_what_costs_too_much_is_refused_with_the_figures(visit: Visit) -> None:
    """Too many credits: the answer tells the cost, the allowance, and what to do."""
    me = await visit()
    await me.type("/sana prompt: a red fox width: 256 height: 256 samples: 4")
    answer = me.message("Only you can see this")
    await expect(answer).to_contain_text("This would cost 4 credits, more than your whole allowance of 2")


async def test_a_moderator_grants_and_the_member_sees_it(visit: Visit) -> None:
    """A member is chosen from the list, the answer names them, and they find the credits in /usage."""
    me = await visit("moderator")
    keyboard = me.page.keyboard
    await me.composer.focus()
    await keyboard.type("/quota gr")
    await expect(me.suggestion("/quota grant")).to_have_attribute("aria-selected", "true")
    await keyboard.press("Enter")
    await expect(me.option("member")).to_be_focused()
    await keyboard.type("newc")
    await expect(me.suggestion("@newcomer")).to_have_attribute("aria-selected", "true")
    await keyboard.press("Enter")
    await expect(me.option("credits")).to_be_focused()
    await keyboard.type("10")
    await keyboard.press("Tab")
    await expect(me.option("reason")).to_be_focused()
    await keyboard.type("won the contest")
    await keyboard.press("Enter")
    granted = me.message("Only you can see this")
    await expect(granted).to_contain_text("@newcomer had 0 extra credits and now has 10")
    await me.become("newcomer")
    await expect(granted).to_have_count(0)
    await me.type("/usage")
    usage = me.message("Only you can see this")
    await expect(usage).to_contain_text("Extra credits: 10.")
    await expect(usage).to_contain_text("won the contest")


async def test_a_member_is_not_offered_what_moderators_may(visit: Visit) -> None:
    """What moderators may is in a moderator's list of commands, and not in a member's."""
    me = await visit("member")
    await me.composer.fill("/")
    await expect(me.suggestion("/usage")).to_be_visible()
    await expect(me.suggestion("/quota")).to_have_count(0)
    await me.composer.fill("/quota")
    await expect(me.page.get_by_text("No command fits.")).to_be_visible()
    await me.become("moderator")
    await me.composer.fill("/quota gr")
    await expect(me.suggestion("/quota grant")).to_be_visible()


async def test_another_member_may_not_delete(visit: Visit) -> None:
    """A click that is not allowed is answered for the one who clicked alone, and changes nothing."""
    me, other = await visit("owner"), await visit("other")
    await me.ask("a red fox")
    await other.sees("a red fox")
    await other.message("a red fox").get_by_role("button", name="Delete").click()
    note = other.message("Only you can see this")
    await expect(note).to_contain_text(
        "Only moderators and the member who asked for this picture can do that."
    )
    await me.sees("a red fox")
    await expect(me.messages).to_have_count(1)
