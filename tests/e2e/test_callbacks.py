"""Callbacks only wake, whatever they say, however often they come, and whoever sends them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from sandbox.shown import Message
from sandbox.wiro import CallbackScript, CallFault, Rule, Task, TaskScript
from sandbox.wiro.behaviours import CallbackBody
from tests.support.stage import PAID, Stage

pytestmark = pytest.mark.usefixtures("no_socket")  # which tells of ends as well

Post = Callable[[str, bytes], Awaitable[int]]

SUCCESS_ELSEWHERE = json.dumps(
    {
        "result": True,
        "tasklist": [
            {
                "id": "1",
                "status": "task_postprocess_end",
                "pexit": "0",
                "outputs": [{"name": "0.png", "url": "https://example.com/0.png"}],
            }
        ],
    }
).encode()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """Anybody who can reach the listener: sends a body to an address, and is told the HTTP status."""
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def send(address: str, body: bytes) -> int:
            async with session.post(address, data=body) as answer:
                return answer.status

        yield send


async def a_running_task(stage: Stage, taskid: str = "1") -> Task:
    """Return the task of a job that was just typed, once it works and stays so."""
    return await stage.wiro.wait_for_task(lambda task: task.taskid == taskid and task.status == "task_output")


async def in_the_end(stage: Stage, message: Message) -> Message:
    """Return a job's message once it is final, which no poll could have made it so soon."""
    return await stage.end_of(message, timeout_seconds=5)


def address_of(task: Task) -> str:
    """Return where a task's callback goes."""
    assert task.inputs.callback_url is not None
    return task.inputs.callback_url


async def test_a_callback_before_runs_answer_is_not_lost(quick_stage: Stage) -> None:
    """It is heard while Run is still under way, and makes for one look once Run is answered."""
    quick_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(before_answer=True)))
    done = await in_the_end(quick_stage, await quick_stage.sana())
    assert len(done.pictures) == 1
    calls = [seen.call for seen in quick_stage.wiro.requests if seen.call != "socket"]
    assert calls == ["callback", "Run", "Task/Detail", "file"]


@pytest.mark.parametrize("times", [2, 100])
async def test_the_same_callback_many_times_changes_nothing_more(quick_stage: Stage, times: int) -> None:
    """All are answered with 200 and lead to one more Task/Detail at most, one picture and one payment."""
    quick_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(times=times)))
    done = await in_the_end(quick_stage, await quick_stage.sana())
    heard = await quick_stage.wiro.wait_for_requests("callback", times)
    await quick_stage.closed()
    assert {seen.status for seen in heard} == {200}
    assert len(done.pictures) == 1
    assert quick_stage.calls("Task/Detail") <= 2
    assert quick_stage.ledger() == PAID


@pytest.mark.parametrize("body", ["task", "taskid", "empty", "not_json", "forged"])
async def test_what_a_callback_says_does_not_matter(quick_stage: Stage, body: CallbackBody) -> None:
    """Any body leads to one signed Task/Detail, which decides."""
    quick_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(body=body)))
    done = await in_the_end(quick_stage, await quick_stage.sana())
    assert len(done.pictures) == 1
    assert quick_stage.calls("Task/Detail") == 1


async def test_a_forged_success_of_a_running_task_is_not_believed(quick_stage: Stage, post: Post) -> None:
    """Wiro is asked, says that the task runs, and so it does until it ends."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await quick_stage.sana()
    task = await a_running_task(quick_stage)
    assert await post(address_of(task), SUCCESS_ELSEWHERE) == 200
    await quick_stage.wiro.wait_for_requests("Task/Detail", 1)
    assert [job["state"] for job in quick_stage.jobs()] == ["running"]
    quick_stage.wiro.finish(task.taskid)
    assert len((await in_the_end(quick_stage, message)).pictures) == 1


async def test_a_token_wakes_its_own_job_alone(quick_stage: Stage, post: Post) -> None:
    """A callback with one job's token that speaks of another's task makes for a look at the first."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    for _ in range(2):
        await quick_stage.sana()
    first, second = await a_running_task(quick_stage, "1"), await a_running_task(quick_stage, "2")
    assert await post(address_of(first), json.dumps({"taskid": second.taskid}).encode()) == 200
    [looked] = await quick_stage.wiro.wait_for_requests("Task/Detail", 1)
    assert looked.taskid == first.taskid


async def test_unknown_tokens_are_refused_and_hinder_nobody(quick_stage: Stage, post: Post) -> None:
    """Guesses are answered with 404, and many of them with 429, while a known token is heard at once."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await quick_stage.sana()
    task = await a_running_task(quick_stage)
    base = address_of(task).rpartition("/")[0]
    for guess in ("", "x", "%00", "x" * 43, "x" * 5000):
        assert await post(f"{base}/{guess}", b"{}") == 404
    flood = await asyncio.gather(*(post(f"{base}/{number:043}", b"{}") for number in range(100)))
    assert set(flood) == {404, 429}
    assert quick_stage.calls("Task/Detail") == 0
    assert await post(address_of(task), b"{}") == 200
    await quick_stage.wiro.wait_for_requests("Task/Detail", 1)


async def test_a_late_callback_is_answered_and_nothing_more(quick_stage: Stage, post: Post) -> None:
    """After the delivery it is acknowledged, and neither Wiro nor Discord is asked for anything."""
    await in_the_end(quick_stage, await quick_stage.sana())
    await quick_stage.closed()
    [task] = quick_stage.wiro.tasks
    assert await post(address_of(task), b"{}") == 200
    await in_the_end(quick_stage, await quick_stage.sana())
    await quick_stage.closed(2)
    assert quick_stage.calls("Task/Detail") == 2
    assert quick_stage.ledger() == PAID * 2


@pytest.mark.parametrize("body", [b"{}", b"", b"x" * 1_000_000], ids=["small", "none", "huge"])
async def test_a_callback_is_answered_at_once(quick_stage: Stage, post: Post, body: bytes) -> None:
    """The listener's answer does not wait for Wiro's."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    quick_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(delay_seconds=0.2)))
    await quick_stage.sana()
    task = await a_running_task(quick_stage)
    assert await post(address_of(task), body) == 200
    assert quick_stage.calls("Task/Detail") == 0
    await quick_stage.wiro.wait_for_requests("Task/Detail", 1)
