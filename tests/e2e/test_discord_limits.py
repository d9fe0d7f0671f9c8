"""Discord limits the bot as a whole, and says for how long."""

import pytest

from bot.present.messenger import TOKEN_WAY_LASTS
from sandbox.wiro import Rule, TaskScript
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import PAID, Stage


@pytest.mark.usefixtures("quick_retries")
async def test_a_call_that_runs_out_of_time_within_a_global_limit_holds_up_no_other(
    clock: Clock, log: Log, quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that was told of the limit is given up before it is over; the next ones go out."""
    stage = quick_stage
    monkeypatch.setattr("bot.client._LIMIT_SECONDS", 1.0)
    monkeypatch.setattr("bot.present.messenger._CALL_SECONDS", 0.3)
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await stage.members.add_fault(kind="rate_limit", for_all=True, method="PATCH", seconds=5.0)
    clock.ahead += TOKEN_WAY_LASTS
    stage.wiro.finish(task.taskid)
    await log.wait_for("deliver.failed")
    monkeypatch.setattr("bot.present.messenger._CALL_SECONDS", 60.0)
    assert (await stage.end_of(message, timeout_seconds=30)).pictures
    await stage.closed()
    assert stage.ledger() == PAID
