"""Progress edits never cost a picture: not by coming late, and not by using up the channel's few calls."""

from datetime import timedelta

import pytest

from sandbox.wiro import Rule, TaskScript, WiroConfig
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import PAID, Stage, eventually

TOKEN_EDIT = r"/webhooks/.*"


@pytest.mark.usefixtures("quick_progress")
async def test_an_edit_that_comes_after_the_pictures_does_not_take_them_away(
    quick_stage: Stage, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit that shows "being made" times out, and Discord applies it after the delivery."""
    monkeypatch.setattr("bot.present.messenger._CALL_SECONDS", 0.3)
    monkeypatch.setattr("bot.jobs.progress._MAY_COME_LATE_SECONDS", 2.5)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await quick_stage.members.add_fault(kind="stall", method="PATCH", route=TOKEN_EDIT, seconds=1.5)
    message = await quick_stage.sana()
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await log.wait_for("progress.dropped")
    quick_stage.wiro.finish(task.taskid)
    await log.wait_for("deliver.unsure")
    taken_away = await quick_stage.member().wait_for_change(
        await quick_stage.member().message("pictures", message.id),
        lambda shown: any(edit.pictures for edit in shown.edits) and not shown.pictures,
    )
    assert "being made" in taken_away.text
    done = await quick_stage.end_of(taken_away)
    assert done.pictures
    [job] = await quick_stage.closed()
    assert job["state"] == "delivered"
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_progress")
@pytest.mark.parametrize("wiro_config", [WiroConfig(balance_usd=10.0)])
async def test_old_messages_are_not_edited_through_the_channel_before_they_are_done(
    clock: Clock, quick_stage: Stage
) -> None:
    """Once the token is too old, the channel's few calls are left to the pictures."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    messages = [await quick_stage.sana() for _ in range(4)]
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await eventually(lambda: "running" in [job["state"] for job in quick_stage.jobs()])
    clock.ahead += timedelta(minutes=15)
    quick_stage.wiro.finish(task.taskid)
    assert (await quick_stage.end_of(messages[0])).pictures
    await quick_stage.wiro.wait_for_task(lambda other: other is not task and other.status == "task_output")
    now = [await quick_stage.member().message("pictures", message.id) for message in messages]
    ways = [edit.way for message in now for edit in message.edits]
    assert ways.count("channel") == 1
