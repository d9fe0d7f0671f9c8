"""The switches of the panel: each goes wrong as it says, the job copes, and the panel shows how."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def bot_settings() -> dict[str, str]:
    """What is lost is given up soon."""
    return {"quota_credits": "1000", "lost_after_seconds": "5"}


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def everything_right(site: Site) -> AsyncIterator[None]:
    """Turn off what a test leaves on."""
    yield
    names = ("slow", "failing", "refusing", "lose_callbacks", "no_balance", "no_socket")
    async with site.stage.members.session.post(
        f"{site.origin}/switches", json=dict.fromkeys(names, False)
    ) as answered:
        assert answered.ok


async def test_failing_gives_the_credits_back(visit: Visit) -> None:
    """A task that fails ends in a message that says so, and the panel shows the credit given back."""
    me = await visit()
    await me.turn("Failing", on=True)
    message = await me.ask("a failing fox")
    await expect(message).to_contain_text("Your 1 credit is back.")
    await expect(me.job("a failing fox")).to_contain_text("1 credit, given back")


async def test_a_lost_callback_costs_nothing(visit: Visit) -> None:
    """The picture comes all the same, and no callback stands among the calls."""
    me = await visit()
    await me.turn("Lose callbacks", on=True)
    await me.ask("a lonely fox")
    await me.sees("a lonely fox")
    reference = (await me.job("a lonely fox").inner_text()).split()[0]
    await expect(me.call("Run").filter(has_text=reference)).to_have_count(1)
    await expect(me.call("Task/Detail").filter(has_text=reference).first).to_be_visible()
    await expect(me.call("callback").filter(has_text=reference)).to_have_count(0)


async def test_without_a_balance_the_job_is_on_hold_and_then_goes_on(visit: Visit) -> None:
    """Nobody is charged: the message says that it is on hold, and the picture comes once there is money."""
    me = await visit()
    await me.turn("No balance", on=True)
    await expect(me.panel.get_by_text("$0.00", exact=True)).to_be_visible()
    message = await me.ask("a poor fox")
    await expect(message).to_contain_text("On hold")
    await me.turn("No balance", on=False)
    await me.sees("a poor fox")
    await expect(me.job("a poor fox")).to_contain_text("delivered")


async def test_a_slow_task_can_be_cancelled(visit: Visit) -> None:
    """A task that takes half a minute shows progress meanwhile, and Cancel ends it without a charge."""
    me = await visit()
    await me.turn("Slow", on=True)
    message = await me.ask("a slow fox")
    await expect(message).to_contain_text("%")
    await message.get_by_role("button", name="Cancel").click()
    await expect(message).to_contain_text("Your 1 credit is back.")
    await expect(me.job("a slow fox")).to_contain_text("cancelled")


async def test_what_is_refused_without_a_clear_answer_is_looked_for_and_given_up(visit: Visit) -> None:
    """503 leaves open whether a task was started: the job is in doubt, then lost, and the credit is back."""
    me = await visit()
    await me.turn("Refusing", on=True)
    message = await me.ask("a refused fox")
    await expect(me.job("a refused fox")).to_contain_text("submitting")
    await expect(me.panel.get_by_text("503").first).to_be_visible()
    await me.turn("Refusing", on=False)
    await expect(message).to_contain_text("Your 1 credit is back.")
    await expect(me.job("a refused fox")).to_contain_text("lost")


async def test_without_the_socket_the_picture_comes(visit: Visit) -> None:
    """The account shows no connection, and the picture comes by callback or poll."""
    me = await visit()
    sockets = me.panel.get_by_role("definition").nth(2)
    await me.turn("No socket", on=True)
    await expect(sockets).to_have_text("0")
    await me.ask("a deaf fox")
    await me.sees("a deaf fox")
    await me.turn("No socket", on=False)
