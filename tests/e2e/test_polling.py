"""Polling guarantees what callbacks only speed up: alone, beside them, after them, and after a restart."""

import sqlite3
from contextlib import closing
from itertools import combinations

import pytest

from sandbox.shown import Message
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript
from tests.support.stage import PAID, Stage

pytestmark = pytest.mark.usefixtures("no_socket")  # which tells of ends as well

NO_CALLBACKS = Rule(call="callback", do=CallbackScript(lost=True), times=None)
STUCK = Rule(call="task", do=TaskScript(stuck=True), times=None)
POLLS_PER_SECOND = 5
POLLS_AT_ONCE = 20

BAD_ANSWERS = {
    "500": CallFault(http_status=500),
    "429": CallFault(http_status=429),
    "reset": CallFault(answer="reset"),
    "cut off": CallFault(answer="cut_off"),
    "not JSON": CallFault(answer="not_json"),
    "numbers instead of texts": CallFault(answer="numbers"),
    "fields that nobody documented": CallFault(answer="extra"),
    "slow": CallFault(delay_seconds=0.3),
    "401": CallFault(http_status=401),
    "403": CallFault(http_status=403),
    "404": CallFault(http_status=404),
    "refused": CallFault(error="Something went wrong.", error_code=0),
    "refused in a bare text": CallFault(error="Server is busy"),
    "not there yet": CallFault(error="There is no task yet.", error_code=1),
    "no tasklist": CallFault(answer="data_wrapped"),
}


def seconds_taken(done: Message) -> float:
    """Return how long it took from a job's answer to its picture."""
    return done.edits[-1].monotonic - done.edits[0].monotonic


@pytest.mark.usefixtures("quick_retries")
async def test_polling_alone_is_enough(polling_stage: Stage) -> None:
    """Without a public address the task's end is found all the same."""
    done = await polling_stage.end_of(await polling_stage.sana())
    await polling_stage.closed()
    assert (len(done.pictures), polling_stage.ledger()) == (1, PAID)
    assert polling_stage.calls("callback") == 0


@pytest.mark.usefixtures("quick_retries")
async def test_nobody_polls_while_callbacks_arrive(quick_stage: Stage) -> None:
    """A task that polling alone would have looked at in between needs one Task/Detail: the callback's."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=0.6)))
    assert (await quick_stage.end_of(await quick_stage.sana())).pictures
    assert quick_stage.calls("Task/Detail") == 1


@pytest.mark.usefixtures("quick_retries")
async def test_polling_is_quicker_once_callbacks_have_stopped(
    monkeypatch: pytest.MonkeyPatch, quick_stage: Stage
) -> None:
    """After two that never came, the next task is not left waiting for its own."""
    monkeypatch.setattr("bot.jobs.pace._CALLBACK_GRACE_SECONDS", 2.5)
    quick_stage.wiro.script.add(NO_CALLBACKS)
    for message in [await quick_stage.sana(), await quick_stage.sana()]:
        assert seconds_taken(await quick_stage.end_of(message)) >= 2.5
    third = await quick_stage.end_of(await quick_stage.sana())
    assert seconds_taken(third) < 2.5


async def test_what_ended_while_the_bot_was_down_is_seen_at_once(quick_stage: Stage) -> None:
    """A start looks at every open task, for its callback may have come to nobody."""
    for rule in (NO_CALLBACKS, STUCK):
        quick_stage.wiro.script.add(rule)
    message = await quick_stage.sana()
    await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await quick_stage.stop_bot()
    quick_stage.wiro.finish("1")
    await quick_stage.wiro.wait_for_task(lambda task: task.ended)
    await quick_stage.start_bot()
    done = await quick_stage.end_of(message, timeout_seconds=5)
    assert len(done.pictures) == 1
    assert quick_stage.calls("Run") == 1


async def test_a_task_known_by_its_number_alone_is_followed(quick_stage: Stage) -> None:
    """A task that was found in a listing without its token is asked for by its taskid."""
    quick_stage.wiro.script.add(STUCK)
    message = await quick_stage.sana()
    await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await quick_stage.stop_bot()
    with closing(sqlite3.connect(quick_stage.database)) as connection, connection:
        connection.execute("UPDATE jobs SET tasktoken = NULL")
    quick_stage.wiro.finish("1")
    await quick_stage.start_bot()
    assert (await quick_stage.end_of(message)).pictures


async def test_the_budget_holds_over_all_jobs(quick_stage: Stage) -> None:
    """Fifty tasks that all want to be looked at at once are looked at five times a second, after twenty."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(quota_credits="50")
    quick_stage.wiro.script.add(STUCK)
    for _ in range(50):
        await quick_stage.sana()
    await quick_stage.wiro.wait_for_task(lambda task: task.taskid == "50" and task.status == "task_output")
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    looks = [seen.time for seen in await quick_stage.wiro.wait_for_requests("Task/Detail", 26, 10)]
    for (first, began), (last, ended) in combinations(enumerate(looks), 2):
        seen_late = 2  # by a busy machine
        assert last - first < POLLS_AT_ONCE + POLLS_PER_SECOND * (ended - began) + seen_late


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_a_bad_answer_of_task_detail_is_asked_for_again(quick_stage: Stage, answer: CallFault) -> None:
    """Whatever goes wrong with it, the job ends with its picture, and Run is not sent again."""
    quick_stage.wiro.script.add(Rule(call="Task/Detail", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert (len(done.pictures), quick_stage.ledger()) == (1, PAID)
    assert quick_stage.calls("Run") == 1
