"""Callbacks: they only wake, whatever they say, however often they come, and whoever sends them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript
from sandbox.wiro.tasks import Task
from tests.support.stage import Stage

SETTLED = [("reserve", 1), ("settle", 1)]
Post = Callable[..., Awaitable[int]]


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """Somebody who POSTs to an address and is told the status."""
    async with aiohttp.ClientSession() as session:

        async def send(url: str, data: bytes = b"{}") -> int:
            async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as answer:
                return answer.status

        yield send


async def running(stage: Stage, taskid: str = "1") -> Task:
    return await stage.wiro.wait_for_task(lambda task: task.taskid == taskid and task.status == "task_output")


async def test_before_answer(quick_stage: Stage) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(before_answer=True)))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)
    assert [seen.call for seen in stage.wiro.requests] == ["callback", "Run", "Task/Detail", "file"]


@pytest.mark.parametrize("times", [2, 100])
async def test_many(quick_stage: Stage, times) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(times=times)))
    done = await stage.end_of(await stage.sana())
    heard = await stage.wiro.wait_for_requests("callback", times)
    await stage.closed()
    assert {seen.status for seen in heard} == {200}
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)
    print("details", stage.calls("Task/Detail"))
    assert stage.calls("Task/Detail") <= 2


@pytest.mark.parametrize("body", ["task", "taskid", "empty", "not_json", "forged"])
async def test_body(quick_stage: Stage, body) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(body=body)))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)
    assert stage.calls("Task/Detail") == 1


async def test_early_forged(quick_stage: Stage, post: Post) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await running(stage)
    body = b'{"result": true, "tasklist": [{"id": "1", "status": "task_postprocess_end", "pexit": "0", "outputs": [{"url": "https://example.com/0.png"}]}]}'
    assert await post(str(task.inputs.callback_url), body) == 200
    await stage.wiro.wait_for_requests("Task/Detail", 1)
    assert stage.jobs()[0]["state"] == "running"
    stage.wiro.finish("1")
    assert len((await stage.end_of(message)).pictures) == 1


async def test_other_jobs_token(quick_stage: Stage, post: Post) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    messages = [await stage.sana(), await stage.sana()]
    first, second = await running(stage, "1"), await running(stage, "2")
    body = b'{"taskid": "2"}'
    assert await post(str(first.inputs.callback_url), body) == 200
    [asked] = await stage.wiro.wait_for_requests("Task/Detail", 1)
    assert asked.taskid == "1"


async def test_unknown(quick_stage: Stage, post: Post) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    message = await stage.sana()
    task = await running(stage)
    base = f"{stage.callback_base}/wiro/callback/"
    for token in ("x" * 43, "x", "", "../healthz", "%00", "x" * 5000):
        status = await post(base + token)
        assert status in (404, 400), (token, status)
    st = await asyncio.gather(*(post(base + "y" * 43) for _ in range(100)))
    assert set(st) == {404, 429}
    assert await post(str(task.inputs.callback_url)) == 200
    assert stage.calls("Task/Detail") <= 1


async def test_late(quick_stage: Stage, post: Post) -> None:
    stage = quick_stage
    await stage.end_of(await stage.sana())
    await stage.closed()
    url = str(stage.wiro.tasks[0].inputs.callback_url)
    before = len(await stage.members.requests())
    assert await post(url) == 200
    done = await stage.end_of(await stage.sana())
    assert stage.calls("Task/Detail") == 2
    await stage.closed(2)
    assert stage.ledger() == SETTLED * 2


async def test_ms(quick_stage: Stage, post: Post) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(delay_seconds=1)))
    message = await stage.sana()
    task = await running(stage)
    t = time.monotonic()
    for data in (b"{}", b"x" * 1_000_000, b""):
        assert await post(str(task.inputs.callback_url), data) == 200
    print(time.monotonic() - t)
    assert time.monotonic() - t < 0.5
    stage.wiro.finish("1")
    assert (await stage.end_of(message)).pictures
