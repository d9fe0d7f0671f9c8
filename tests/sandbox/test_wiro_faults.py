import asyncio
import errno
import time

import aiohttp
import pytest

from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.behaviours import CallAnswer
from tests.sandbox.wiro_support import RUN, SMALL, Caller, wiro

API_CALLS = ["Task/Detail", "Task/List", "Task/Cancel", "Task/Kill", "Task/InputOutputDelete", "Tool/Detail"]
INPUTS = {"prompt": "a red fox", **SMALL}


async def unanswered(at: Caller) -> int:
    """Run where the answer must get lost, and give how many tasks there are then."""
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await at.call(RUN, **INPUTS)
    return len(at.server.tasks)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_http_status(status: int, *, after_effect: bool) -> None:
    """A scripted status comes once, instead of the effect or after it."""
    async with wiro() as at:
        at.script("Run", CallFault(http_status=status, after_effect=after_effect))
        url = at.server.api_base + RUN
        async with at.session.post(url, json=INPUTS, headers=at.headers()) as answer:
            assert answer.status == status
            assert answer.content_type == ("text/html" if status >= 500 else "application/json")
            assert "Retry-After" not in answer.headers
        assert len(at.server.tasks) == int(after_effect)
        await at.run()


async def test_too_many_requests_can_say_when() -> None:
    """A scripted 429 carries Retry-After where it is asked to."""
    async with wiro() as at:
        at.script("Task/List", CallFault(http_status=429, retry_after_seconds=7))
        url = at.server.api_base + "/Task/List"
        async with at.session.post(url, json={}, headers=at.headers()) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("code", [0, 1, 96, 97, 98, 99])
async def test_an_error_code(code: int) -> None:
    """A scripted error comes with HTTP 200 and `result: false`, and nothing is started."""
    async with wiro() as at:
        at.script("Run", CallFault(error="no luck", error_code=code))
        assert await at.error(RUN, **INPUTS) == (code, "no luck")
        assert at.server.tasks == ()


async def test_an_error_can_be_a_bare_text() -> None:
    """Without a code, the entry of `errors` is a bare text."""
    async with wiro() as at:
        at.script("Run", CallFault(error="no luck"))
        assert await at.call(RUN, **INPUTS) == {"errors": ["no luck"], "result": False}


async def test_an_error_can_have_a_status() -> None:
    """An error can come with another status, as a refused address does."""
    async with wiro() as at:
        message = "Requested ip 127.0.0.1 is not allowed."
        at.script("Run", CallFault(error=message, error_code=0, http_status=401))
        status, answer = await at.status(RUN, INPUTS)
        assert status == 401
        assert answer == {"errors": [{"code": 0, "message": message}], "result": False}


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_reset(*, after_effect: bool) -> None:
    """The connection is reset, not just closed, with the task started or not."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="reset", after_effect=after_effect))
        with pytest.raises((ConnectionResetError, aiohttp.ClientOSError)) as error:
            await at.call(RUN, **INPUTS)
        assert isinstance(error.value, OSError)
        assert error.value.errno == errno.ECONNRESET
        assert len(at.server.tasks) == int(after_effect)
        assert at.server.requests[-1].status == 0


async def test_a_lost_answer() -> None:
    """The task runs although nobody is told its number; Task/List knows it."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="lost_answer"))
        assert await unanswered(at) == 1
        listed = (await at.call("/Task/List"))["tasklist"]
        assert listed[0]["parameters"] == INPUTS


async def test_a_cut_off_answer() -> None:
    """The answer says that it is longer than what comes; the task was started."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="cut_off"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await at.call(RUN, **INPUTS)
        assert len(at.server.tasks) == 1


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_answer_that_is_no_json(*, after_effect: bool) -> None:
    """A page of HTML comes with 200, with the task started or not."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="not_json", after_effect=after_effect))
        url = at.server.api_base + RUN
        async with at.session.post(url, json=INPUTS, headers=at.headers()) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert (await answer.text()).startswith("<!DOCTYPE html>")
        assert len(at.server.tasks) == int(after_effect)


async def test_a_wrapped_answer() -> None:
    """The two fields of Run's answer can be under `data`."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="data_wrapped"))
        answer = await at.call(RUN, **INPUTS)
        assert set(answer) == {"errors", "data", "result"}
        assert answer["data"]["taskid"] == at.server.tasks[0].taskid
        assert set(answer["data"]) == {"taskid", "socketaccesstoken"}


async def test_numbers_instead_of_text() -> None:
    """What is documented as text can be a number, except what the caller sent itself."""
    async with wiro() as at:
        at.script("Run", CallFault(answer="numbers"))
        at.script("Task/Detail", CallFault(answer="numbers"))
        run = await at.call(RUN, seed="7", **INPUTS)
        assert isinstance(run["taskid"], int)
        await at.reached("task_postprocess_end")
        answer = await at.call("/Task/Detail", taskid=run["taskid"])
        (record,) = answer["tasklist"]
        assert answer["total"] == 1
        assert (record["id"], record["pexit"], record["totalcost"]) == (run["taskid"], 0, 0.00351)
        assert isinstance(record["outputs"][0]["size"], int)
        assert record["parameters"]["seed"] == "7"


async def test_unknown_fields() -> None:
    """Fields that nobody documented can be on every level, except in what the caller sent itself."""
    async with wiro() as at:
        run = await at.run()
        await at.reached("task_postprocess_end")
        at.script("Task/Detail", CallFault(answer="extra"))
        answer = await at.call("/Task/Detail", taskid=run["taskid"])
        (record,) = answer["tasklist"]
        for part in (answer, record, record["outputs"][0]):
            assert "x_new" in part
        assert record["parameters"] == INPUTS


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_slow_answer(*, after_effect: bool) -> None:
    """An answer can be slow, before its effect or after it; a caller who gives up may have started a task."""
    async with wiro() as at:
        at.script("Run", CallFault(delay_seconds=0.2, after_effect=after_effect))
        begun = time.monotonic()
        pending = asyncio.ensure_future(at.call(RUN, **INPUTS))
        if after_effect:
            await at.server.wait_for_task(lambda _: True)
            assert not pending.done()
        assert (await pending)["result"] is True
        assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("call", API_CALLS)
async def test_every_call_can_fail(call: str) -> None:
    """A rule is for its own call only."""
    async with wiro() as at:
        run = await at.run()
        at.script(call, CallFault(http_status=503))
        for other in ["Run", *API_CALLS]:
            path = RUN if other == "Run" else f"/{other}"
            async with at.session.post(
                at.server.api_base + path, json=INPUTS | {"taskid": run["taskid"]}, headers=at.headers()
            ) as answer:
                assert answer.status == (503 if other == call else 200), other


async def test_rules_apply_in_order_and_as_often_as_they_say() -> None:
    """The first rule that fits applies until it is used up; one without a number of times stays."""
    async with wiro() as at:
        at.script("Task/List", CallFault(error="a", error_code=0), times=2)
        at.script("Task/List", CallFault(error="b", error_code=0), times=None)
        got = [(await at.error("/Task/List"))[1] for _ in range(5)]
        assert got == ["a", "a", "b", "b", "b"]
        at.server.script.clear()
        assert (await at.call("/Task/List"))["result"] is True


async def test_rules_look_at_the_prompt() -> None:
    """A rule for a prompt applies to Run with it and to later calls for its task, and to nothing else."""
    async with wiro() as at:
        fault = CallFault(error="no foxes", error_code=0)
        at.script("Run", fault, prompt_contains="fox")
        at.script("Task/Detail", fault, prompt_contains="owl", times=None)
        at.script("Task/List", fault, prompt_contains="owl")
        assert await at.error(RUN, prompt="a red fox") == (0, "no foxes")
        owl, cat = await at.run(prompt="an owl"), await at.run(prompt="a cat")
        assert await at.error("/Task/Detail", taskid=owl["taskid"]) == (0, "no foxes")
        assert (await at.detail(cat["taskid"]))["id"] == cat["taskid"]
        assert (await at.call("/Task/List"))["result"] is True


async def test_refused_callers_use_up_no_rule() -> None:
    """A rule waits for a caller who may call."""
    async with wiro() as at:
        at.script("Run", CallFault(error="mine", error_code=0))
        async with at.session.post(at.server.api_base + RUN, json={}, headers={"User-Agent": "x"}) as answer:
            assert answer.status == 401
        assert await at.error(RUN, **INPUTS) == (0, "mine")


@pytest.mark.parametrize("answer", ["reset", "lost_answer", "cut_off"])
async def test_a_file_can_break_off(answer: CallAnswer) -> None:
    """A file's connection can be reset, closed or cut off; the next time it comes whole."""
    async with wiro() as at:
        url = (await at.finished())["outputs"][0]["url"]
        repeats = 1 if answer == "cut_off" else 2  # aiohttp asks again by itself where no answer came
        at.script("file", CallFault(answer=answer), prompt_contains="fox", times=repeats)
        with pytest.raises(aiohttp.ClientError):
            await at.get(url)
        assert (await at.get(url))[0] == 200


async def test_a_file_can_fail() -> None:
    """A file can be answered with a status of its own."""
    async with wiro() as at:
        url = (await at.finished())["outputs"][0]["url"]
        at.script("file", CallFault(http_status=404), prompt_contains="owl")
        at.script("file", CallFault(http_status=503), prompt_contains="fox")
        assert [(await at.get(url))[0] for _ in range(2)] == [503, 200]


async def test_a_task_can_be_scripted_with_its_call() -> None:
    """A rule for the task and one for its Run apply together."""
    async with wiro() as at:
        at.script("task", TaskScript(pexit="9"))
        at.script("Run", CallFault(answer="lost_answer"))
        assert await unanswered(at) == 1
        task = await at.server.wait_for_task(lambda task: task.ended)
        assert task.pexit == "9"
