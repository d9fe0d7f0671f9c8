import asyncio
import json
import time

import pytest

from sandbox.wiro import CallbackScript, TaskScript
from sandbox.wiro.behaviours import CallbackBody
from tests.sandbox.wiro_support import Caller, listener, wiro

QUICK = {"callback_pause_seconds": 0.05}


async def settled(at: Caller, url: str, **inputs: object) -> str:
    """Run a task with a callback address, wait until its callback is done with, and give its number."""
    taskid = str((await at.run(callbackUrl=url, **inputs))["taskid"])
    await at.settled(taskid)
    return taskid


def statuses(at: Caller) -> list[int]:
    """Give how each attempt of a callback was answered."""
    return [seen.status for seen in at.server.requests if seen.call == "callback"]


async def test_a_callback_tells_the_end() -> None:
    """When a task has ended its address gets one POST: JSON, Task/Detail's answer, no authentication."""
    async with wiro() as at, listener() as heard:
        taskid = await settled(at, heard.url)
        assert heard.answers == [await at.call("/Task/Detail", taskid=taskid)]
        assert heard.answers[0]["tasklist"][0]["status"] == "task_postprocess_end"
        (headers,) = heard.headers
        assert headers["content-type"] == "application/json"
        assert not {"authorization", "x-api-key", "x-signature", "x-nonce"} & set(headers)
        (seen,) = await at.server.wait_for_requests("callback", 1)
        assert (seen.path, seen.taskid, seen.status) == (heard.url, taskid, 200)


async def test_a_task_without_an_address_calls_nobody() -> None:
    """Without callbackUrl there is no callback."""
    async with wiro() as at:
        await at.settled((await at.finished())["id"])
        assert statuses(at) == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [([200], [200]), ([204, 200], [204, 200]), ([500, 302, 200], [500, 302, 200]), ([404], [404, 404, 404])],
)
async def test_only_200_ends_the_attempts(answers: list[int], expected: list[int]) -> None:
    """There are at most three attempts, and no other status than 200 counts."""
    async with wiro(**QUICK) as at, listener(*answers) as heard:
        await settled(at, heard.url)
        assert statuses(at) == expected
        assert len(heard.bodies) == len(expected)


async def test_attempts_are_a_pause_apart() -> None:
    """Between two attempts the configured pause passes."""
    async with wiro(callback_pause_seconds=0.15) as at, listener(500, 200) as heard:
        await settled(at, heard.url)
        first, second = (seen.time for seen in at.server.requests if seen.call == "callback")
        assert second - first >= 0.15


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "nonsense", "ftp://x/", "http://[::1", "http://é\udc80/"]
)
async def test_addresses_that_nobody_answers(url: str) -> None:
    """A callback that cannot be delivered is given up after three attempts; the task is not harmed."""
    async with wiro(**QUICK) as at:
        taskid = await settled(at, url)
        assert statuses(at) == [0, 0, 0]
        assert (await at.detail(taskid))["pexit"] == "0"


async def test_an_answer_that_takes_too_long() -> None:
    """An attempt is given up after its timeout."""
    over = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with wiro(**QUICK, callback_timeout_seconds=0.1) as at:
        silent = await asyncio.start_server(hold, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        await settled(at, f"http://127.0.0.1:{port}/callback")
        assert statuses(at) == [0, 0, 0]
        over.set()
        silent.close()
        await silent.wait_closed()


async def test_failures_are_told_too() -> None:
    """A failed task and a task that could not start have their callback."""
    async with wiro() as at, listener() as heard:
        at.script("task", TaskScript(pexit="1"))
        at.script("task", TaskScript(task_error=True))
        await settled(at, heard.url)
        await settled(at, heard.url)
        told = [answer["tasklist"][0]["status"] for answer in heard.answers]
        assert told == ["task_postprocess_end", "task_error"]


async def test_a_killed_task_calls_back_and_a_cancelled_one_does_not() -> None:
    """Killing a running task is told; cancelling a queued one is not."""
    async with wiro() as at, listener() as heard:
        at.script("task", TaskScript(stuck=True, stuck_at="task_queue"))
        at.script("task", TaskScript(stuck=True))
        queued = (await at.run(callbackUrl=heard.url))["taskid"]
        running = (await at.run(callbackUrl=heard.url))["taskid"]
        await at.reached("task_output", running)
        await at.call("/Task/Cancel", taskid=queued)
        await at.call("/Task/Kill", taskid=running)
        for task in at.server.tasks:
            await at.settled(task.taskid)
        (answer,) = heard.answers
        assert (answer["tasklist"][0]["id"], answer["tasklist"][0]["status"]) == (running, "task_cancel")


async def test_a_lost_callback() -> None:
    """A callback can be lost: the task ends and nobody hears of it."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(lost=True))
        await settled(at, heard.url)
        assert heard.bodies == []
        await settled(at, heard.url)
        assert len(heard.bodies) == 1


@pytest.mark.parametrize("times", [2, 100])
async def test_a_repeated_callback(times: int) -> None:
    """A callback can come twice, or a hundred times, although it was answered."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(times=times))
        await settled(at, heard.url)
        assert len(heard.bodies) == times
        assert len(set(heard.bodies)) == 1


async def test_a_late_callback() -> None:
    """A callback can come long after the end."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(late_seconds=0.2))
        run = await at.run(callbackUrl=heard.url)
        await at.reached("task_postprocess_end", run["taskid"])
        ended = time.monotonic()
        await heard.first()
        assert time.monotonic() - ended >= 0.15


async def test_a_callback_before_the_answer() -> None:
    """A callback can arrive before Run is answered."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(before_answer=True))
        run = await at.run(callbackUrl=heard.url)
        assert heard.answers[0]["tasklist"][0]["id"] == run["taskid"]


@pytest.mark.parametrize(
    ("body", "expected"), [("empty", b""), ("not_json", b"done!"), ("taskid", b'{"taskid": "1"}')]
)
async def test_meagre_bodies(body: CallbackBody, expected: bytes) -> None:
    """A callback's body can be next to nothing."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(body=body))
        await settled(at, heard.url)
        assert heard.bodies == [expected]


async def test_a_bare_task() -> None:
    """A callback's body can be the task alone."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(body="task"))
        taskid = await settled(at, heard.url)
        assert heard.answers == [await at.detail(taskid)]


async def test_a_forged_body() -> None:
    """A callback's body can claim the success of a failed task, with a picture from elsewhere."""
    async with wiro() as at, listener() as heard:
        at.script("task", TaskScript(pexit="1"))
        at.script("callback", CallbackScript(body="forged"))
        taskid = await settled(at, heard.url)
        (answer,) = heard.answers
        (claimed,) = answer["tasklist"]
        assert claimed["id"] != taskid
        assert (claimed["status"], claimed["pexit"]) == ("task_postprocess_end", "0")
        assert at.server.host_and_port not in json.dumps(claimed["outputs"])


async def test_callback_rules_wait_for_a_task_with_an_address() -> None:
    """A rule for the callback is used up by its task's Run, and looks at the prompt."""
    async with wiro() as at, listener() as heard:
        at.script("callback", CallbackScript(lost=True), prompt_contains="fox")
        await settled(at, heard.url, prompt="an owl")
        assert len(heard.bodies) == 1
        await settled(at, heard.url, prompt="a red fox")
        assert len(heard.bodies) == 1
