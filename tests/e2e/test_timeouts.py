"""What takes too long: tasks are stopped, and waiting ends; each is told and refunded."""

from datetime import timedelta

import aiohttp
import pytest

from sandbox.shown import Message
from sandbox.wiro import CallFault, Rule, Task, TaskScript
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.other_client import another_client
from tests.support.stage import CHANNEL, PAID, REFUNDED, Stage, eventually

STUCK = Rule(call="task", do=TaskScript(stuck=True), times=None)
NOT_KILLED = Rule(
    call="Task/Kill",
    do=CallFault(error="Task could not be killed: it does not listen", error_code=1),
    times=None,
)
STOPPED = "This took longer than it may and was stopped.\nYour 1 credit is back.\n"
WAITED = "This waited too long in line and was taken out of it.\nYour 1 credit is back.\n"
LATE = "This turned up late. Your credits had been returned before, so it costs you nothing."


async def call_back(task: Task) -> None:
    """Have the bot look at a task now."""
    async with aiohttp.ClientSession() as session, session.post(task.inputs.callback_url or "") as answer:
        assert answer.status == 200


async def a_task_at(stage: Stage, status: str) -> Task:
    """Return the task that was just started, once it stays at a status and the bot knows of it."""
    task = await stage.wiro.wait_for_task(lambda task: task.status == status)
    await eventually(lambda: stage.jobs()[-1]["state"] == "running")
    return task


async def expired_unkilled(stage: Stage, clock: Clock) -> tuple[Message, Task]:
    """Let a task that cannot be killed run into the timeout, and return what its message says then."""
    for rule in (STUCK, NOT_KILLED):
        stage.wiro.script.add(rule)
    message = await stage.sana()
    task = await a_task_at(stage, "task_output")
    clock.ahead += timedelta(seconds=1800)
    await call_back(task)
    await eventually(lambda: stage.calls("Task/Cancel") > 0)  # asked for where Task/Kill was refused
    clock.ahead += timedelta(seconds=60)
    await call_back(task)
    ended = await stage.end_of(message)
    await stage.closed()
    return ended, task


async def test_a_task_that_takes_too_long_is_killed(quick_stage: Stage) -> None:
    """`JOB_TIMEOUT_SECONDS` after Run it is stopped at Wiro, and the member told and refunded."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(job_timeout_seconds="5")
    quick_stage.wiro.script.add(STUCK)
    ended = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert ended.text.startswith(STOPPED)
    assert ended.text.endswith("Reference S-1")
    [task] = quick_stage.wiro.tasks
    assert task.status == "task_cancel"
    assert 4.9 <= task.times["task_cancel"] - task.times["task_queue"] <= 8
    assert quick_stage.ledger() == REFUNDED


async def test_a_task_that_wiro_never_began_is_cancelled(clock: Clock, quick_stage: Stage) -> None:
    """One that is still in Wiro's queue cannot be killed; it is taken out of it."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at="task_queue")))
    message = await quick_stage.sana()
    task = await a_task_at(quick_stage, "task_queue")
    clock.ahead += timedelta(seconds=1800)
    await call_back(task)
    ended = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert ended.text.startswith(STOPPED)
    assert (task.status, quick_stage.ledger()) == ("task_cancel", REFUNDED)


async def test_a_success_at_the_last_moment_is_posted(clock: Clock, quick_stage: Stage) -> None:
    """What ended while it was being stopped is a picture, and is paid."""
    for rule in (STUCK, NOT_KILLED):
        quick_stage.wiro.script.add(rule)
    message = await quick_stage.sana()
    task = await a_task_at(quick_stage, "task_output")
    clock.ahead += timedelta(seconds=1800)
    await call_back(task)
    await quick_stage.wiro.wait_for_requests("Task/Kill", 1)
    quick_stage.wiro.finish(task.taskid)
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == [("reserve", 1), ("settle", 1)]


@pytest.mark.parametrize("look_fails", [False, True], ids=["", "after a failed look"])
@pytest.mark.usefixtures("quick_retries")
async def test_a_success_after_the_timeout_is_posted_for_free(
    clock: Clock, quick_stage: Stage, *, look_fails: bool
) -> None:
    """A task that could not be killed and ends in a picture after all: it comes, and the refund stands."""
    ended, task = await expired_unkilled(quick_stage, clock)
    assert ended.text.startswith(STOPPED)
    if look_fails:
        quick_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(http_status=401)))
    quick_stage.wiro.finish(task.taskid)
    done = await quick_stage.member().wait_for_change(ended, lambda shown: bool(shown.pictures))
    await quick_stage.closed()
    assert done.id == ended.id
    assert LATE in done.text
    assert quick_stage.ledger() == REFUNDED


async def test_a_failure_after_the_timeout_changes_nothing(clock: Clock, quick_stage: Stage) -> None:
    """A late callback of a task that has no picture leaves message and credits as they are."""
    ended, task = await expired_unkilled(quick_stage, clock)
    [before] = quick_stage.jobs()
    quick_stage.wiro.script.clear()
    looks = quick_stage.calls("Task/Detail")
    async with another_client(quick_stage.wiro) as client:
        await client.kill(taskid=task.taskid, tasktoken=task.token)
    await quick_stage.wiro.wait_for_requests("Task/Detail", looks + 1)
    await quick_stage.end_of(await quick_stage.sana())
    after = await quick_stage.member().message(CHANNEL, ended.id)
    assert (after.revision, quick_stage.jobs()[0]) == (ended.revision, before)


async def test_a_job_that_waits_too_long_leaves_the_line(log: Log, quick_stage: Stage) -> None:
    """After `QUEUE_TIMEOUT_SECONDS` it is told and refunded, and Wiro never heard of it."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(queue_timeout_seconds="5", wiro_max_concurrent="1")
    quick_stage.wiro.script.add(STUCK)
    await quick_stage.sana(quick_stage.member("booster"))
    await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    ended = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert ended.text.startswith(WAITED)
    assert ended.text.endswith("Reference S-2")
    waited = (ended.edits[-1].at - ended.edits[0].at).total_seconds()
    assert 4.5 <= waited <= 8
    assert quick_stage.calls("Run") == 1
    assert quick_stage.ledger() == [("reserve", 1), *REFUNDED]
    assert [line["job"] for line in await log.wait_for("job.ended")] == ["S-2"]


@pytest.mark.parametrize("down", [timedelta(hours=2), timedelta(days=2)], ids=str)
async def test_a_bot_that_was_down_hears_first_what_became_of_a_task(
    clock: Clock, quick_stage: Stage, down: timedelta
) -> None:
    """Down for longer than the timeout, and Wiro fails to answer at first: the finished picture is posted."""
    quick_stage.wiro.script.add(STUCK)
    message = await quick_stage.sana()
    task = await a_task_at(quick_stage, "task_output")
    await quick_stage.stop_bot()
    quick_stage.wiro.finish(task.taskid)
    await eventually(lambda: task.status == "task_postprocess_end")
    clock.ahead += down
    quick_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(http_status=500), times=3))
    await quick_stage.start_bot()
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_retries")
async def test_a_task_of_which_nothing_is_heard_for_a_day_is_given_up(
    clock: Clock, log: Log, quick_stage: Stage
) -> None:
    """Wiro does not answer for a task that is overdue: after a day its member is told and refunded."""
    for rule in (STUCK, Rule(call="Task/Detail", do=CallFault(http_status=500), times=None)):
        quick_stage.wiro.script.add(rule)
    message = await quick_stage.sana()
    await call_back(await a_task_at(quick_stage, "task_output"))
    await log.wait_for("track.failed")
    clock.ahead += timedelta(hours=24)
    ended = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert ended.text.startswith(STOPPED)
    assert quick_stage.ledger() == REFUNDED
