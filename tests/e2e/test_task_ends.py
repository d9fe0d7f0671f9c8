"""Every way in which a task can end, and what the member, the ledger and the log hear of it."""

from datetime import timedelta

import pytest

from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.other_client import another_client
from tests.support.stage import PAID, REFUNDED, Stage

SUCCESSES = {
    "pexit 0": TaskScript(),
    "no pexit, and outputs": TaskScript(no_pexit=True),
    "one more output that is no picture": TaskScript(extra_output=True),
    "an unknown status on the way": TaskScript(unknown_status="task_dreaming", seconds=0.2),
    "an output whose size is told wrongly": TaskScript(outputs="wrong_size_field"),
    "an output that takes its time": TaskScript(outputs="slow", slow_seconds=0.3),
}
FAILURES = {
    "pexit 1": (TaskScript(pexit="1", debugerror="out of memory"), "pexit 1, 0 outputs: out of memory"),
    "pexit 137": (TaskScript(pexit="137"), "pexit 137"),
    "task_error": (TaskScript(task_error=True, debugerror="no such model"), "task_error"),
    "no outputs": (TaskScript(no_outputs=True), "pexit 0, 0 outputs"),
    "neither pexit nor outputs": (TaskScript(no_outputs=True, no_pexit=True), "pexit absent, 0 outputs"),
}
NOT_FETCHED = "The picture was made, but could not be fetched.\nYour 1 credit is back.\n"
NO_PICTURE = "The picture service finished, but what it made cannot be posted.\nYour 1 credit is back.\n"
ELSEWHERE = "https://example.com/0.png"
NO_PICTURES = {
    "missing": (TaskScript(outputs="missing"), NOT_FETCHED, "404"),
    "a page": (TaskScript(outputs="html"), NO_PICTURE, "no picture"),
    "a bomb": (TaskScript(outputs="bomb"), NO_PICTURE, "50000 by 50000"),
    "damaged": (TaskScript(outputs="broken"), NO_PICTURE, "damaged"),
    "cut off": (TaskScript(outputs="truncated"), NO_PICTURE, "cut off"),
    "on another host": (
        TaskScript(outputs="foreign_url", url=ELSEWHERE),
        NO_PICTURE,
        "'example.com' is not allowed",
    ),
    "in the owner's own network": (
        TaskScript(outputs="foreign_url", url="http://localhost/0.png"),
        NO_PICTURE,
        "'localhost' is not allowed",
    ),
    "a file": (TaskScript(outputs="foreign_url", url="file:///etc/hostname"), NO_PICTURE, "not allowed"),
    "led elsewhere": (TaskScript(outputs="redirect", url=ELSEWHERE), NO_PICTURE, "example.com"),
}
FAILED_FOR_NOW = {
    "503": CallFault(http_status=503),
    "429": CallFault(http_status=429),
    "reset": CallFault(answer="reset"),
    "cut off": CallFault(answer="cut_off"),
}


@pytest.mark.parametrize("script", SUCCESSES.values(), ids=SUCCESSES)
async def test_a_success_is_posted_and_paid(quick_stage: Stage, script: TaskScript) -> None:
    """`pexit` 0, or none and outputs: the picture is in the message, and its credit is settled."""
    quick_stage.wiro.script.add(Rule(call="task", do=script))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert (len(done.pictures), quick_stage.ledger()) == (1, PAID)


@pytest.mark.parametrize(("script", "why"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_told_and_refunded(
    log: Log, quick_stage: Stage, script: TaskScript, why: str
) -> None:
    """The same message says what happened, that the credits are back, and a reference that the log has."""
    quick_stage.wiro.script.add(Rule(call="task", do=script))
    message = await quick_stage.sana(samples=4)
    ended = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert ended.id == message.id
    assert ended.text.startswith(
        "The picture service could not make this picture.\nYour 4 credits are back.\n"
    )
    assert ended.text.endswith("Reference S-1")
    assert quick_stage.ledger() == [("reserve", 4), ("refund", 4)]
    [told] = await log.wait_for("job.ended")
    assert told["job"] == "S-1"
    assert why in told["detail"]


@pytest.mark.parametrize(("script", "what_happened", "why"), NO_PICTURES.values(), ids=NO_PICTURES)
async def test_a_picture_that_is_not_to_be_had_is_refunded(
    log: Log, quick_stage: Stage, script: TaskScript, what_happened: str, why: str
) -> None:
    """What cannot be posted is not paid: the message says so in a member's words, and the log says why."""
    quick_stage.wiro.script.add(Rule(call="task", do=script))
    ended = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert not ended.pictures
    assert ended.text.startswith(what_happened)
    assert ended.text.endswith("Reference S-1")
    assert quick_stage.ledger() == REFUNDED
    [told] = await log.wait_for("job.ended")
    assert told["job"] == "S-1"
    assert why in told["detail"]


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("answer", FAILED_FOR_NOW.values(), ids=FAILED_FOR_NOW)
async def test_a_picture_that_may_be_had_later_is_fetched_again(
    quick_stage: Stage, answer: CallFault
) -> None:
    """Where its host fails for a moment, the member sees nothing of it but the picture."""
    quick_stage.wiro.script.add(Rule(call="file", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert (len(done.pictures), quick_stage.ledger()) == (1, PAID)
    assert quick_stage.calls("file") == 2


@pytest.mark.usefixtures("quick_retries")
async def test_a_picture_that_never_comes_is_refunded(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """After ten minutes in which its host failed, the member is told, and the credits are back."""
    quick_stage.wiro.script.add(Rule(call="file", do=CallFault(http_status=503), times=None))
    message = await quick_stage.sana()
    await log.wait_for("deliver.failed")
    clock.ahead += timedelta(minutes=10)
    ended = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert ended.text.startswith(NOT_FETCHED)
    assert quick_stage.ledger() == REFUNDED


async def test_a_task_that_was_killed_by_somebody_else_is_refunded(quick_stage: Stage) -> None:
    """`task_cancel` that nobody here asked for: the message says where it was cancelled, and no name."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await quick_stage.sana()
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    async with another_client(quick_stage.wiro) as client:
        await client.kill(taskid=task.taskid, tasktoken=task.token)
    ended = await quick_stage.end_of(message)
    await quick_stage.closed()
    assert ended.text.startswith(
        "This was cancelled at the picture service before there was a picture.\nYour 1 credit is back.\n"
    )
    assert ended.text.endswith("Reference S-1")
    assert quick_stage.ledger() == REFUNDED


@pytest.mark.usefixtures("quick_retries")
async def test_a_task_that_was_cancelled_in_wiros_queue_is_refunded(polling_stage: Stage) -> None:
    """Wiro calls nobody back for it: polling finds it."""
    polling_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at="task_queue")))
    message = await polling_stage.sana()
    task = await polling_stage.wiro.wait_for_task(lambda _: True)
    async with another_client(polling_stage.wiro) as client:
        await client.cancel(taskid=task.taskid, tasktoken=task.token)
    ended = await polling_stage.end_of(message)
    await polling_stage.closed()
    assert "Your 1 credit is back." in ended.text
    assert polling_stage.ledger() == REFUNDED


@pytest.mark.usefixtures("quick_retries")
async def test_an_unknown_status_is_waited_out_and_logged_once(log: Log, polling_stage: Stage) -> None:
    """Two looks at two tasks in a status that nobody documented make one line, and both go on."""
    script = TaskScript(stuck=True, stuck_at="task_dreaming", unknown_status="task_dreaming")
    polling_stage.wiro.script.add(Rule(call="task", do=script, times=None))
    messages = [await polling_stage.sana(), await polling_stage.sana()]
    await polling_stage.wiro.wait_for_requests("Task/Detail", 4)
    for task in polling_stage.wiro.tasks:
        polling_stage.wiro.finish(task.taskid)
    for message in messages:
        assert (await polling_stage.end_of(message)).pictures
    assert [line["status"] for line in log.of("task.unknown_status")] == ["task_dreaming"]
