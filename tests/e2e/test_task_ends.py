"""Every way in which a task can end, and what the member, the ledger and the log hear of it."""

import pytest
from structlog.typing import EventDict

from bot.wiro.client import WiroClient
from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.stage import Stage

REFUNDED = [("reserve", 1), ("refund", 1)]
SETTLED = [("reserve", 1), ("settle", 1)]
NOT_MADE = "The picture service could not make this picture."
NOT_FETCHED = "The picture was made, but could not be fetched."

SUCCESSES = {
    "pexit 0": TaskScript(),
    "no pexit, and outputs": TaskScript(no_pexit=True),
    "an output that is no picture besides": TaskScript(extra_output=True),
    "a status that nobody documented on the way": TaskScript(unknown_status="task_dreaming", seconds=0.2),
    "a size that is not its own": TaskScript(outputs="wrong_size_field"),
    "an output that takes its time": TaskScript(outputs="slow", slow_seconds=0.5),
}
FAILURES = {
    "pexit 1": TaskScript(pexit="1"),
    "pexit 137": TaskScript(pexit="137"),
    "task_error": TaskScript(task_error=True),
    "no outputs": TaskScript(no_outputs=True),
    "neither pexit nor outputs": TaskScript(no_outputs=True, no_pexit=True),
}
NO_PICTURES = {
    "missing": (TaskScript(outputs="missing"), "404"),
    "a page": (TaskScript(outputs="html"), "no picture"),
    "a bomb": (TaskScript(outputs="bomb"), "50000 by 50000"),
    "damaged": (TaskScript(outputs="broken"), "damaged"),
    "cut off": (TaskScript(outputs="truncated"), "cut off"),
    "on another host": (TaskScript(outputs="foreign_url", url="https://example.com/0.png"), "example.com"),
    "on an address of the owner's network": (
        TaskScript(outputs="foreign_url", url="http://localhost:1/0.png"),
        "localhost",
    ),
    "a file": (TaskScript(outputs="foreign_url", url="file:///etc/passwd"), "not allowed"),
    "led astray": (TaskScript(outputs="redirect", url="https://example.com/0.png"), "example.com"),
}


@pytest.mark.parametrize("script", SUCCESSES.values(), ids=SUCCESSES)
async def test_a_success_is_posted_and_paid(quick_stage: Stage, script: TaskScript) -> None:
    """`pexit` 0, or none and outputs: the picture is posted and the credit settled."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=script))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)


async def test_an_unknown_status_is_logged_once(polling_stage, log) -> None:
    stage = polling_stage
    stage.wiro.script.add(
        Rule(
            call="task",
            do=TaskScript(stuck=True, stuck_at="task_dreaming", unknown_status="task_dreaming"),
            times=None,
        )
    )
    ms = [await stage.sana() for _ in range(2)]
    await stage.wiro.wait_for_requests("Task/Detail", 2)
    assert [e["status"] for e in log if e["event"] == "task.unknown_status"] == ["task_dreaming"]
    stage.wiro.finish("1")
    stage.wiro.finish("2")
    for m in ms:
        assert (await stage.end_of(m)).pictures


@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_told_and_refunded(
    quick_stage: Stage, log: list[EventDict], script: TaskScript
) -> None:
    """The same message says what happened, that the credits are back, and a reference that the log has."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=script))
    message = await stage.sana()
    ended = await stage.end_of(message)
    for part in (NOT_MADE, "Your 1 credit is back.", "Reference S-1"):
        assert part in ended.text
    await stage.closed()
    assert (ended.id, stage.ledger()) == (message.id, REFUNDED)
    [told] = [entry for entry in log if entry["event"] == "job.ended"]
    print(told, ended.text)
    assert told["job"] == "S-1"


@pytest.mark.parametrize(("script", "why"), NO_PICTURES.values(), ids=NO_PICTURES)
async def test_a_picture_that_is_not_to_be_had(
    quick_stage: Stage, log: list[EventDict], script: TaskScript, why: str
) -> None:
    """What cannot be posted is not charged: the message says so, and the log says why."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=script))
    ended = await stage.end_of(await stage.sana())
    for part in (NOT_FETCHED, "Your 1 credit is back.", "Reference S-1"):
        assert part in ended.text
    assert not ended.pictures
    await stage.closed()
    assert stage.ledger() == REFUNDED
    [told] = [entry for entry in log if entry["event"] == "job.ended"]
    print(told, ended.text)
    assert why in told["detail"]


async def test_killed_from_outside(quick_stage: Stage, other_client: WiroClient) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await other_client.kill(taskid=task.taskid, tasktoken=task.token)
    ended = await stage.end_of(message)
    print(ended.text)
    await stage.closed()
    assert stage.ledger() == REFUNDED


async def test_cancelled_from_outside_in_queue(polling_stage: Stage, other_client: WiroClient) -> None:
    pass


async def test_output_later(quick_stage: Stage) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="file", do=CallFault(http_status=503)))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)


@pytest.mark.parametrize(
    "fault",
    [
        CallFault(http_status=500),
        CallFault(http_status=429),
        CallFault(answer="reset"),
        CallFault(answer="cut_off"),
        CallFault(answer="not_json"),
        CallFault(answer="numbers"),
        CallFault(answer="extra"),
        CallFault(answer="data_wrapped"),
        CallFault(http_status=401),
        CallFault(error="There is no task yet.", error_code=1),
        CallFault(delay_seconds=0.5),
    ],
)
async def test_detail_faults(quick_stage: Stage, fault, log) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="Task/Detail", do=fault))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)
    print(*log, sep="\n")
    assert stage.calls("Run") == 1
