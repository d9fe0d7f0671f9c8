"""What a person does with a picture: roll again, change it, look at it, ask how it was made."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


MUTED = "getComputedStyle(document.querySelector('.panel .bot-facts')).color"
"""The colour of what is told beside."""


async def test_a_reaction_rolls_again_and_both_pictures_are_seen(visit: Visit) -> None:
    """🔁 brings a reply with another picture; the reply leads back, and the first picture stays."""
    me = await visit()
    first = await me.ask("a red fox")
    await me.sees("a red fox")
    await first.get_by_role("button", name="repeat, 1 reaction").click()
    reply = me.message("For @member, from S-")
    await expect(reply.get_by_role("img", name="a red fox")).to_be_visible()
    await me.sees("a red fox", 2)
    addresses = [await picture.get_attribute("src") for picture in await me.picture("a red fox").all()]
    assert len(set(addresses)) == 2
    await reply.get_by_role("button", name="@sana").click()
    await expect(first).to_be_focused()


async def test_somebody_else_rolls_again_from_the_menu(visit: Visit) -> None:
    """Another person sees the picture, finds the reaction in the menu, and the reply is for them."""
    me, other = await visit(), await visit("booster")
    await me.ask("a blue whale")
    await other.sees("a blue whale")
    await other.react(other.message("used/sana", "a blue whale"), "repeat")
    for each in (other, me):
        await expect(each.message("For @booster, from S-")).to_be_visible()
        await each.sees("a blue whale", 2)


async def test_edit_opens_a_form_that_makes_a_changed_picture(visit: Visit) -> None:
    """The form comes filled in, says what is missing, and what is submitted is made."""
    me = await visit()
    first = await me.ask("a red fox")
    await me.sees("a red fox")
    await first.get_by_role("button", name="Edit").click()
    form = me.page.get_by_role("dialog", name=re.compile(r"Make S-\d+ again, changed"))
    prompt = form.get_by_role("textbox", name="Prompt", exact=True)
    await expect(prompt).to_be_focused()
    await expect(prompt).to_have_value("a red fox")
    await prompt.fill("")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_text("This is needed.")).to_be_visible()
    await prompt.fill("a green dragon")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()
    await me.sees("a green dragon")
    await me.sees("a red fox")


async def test_details_are_for_one_pair_of_eyes(visit: Visit) -> None:
    """Details come as an answer that only the one who asked sees, until they put it away."""
    me, other = await visit(), await visit("booster")
    first = await me.ask("a red fox")
    await me.sees("a red fox")
    await first.get_by_role("button", name="Details").click()
    details = me.message("Only you can see this")
    await expect(details).to_contain_text("/sana prompt:a red fox")
    await other.sees("a red fox")
    await expect(other.messages).to_have_count(1)
    await details.get_by_role("button", name="Dismiss message").click()
    await expect(details).to_have_count(0)


async def test_a_link_to_the_family_leads_to_a_picture_of_this_page(visit: Visit) -> None:
    """Details of a reroll link to what it came from: the message gets the focus, here and not at Discord."""
    me = await visit()
    first = await me.ask("a red fox")
    await me.sees("a red fox")
    await first.get_by_role("button", name="repeat, 1 reaction").click()
    await me.message("For @member, from S-").get_by_role("button", name="Details").click()
    address = me.page.url
    await me.message("Only you can see this").get_by_role("link", name=re.compile(r"^S-\d+$")).click()
    await expect(first).to_be_focused()
    assert me.page.url == address
    assert len(me.page.context.pages) == 1


async def test_a_picture_opens_large_and_the_focus_comes_back(visit: Visit) -> None:
    """The picture opens in a dialog with its alt text; Escape closes it, and the focus is where it was."""
    me = await visit()
    await me.ask("a red fox")
    await me.sees("a red fox")
    opener = me.message().get_by_role("button", name="a red fox")
    await opener.press("Enter")
    large = me.page.get_by_role("dialog", name="Picture")
    await expect(large.get_by_role("img", name="a red fox")).to_be_visible()
    await me.page.keyboard.press("Escape")
    await expect(large).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_a_deleted_picture_is_gone_for_everybody(visit: Visit) -> None:
    """Delete takes the picture away from every page."""
    me, other = await visit(), await visit("booster")
    first = await me.ask("a red fox")
    await other.sees("a red fox")
    await first.get_by_role("button", name="Delete").click()
    for each in (me, other):
        await expect(each.picture("a red fox")).to_have_count(0)


async def test_pictures_behind_a_cover_come_by_direct_message(visit: Visit) -> None:
    """Spoilers are shown one by one; ✉️ sends them, the page tells of the news, and they are covered there."""
    me = await visit()
    await me.type("/sana prompt: two birds width: 256 height: 256 samples: 2 spoiler: True")
    covers = me.message("two birds").get_by_role("button", name="Spoiler: show the picture")
    await expect(covers).to_have_count(2)
    await covers.first.click()
    await expect(covers).to_have_count(1)
    await expect(me.message("two birds").get_by_role("button", name="two birds").first).to_be_focused()
    await me.react(me.message("two birds"), "envelope")
    inbox = me.page.get_by_role("button", name="Direct messages")
    await expect(inbox.get_by_text("unread")).to_be_attached()
    await inbox.click()
    await expect(me.message("two birds")).to_have_count(1)
    await expect(covers).to_have_count(2)
    await expect(inbox.get_by_text("unread")).to_have_count(0)


async def test_a_cancelled_job_is_no_trouble(site: Site, visit: Visit) -> None:
    """In the panel, an end that its owner wanted is told in passing, and not in the red of trouble."""
    site.hold("a red fox")
    me = await visit()
    message = await me.ask("a red fox")
    await site.running("a red fox")
    await message.get_by_role("button", name="Cancel").click()
    job, colour = me.job("a red fox"), await me.page.evaluate(MUTED)
    await expect(job.locator(".state", has_text="cancelled")).to_have_css("color", colour)
    await expect(job.get_by_text("task_cancel, pexit 0, 0 outputs")).to_have_css("color", colour)
