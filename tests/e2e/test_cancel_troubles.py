"""Cancel where Wiro is slow, refuses, loses its answers or is not asked yet, and where the bot restarts."""

from datetime import timedelta
from typing import Final

import pytest

from sandbox.shown import Message
from sandbox.wiro import CallFault, Rule, SocketScript, Task, TaskScript
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import PAID, REFUNDED, Stage, eventually

STUCK: Final = Rule(call="task", do=TaskScript(stuck=True), times=None)
SLOW: Final = 0.3  # seconds that Run takes, so that there is time for a click
STARTED: Final = {
    "accepted late": CallFault(delay_seconds=SLOW),
    "told late": CallFault(delay_seconds=SLOW, after_effect=True),
    "lost": CallFault(answer="lost_answer", delay_seconds=SLOW),
    "reset": CallFault(answer="reset", delay_seconds=SLOW, after_effect=True),
    "500": CallFault(http_status=500, delay_seconds=SLOW, after_effect=True),
    "503": CallFault(http_status=503, delay_seconds=SLOW, after_effect=True),
    "cut off": CallFault(answer="cut_off", delay_seconds=SLOW),
    "not JSON": CallFault(answer="not_json", delay_seconds=SLOW, after_effect=True),
}
NOTHING_STARTED: Final = {
    "96": CallFault(error="you can run up to 1 tasks at the same time", error_code=96, delay_seconds=SLOW),
    "97": CallFault(error="Insufficient balance.", error_code=97, delay_seconds=SLOW),
    "401": CallFault(http_status=401, delay_seconds=SLOW),
    "429": CallFault(http_status=429, delay_seconds=SLOW),
    "for now": CallFault(error="Something went wrong.", error_code=0, delay_seconds=SLOW),
    "for ever": CallFault(error="Request parameters are invalid.", error_code=0, delay_seconds=SLOW),
    "no tool": CallFault(error="tool-not-accessible", error_code=1, delay_seconds=SLOW),
}
REFUSALS: Final = {
    "as documented": CallFault(error="Task could not be killed: no", error_code=1),
    "code 0": CallFault(error="Task could not be killed: no", error_code=0),
    "bare text": CallFault(error="Task could not be killed: no"),
    "500": CallFault(http_status=500),
    "429": CallFault(http_status=429),
}
NOT_KILLED: Final = Rule(call="Task/Kill", do=REFUSALS["as documented"], times=None)
STOP_LOST: Final = CallFault(answer="lost_answer")
STOP_CUT_OFF: Final = CallFault(answer="cut_off")
IN_VAIN: Final = "\nThis was finished before it could be cancelled, so it is charged.\n"
LATE: Final = "This turned up late. Your credits had been returned before, so it costs you nothing."

pytestmark = pytest.mark.usefixtures("quick_probes", "quick_retries")


async def a_running_job(stage: Stage, *, at: str = "task_output") -> tuple[Message, Task]:
    """Return the message of a job whose task stays at a status, and the task."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at=at)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == at)
    await eventually(lambda: stage.jobs()[-1]["state"] == "running")
    return message, task


async def a_job_under_way(stage: Stage, answer: CallFault) -> Message:
    """Return the message of a job whose Run is on its way."""
    stage.wiro.script.add(STUCK)
    stage.wiro.script.add(Rule(call="Run", do=answer))
    message = await stage.sana()
    await eventually(lambda: stage.jobs()[-1]["state"] == "submitting")
    return message


async def cancel(stage: Stage, message: Message, who: str = "member") -> None:
    """Click Cancel, and see that it is answered as for a job that Wiro works on."""
    clicked = await stage.member(who).click(message, label="Cancel")
    assert (await stage.note(clicked, stage.member(who))).startswith("I am stopping S-")


async def assert_cancelled(stage: Stage, message: Message, who: str = "member") -> Message:
    """See that message, job and ledger say that somebody cancelled it."""
    ended = await stage.end_of(message)
    assert ended.text.startswith(
        f"<@{stage.member(who).id}> cancelled this before there was a picture.\nYour 1 credit is back.\n"
    )
    [job] = await stage.closed()
    assert (job["state"], job["cancelled_by"]) == ("cancelled", stage.member(who).id)
    assert stage.ledger() == REFUNDED
    return ended


# While Run is under way.


@pytest.mark.parametrize("answer", STARTED.values(), ids=STARTED)
async def test_a_task_that_run_started_is_stopped(quick_stage: Stage, answer: CallFault) -> None:
    """However its answer comes, or does not: the cancel is remembered until the task is known."""
    message = await a_job_under_way(quick_stage, answer)
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message)
    assert [task.status for task in quick_stage.wiro.tasks] == ["task_cancel"]
    assert quick_stage.calls("Run") == 1


@pytest.mark.parametrize("answer", NOTHING_STARTED.values(), ids=NOTHING_STARTED)
async def test_a_job_that_run_did_not_start_does_not_come_back(quick_stage: Stage, answer: CallFault) -> None:
    """Refused for now or for ever, it ends as it was asked to, and is not sent again."""
    message = await a_job_under_way(quick_stage, answer)
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message)
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks)) == (1, 0)


async def test_a_job_whose_run_is_never_heard_of_is_refunded(
    clock: Clock, log: Log, quick_stage: Stage
) -> None:
    """Nobody knows of a task: after `LOST_AFTER_SECONDS` the message says so, and the credits are back."""
    message = await a_job_under_way(quick_stage, CallFault(http_status=500, delay_seconds=SLOW))
    await cancel(quick_stage, message)
    await log.wait_for("run.unanswered")
    clock.ahead += timedelta(seconds=600)
    assert "Your 1 credit is back." in (await quick_stage.end_of(message)).text
    [job] = await quick_stage.closed()
    assert (job["state"], quick_stage.ledger(), quick_stage.calls("Run")) == ("lost", REFUNDED, 1)


@pytest.mark.parametrize("answer", [STARTED["told late"], NOTHING_STARTED["96"]], ids=["started", "refused"])
async def test_the_first_of_two_is_named(quick_stage: Stage, answer: CallFault) -> None:
    """A moderator and then the owner cancel while Run is under way: the message names the moderator."""
    message = await a_job_under_way(quick_stage, answer)
    await cancel(quick_stage, message, "moderator")
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message, "moderator")


async def test_a_picture_that_run_brought_at_once_is_posted_and_paid(quick_stage: Stage) -> None:
    """The task was finished before Run was answered: it was paid, so it comes, although it was cancelled."""
    quick_stage.wiro.script.add(Rule(call="Run", do=STARTED["told late"]))
    message = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[-1]["state"] == "submitting")
    await cancel(quick_stage, message)
    done = await quick_stage.end_of(message)
    [job] = await quick_stage.closed()
    assert (len(done.pictures), job["state"], quick_stage.ledger()) == (1, "delivered", PAID)
    assert IN_VAIN in done.text


# Both calls, where the state that they need is unclear.


async def test_a_task_that_left_wiros_queue_meanwhile_is_killed(quick_stage: Stage) -> None:
    """It was queued when Task/Detail was asked, and is not when Task/Cancel arrives."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=30)))
    quick_stage.wiro.script.add(Rule(call="Task/Cancel", do=CallFault(delay_seconds=1.2)))
    message = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[-1]["state"] == "running")
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message)
    [task] = quick_stage.wiro.tasks
    assert (task.status, "task_accept" in task.times) == ("task_cancel", True)
    assert (quick_stage.calls("Task/Cancel"), quick_stage.calls("Task/Kill")) == (1, 1)


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_where_one_call_is_refused_the_other_is_made(quick_stage: Stage, refusal: CallFault) -> None:
    """Whatever a kill is refused with: the task may have been queued again, so it is cancelled as well."""
    message, task = await a_running_job(quick_stage)
    quick_stage.wiro.script.add(Rule(call="Task/Kill", do=refusal, times=None))
    await cancel(quick_stage, message)
    await quick_stage.wiro.wait_for_requests("Task/Cancel", 1)
    assert task.status == "task_output"
    quick_stage.wiro.script.clear()
    await assert_cancelled(quick_stage, message)


@pytest.mark.parametrize("status", ["task_queue", "task_output"])
async def test_a_task_whose_state_wiro_does_not_tell_is_stopped(quick_stage: Stage, status: str) -> None:
    """Task/Detail fails: what can be done without knowing is done, and the end is told once it is known."""
    message, task = await a_running_job(quick_stage, at=status)
    quick_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(http_status=500), times=None))
    await cancel(quick_stage, message)
    await eventually(lambda: task.status == "task_cancel")
    assert quick_stage.jobs()[-1]["state"] == "running"
    quick_stage.wiro.script.clear()
    await assert_cancelled(quick_stage, message)


@pytest.mark.parametrize(
    ("status", "call"), [("task_queue", "Task/Cancel"), ("task_output", "Task/Kill")], ids=["cancel", "kill"]
)
@pytest.mark.parametrize("answer", [STOP_LOST, STOP_CUT_OFF], ids=["lost", "cut off"])
async def test_the_answer_to_a_stop_may_be_lost(
    quick_stage: Stage, status: str, call: str, answer: CallFault
) -> None:
    """It had its effect: Task/Detail says so, and all is refunded once."""
    message, task = await a_running_job(quick_stage, at=status)
    quick_stage.wiro.script.add(Rule(call=call, do=answer, times=None))
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message)
    assert task.status == "task_cancel"


@pytest.mark.parametrize("status", ["task_queue", "task_output"])
async def test_neither_callback_nor_socket_is_needed(polling_stage: Stage, status: str) -> None:
    """Where nothing is heard of a task that was stopped, it is asked for."""
    polling_stage.wiro.script.add(Rule(call="socket", do=SocketScript(silent=True), times=None))
    await polling_stage.stop_bot()
    await polling_stage.start_bot()
    message, task = await a_running_job(polling_stage, at=status)
    await cancel(polling_stage, message)
    await assert_cancelled(polling_stage, message)
    assert task.status == "task_cancel"


# Wiro refuses both.


async def test_a_task_that_does_not_stop_and_finishes_is_posted_and_paid(quick_stage: Stage) -> None:
    """Wiro refuses both calls, and the task ends in a picture: it was paid, so it comes."""
    message, task = await a_running_job(quick_stage)
    quick_stage.wiro.script.add(NOT_KILLED)
    await cancel(quick_stage, message)
    await quick_stage.wiro.wait_for_requests("Task/Cancel", 1)
    quick_stage.wiro.finish(task.taskid)
    done = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert (len(done.pictures), quick_stage.ledger()) == (1, PAID)
    assert IN_VAIN in done.text


async def never_stopped(stage: Stage, clock: Clock, log: Log) -> tuple[Message, Task]:
    """Cancel a job whose task cannot be stopped, and let a minute pass; return its message, and the task."""
    message, task = await a_running_job(stage)
    stage.wiro.script.add(NOT_KILLED)
    await cancel(stage, message)
    assert [line["call"] for line in await log.wait_for("stop.refused", 2)] == ["kill", "cancel"]
    clock.ahead += timedelta(seconds=60)
    return message, task


async def test_a_task_that_never_stops_is_refunded_and_free_if_it_comes(
    clock: Clock, log: Log, quick_stage: Stage
) -> None:
    """After a minute the job is cancelled all the same; a picture that turns up late costs nothing."""
    message, task = await never_stopped(quick_stage, clock, log)
    ended = await assert_cancelled(quick_stage, message)
    quick_stage.wiro.finish(task.taskid)
    done = await quick_stage.member().wait_for_change(ended, lambda shown: bool(shown.pictures))
    assert LATE in done.text
    [job] = await quick_stage.closed()
    assert (job["state"], quick_stage.ledger()) == ("delivered", REFUNDED)


async def test_a_picture_during_the_last_look_is_not_lost(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """It is finished, and calls back once, while the bot is just giving up: it is looked at once more."""
    message, task = await never_stopped(quick_stage, clock, log)
    looks = quick_stage.calls("Task/Detail")
    quick_stage.wiro.script.clear()
    refused = CallFault(error="Task could not be killed: no", error_code=1, delay_seconds=0.3)
    quick_stage.wiro.script.add(Rule(call="Task/Kill", do=refused))
    await quick_stage.wiro.wait_for_requests("Task/Detail", looks + 1)
    quick_stage.wiro.finish(task.taskid)
    await quick_stage.wiro.wait_for_requests("callback", 1)
    assert len(log.of("stop.refused")) == 2
    done = await quick_stage.member().wait_for_change(message, lambda shown: bool(shown.pictures))
    assert log.of("job.expired")
    [job] = await quick_stage.closed()
    assert (job["state"], len(done.pictures), quick_stage.ledger()) == ("delivered", 1, REFUNDED)


# Restarts.


async def test_a_cancel_outlives_a_restart(quick_stage: Stage) -> None:
    """Asked for while Wiro refused, and the bot stopped: the next start stops the task."""
    message, task = await a_running_job(quick_stage)
    quick_stage.wiro.script.add(NOT_KILLED)
    await cancel(quick_stage, message, "moderator")
    await quick_stage.wiro.wait_for_requests("Task/Cancel", 1)
    await quick_stage.stop_bot()
    quick_stage.wiro.script.clear()
    await quick_stage.start_bot()
    await assert_cancelled(quick_stage, message, "moderator")
    assert task.status == "task_cancel"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_task_in_doubt_is_stopped_after_a_restart(log: Log, quick_stage: Stage, when: str) -> None:
    """Run was not answered; cancelled before or after a restart, the task is stopped once it is found."""
    quick_stage.wiro.script.add(Rule(call="Task/List", do=CallFault(http_status=500), times=None))
    message = await a_job_under_way(quick_stage, STARTED["lost"])
    await log.wait_for("run.unanswered")
    if when == "before":
        await cancel(quick_stage, message)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    if when == "after":
        await cancel(quick_stage, message)
    quick_stage.wiro.script.clear()
    await assert_cancelled(quick_stage, message)
    assert ([task.status for task in quick_stage.wiro.tasks], quick_stage.calls("Run")) == (
        ["task_cancel"],
        1,
    )


async def test_a_running_job_is_cancelled_after_a_restart(quick_stage: Stage) -> None:
    """The button of a message from before it works on a running job, too."""
    message, task = await a_running_job(quick_stage)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    await cancel(quick_stage, message)
    await assert_cancelled(quick_stage, message)
    assert task.status == "task_cancel"


async def test_a_cancel_outlives_a_kill(bare_stage: Stage) -> None:
    """Answered, and then the bot died: what was asked for is carried out by the next start."""
    bot = bare_stage.bot_process()
    try:
        await bot.start()
        await bot.wait_until_ready()
        await bare_stage.members.wait_until_ready()
        message, task = await a_running_job(bare_stage)
        bare_stage.wiro.script.add(NOT_KILLED)
        await cancel(bare_stage, message)
        await bot.kill()
        bare_stage.wiro.script.clear()
        await bot.start()
        await assert_cancelled(bare_stage, message)
        assert task.status == "task_cancel"
    finally:
        await bot.end()
