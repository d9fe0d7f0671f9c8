"""The clock jumps, by hand or as a machine wakes up: what is waited for takes as long."""

from datetime import timedelta

import pytest

from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import PAID, REFUNDED, Stage, eventually

HOUR, DAYS = timedelta(hours=1), timedelta(days=3)
STUCK = Rule(call="task", do=TaskScript(stuck=True))
NOT_KILLED = Rule(call="Task/Kill", do=CallFault(error="It does not run.", error_code=1), times=None)
NO_ANSWER = Rule(call="Run", do=CallFault(answer="lost_answer"))
NO_BALANCE = Rule(call="Run", do=CallFault(error="Insufficient balance.", error_code=97), times=None)
NOTHING = CallFault(error="There is no task yet.", error_code=1)

pytestmark = pytest.mark.usefixtures("quick_probes", "quick_retries")


async def test_pictures_are_asked_for_again(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """Their host fails before a machine sleeps and once more as it wakes up, and has them then."""
    quick_stage.wiro.script.add(Rule(call="file", do=CallFault(http_status=503), times=2))
    message = await quick_stage.sana()
    await log.wait_for("deliver.failed")
    clock.wrong_by = HOUR
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == PAID


async def test_discord_is_asked_again(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """It takes the pictures a little later, although the clock says that days have passed."""
    await quick_stage.members.add_fault(kind="status", method="PATCH", status=403, times=50)
    message = await quick_stage.sana()
    await log.wait_for("deliver.failed")
    clock.wrong_by = DAYS
    await log.wait_for("deliver.failed", 2)
    await quick_stage.members.clear_faults()
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == PAID


async def test_a_task_is_looked_for_as_long(clock: Clock, log: Log, polling_stage: Stage) -> None:
    """Wiro lists it a little later, although the clock says that `LOST_AFTER_SECONDS` have passed."""
    polling_stage.wiro.script.add(NO_ANSWER)
    polling_stage.wiro.script.add(Rule(call="Task/List", do=NOTHING, times=3))
    message = await polling_stage.sana()
    await log.wait_for("run.unanswered")
    clock.wrong_by = HOUR
    assert (await polling_stage.end_of(message)).pictures
    await polling_stage.closed()
    assert polling_stage.ledger() == PAID


async def test_a_task_is_looked_for_no_longer(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """The clock is set back: what holds a slot of Wiro's does not hold it until the clock has caught up."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(answer="reset")))
    message = await quick_stage.sana()
    await log.wait_for("run.unanswered")
    clock.wrong_by = -DAYS
    clock.ahead += timedelta(seconds=600)
    assert "could not find it there" in (await quick_stage.end_of(message)).text
    await quick_stage.closed()
    assert quick_stage.ledger() == REFUNDED


async def test_a_task_that_does_not_stop_is_left(clock: Clock, quick_stage: Stage) -> None:
    """The clock is set back after a task was told to stop: a minute later its job ends all the same."""
    for rule in (STUCK, NOT_KILLED):
        quick_stage.wiro.script.add(rule)
    message = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[-1]["state"] == "running")
    await quick_stage.member().click(message, label="Cancel")
    await eventually(lambda: quick_stage.calls("Task/Cancel") > 0)
    clock.wrong_by = -DAYS
    clock.ahead += timedelta(seconds=60)
    assert "Your 1 credit is back." in (await quick_stage.end_of(message)).text
    await quick_stage.closed()
    assert quick_stage.ledger() == REFUNDED


async def test_wiro_is_asked_again_for_a_task(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """It does not answer as a machine wakes up days later, and then does: the picture is posted and paid."""
    quick_stage.wiro.script.add(STUCK)
    message = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[-1]["state"] == "running")
    clock.wrong_by = DAYS
    quick_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(http_status=500), times=3))
    quick_stage.wiro.finish(quick_stage.wiro.tasks[-1].taskid)
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert await log.wait_for("track.failed")
    assert quick_stage.ledger() == PAID


async def test_a_message_says_that_it_is_on_hold(clock: Clock, quick_stage: Stage) -> None:
    """The clock is set back after a command: its message is brought up to date all the same."""
    quick_stage.wiro.script.add(NO_BALANCE)
    message = await quick_stage.sana()
    clock.wrong_by = -HOUR
    await quick_stage.member().wait_for_change(message, lambda shown: "On hold" in shown.text)


async def test_a_job_in_line_waits_on(clock: Clock, quick_stage: Stage) -> None:
    """The clock jumps ahead by more than `QUEUE_TIMEOUT_SECONDS`: whoever waits has waited no longer."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(wiro_max_concurrent="1")
    quick_stage.wiro.script.add(STUCK)
    await quick_stage.sana(quick_stage.member("booster"))
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    message = await quick_stage.sana()
    clock.wrong_by = DAYS
    quick_stage.wiro.finish(task.taskid)
    assert (await quick_stage.end_of(message)).pictures


async def test_a_job_in_line_waits_no_longer(clock: Clock, quick_stage: Stage) -> None:
    """The clock is set back: `QUEUE_TIMEOUT_SECONDS` do not begin anew for those who wait."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(wiro_max_concurrent="1", queue_timeout_seconds="5")
    quick_stage.wiro.script.add(STUCK)
    await quick_stage.sana(quick_stage.member("booster"))
    await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    message = await quick_stage.sana()
    clock.wrong_by = -DAYS
    assert "waited too long in line" in (await quick_stage.end_of(message)).text
