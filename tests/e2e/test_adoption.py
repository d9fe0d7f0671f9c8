"""Jobs whose first answer was not confirmed: their messages are found, whatever the clock and Discord do."""

from datetime import timedelta

import pytest

from sandbox.shown import Message
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import CHANNEL, PAID, REFUNDED, Stage

BY_HISTORY = "/channels/{channel_id}/messages"


async def unconfirmed(stage: Stage, clock: Clock, *, meanwhile: timedelta) -> Message:
    """Type `/sana`, put the clock forward while Discord's confirmation is lost, and return the message."""
    await stage.members.add_fault(
        kind="stall", method="POST", route="/interactions/.*", after_effect=True, seconds=1.0
    )
    member = stage.member()
    typed = await member.type("sana", channel=CHANNEL, prompt="a red fox", wait=False)
    answered = await stage.members.wait_for_answer(typed)
    clock.ahead += meanwhile
    return await member.message(CHANNEL, answered.message_id)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give answers up soon, and look for their messages at once."""
    monkeypatch.setattr("bot.present.answers._ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("bot.jobs.recovery._NOT_BEFORE", timedelta())
    monkeypatch.setattr("bot.jobs.recovery._FIRST_RETRY_SECONDS", 0.1)


async def test_a_clock_that_is_set_back_does_not_put_it_off(clock: Clock, quick_stage: Stage) -> None:
    """The clock was an hour ahead and is mended meanwhile: the job goes on at once."""
    message = await unconfirmed(quick_stage, clock, meanwhile=-timedelta(hours=1))
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == PAID


async def test_one_failure_after_a_long_time_does_not_end_it(
    clock: Clock, log: Log, quick_stage: Stage
) -> None:
    """A day later Discord fails once: the message is looked for again, and says how the job ended."""
    await quick_stage.members.add_fault(kind="status", method="GET", route=BY_HISTORY, status=503)
    message = await unconfirmed(quick_stage, clock, meanwhile=timedelta(hours=25))
    ended = await quick_stage.end_of(message)
    assert ended.text.startswith("This waited too long in line and was taken out of it.")
    await quick_stage.closed()
    assert len(log.of("adopt.failed")) == 1
    assert quick_stage.ledger() == REFUNDED
