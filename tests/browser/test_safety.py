"""What may never happen: words that run, words that ping, secrets that are shown."""

from collections.abc import Iterator

import pytest
from playwright.async_api import WebSocket, expect

from sandbox.wiro import Exchange
from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKUP = "<script>document.title='run'</script> <img src=x onerror=document.title='run'> **bold** @everyone"


async def test_markup_in_a_prompt_is_text_everywhere(visit: Visit) -> None:
    """In the message, the alt text, the large picture, the form and the panel, markup runs nothing."""
    me = await visit()
    await me.ask(MARKUP)
    await me.sees(MARKUP)
    message = me.message()
    await expect(message).to_contain_text(MARKUP)
    await expect(message.get_by_role("strong").filter(has_text="bold")).to_have_count(0)
    await expect(message.locator(".mention").filter(has_text="everyone")).to_have_count(0)
    await expect(me.job(MARKUP)).to_be_visible()
    await message.get_by_role("button", name="Details").click()
    await expect(me.message("Only you can see this")).to_contain_text(MARKUP)
    await message.get_by_role("button", name="Edit").click()
    form = me.page.get_by_role("dialog")
    await expect(form.get_by_role("textbox", name="Prompt", exact=True)).to_have_value(MARKUP)
    await me.page.keyboard.press("Escape")
    await me.picture(MARKUP).click()
    await expect(me.page.get_by_role("dialog", name="Picture")).to_contain_text(MARKUP)
    assert await me.page.title() != "run"
    assert await me.page.locator("body script, img[src=x]").count() == 0


async def test_what_a_person_writes_is_text_too(visit: Visit) -> None:
    """Markdown of a person is shown as Discord shows it, and markup as it was typed."""
    me = await visit()
    await me.composer.fill(f"hello {MARKUP}")
    await me.page.keyboard.press("Enter")
    written = me.message("hello")
    await expect(written).to_contain_text("<script>document.title='run'</script>")
    await expect(written.get_by_role("strong")).to_have_text("bold")
    assert await me.page.title() != "run"


def secrets(site: Site) -> Iterator[str]:
    """Go through all that nobody may see: keys, and what the bot and both services know each other by."""
    yield site.stage.discord.config.token
    yield site.stage.wiro.config.api_key
    yield site.stage.wiro.config.api_secret or ""
    for job in site.stage.jobs():
        yield from (str(value) for name, value in job.items() if "token" in name and value)


async def test_the_panel_shows_no_secret(site: Site, visit: Visit) -> None:
    """Neither what the page shows nor what it is told holds a key, a secret or a token."""
    told: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: told.append(str(frame)))

    seen: list[Exchange] = []
    site.stage.wiro.watchers.add(seen.append)
    site.hold("a secret fox")
    me = await visit()
    me.page.on("websocket", listen)
    await me.page.reload()
    await me.ask("a secret fox")
    await site.running("a secret fox")
    signatures = [each.headers["x-signature"] for each in seen if each.call == "Run"]
    during = [*secrets(site), *signatures]
    site.stage.wiro.watchers.discard(seen.append)
    await site.finish("a secret fox")
    await me.sees("a secret fox")
    run = me.call("Run").first
    await run.get_by_text("Run", exact=True).click()
    await expect(run).to_contain_text("x-api-key")
    await expect(run).to_contain_text("•••")
    await expect(me.job("a secret fox")).to_contain_text("delivered")
    shown = "\n".join([await me.page.content(), *told])
    assert any("a secret fox" in each for each in told)
    assert signatures
    assert len(during) > len(signatures) + 3
    assert [secret for secret in during if secret in shown] == []
