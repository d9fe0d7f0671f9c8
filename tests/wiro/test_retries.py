import asyncio
from collections import Counter

import pytest
import stamina

from bot.errors import (
    AuthenticationError,
    BalanceError,
    NoAnswerError,
    NotFoundError,
    NothingStartedError,
    OutcomeUnknownError,
    ParameterError,
    RefusedError,
    ServerFaultError,
    TaskLimitError,
    UnreadableAnswerError,
    WiroError,
    WiroThrottledError,
)
from bot.wiro.client import WiroClient
from bot.wiro.retries import ATTEMPTS, BURST, RETRIES_PER_CALL
from sandbox.wiro import CallFault, Rule, WiroServer
from tests.support.log import read_along

INPUTS: dict[str, str | int] = {"prompt": "a red fox", "width": 256, "height": 256}

PASSING_FAULTS = {
    "500": (CallFault(http_status=500), ServerFaultError),
    "503 after the effect": (CallFault(http_status=503, after_effect=True), ServerFaultError),
    "reset": (CallFault(answer="reset"), NoAnswerError),
    "reset after the effect": (CallFault(answer="reset", after_effect=True), NoAnswerError),
    "no answer": (CallFault(answer="lost_answer"), NoAnswerError),
    "cut off": (CallFault(answer="cut_off"), UnreadableAnswerError),
    "a page": (CallFault(answer="not_json"), UnreadableAnswerError),
}
THROTTLED = CallFault(http_status=429)
REFUSALS = {
    "code 0": (CallFault(error="Something went wrong.", error_code=0), RefusedError),
    "bare": (CallFault(error="Something went wrong."), RefusedError),
    "parameter": (CallFault(error="Request parameter [seed] required", error_code=0), ParameterError),
    "code 1": (CallFault(error="tool-not-accessible", error_code=1), NotFoundError),
    "code 96": (CallFault(error="you can run up to 1 tasks at the same time", error_code=96), TaskLimitError),
    "code 97": (CallFault(error="Insufficient balance.", error_code=97), BalanceError),
    "code 98": (CallFault(error="Sign in.", error_code=98), AuthenticationError),
    "401": (CallFault(http_status=401), AuthenticationError),
    "403": (CallFault(http_status=403), AuthenticationError),
    "404": (CallFault(http_status=404), NotFoundError),
}


def count(wiro: WiroServer, call: str) -> int:
    """Return how often a call was seen."""
    return Counter(seen.call for seen in wiro.requests)[call]


@pytest.mark.parametrize(("fault", "kind"), PASSING_FAULTS.values(), ids=PASSING_FAULTS)
async def test_run_is_sent_once_and_leaves_the_outcome_open(
    wiro: WiroServer, client: WiroClient, fault: CallFault, kind: type[WiroError]
) -> None:
    """Whatever may have happened to Run, it is not sent again."""
    wiro.script.add(Rule(call="Run", do=fault, times=None))
    with pytest.raises(OutcomeUnknownError) as caught:
        await client.run(INPUTS, None)
    assert type(caught.value) is kind
    assert count(wiro, "Run") == 1


@pytest.mark.parametrize(("fault", "kind"), REFUSALS.values(), ids=REFUSALS)
async def test_what_is_refused_is_refused_once(
    wiro: WiroServer, client: WiroClient, fault: CallFault, kind: type[WiroError]
) -> None:
    """A certain no is neither asked for again nor taken for an open outcome."""
    for call, attempt in {"Run": client.run(INPUTS, None), "Tool/Detail": client.tool_parameters()}.items():
        wiro.script.add(Rule(call=call, do=fault, times=None))
        with pytest.raises(NothingStartedError) as caught:
            await attempt
        assert type(caught.value) is kind
        assert count(wiro, call) == 1


@pytest.mark.parametrize("fault", [*(fault for fault, _ in PASSING_FAULTS.values()), THROTTLED])
async def test_safe_calls_are_tried_again(wiro: WiroServer, client: WiroClient, fault: CallFault) -> None:
    """A call without effect survives two faults of any passing kind."""
    wiro.script.add(Rule(call="Tool/Detail", do=fault, times=ATTEMPTS - 1))
    assert await client.tool_parameters()
    assert count(wiro, "Tool/Detail") == ATTEMPTS


async def test_a_retry_is_told_in_our_own_words(wiro: WiroServer, client: WiroClient) -> None:
    """One line for debugging says which call is tried again, for which time and after how long a wait."""
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=502)))
    with read_along() as log:
        await client.tool_parameters()
    [line] = [line for line in log.lines if line["event"] != "wiro.answered"]
    assert line == {
        "event": "wiro.retry",
        "log_level": "debug",
        "path": "Tool/Detail",
        "attempt": 2,
        "wait_seconds": 0.0,
    }


async def test_every_safe_call_is_tried_again(wiro: WiroServer, client: WiroClient) -> None:
    """Each call but Run has its second attempt."""
    accepted = await client.run(INPUTS, None)
    await wiro.wait_for_task(lambda task: task.ended)
    calls = {
        "Task/Detail": client.task_detail(taskid=accepted.taskid),
        "Task/List": client.task_list(start=0, limit=1),
        "Task/Cancel": client.cancel(taskid=accepted.taskid, tasktoken=accepted.tasktoken),
        "Task/Kill": client.kill(taskid=accepted.taskid, tasktoken=accepted.tasktoken),
        "Task/InputOutputDelete": client.delete_files(accepted.tasktoken),
        "Tool/Detail": client.tool_parameters(),
    }
    for call in calls:
        wiro.script.add(Rule(call=call, do=CallFault(http_status=502)))
    outcomes = await asyncio.gather(*calls.values(), return_exceptions=True)
    assert {call: count(wiro, call) for call in calls} == dict.fromkeys(calls, 2)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [NotFoundError] * 2


async def test_attempts_end(wiro: WiroServer, client: WiroClient) -> None:
    """After the last attempt its error comes out, and a task is never asked for endlessly."""
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=500), times=None))
    with pytest.raises(ServerFaultError):
        await client.tool_parameters()
    assert count(wiro, "Tool/Detail") == ATTEMPTS


async def test_an_outage_does_not_multiply_calls(wiro: WiroServer, client: WiroClient) -> None:
    """All calls together retry from one budget, which calls that work fill again, up to its burst."""
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=500), times=None))
    calls = 100
    for _ in range(calls):
        with pytest.raises(ServerFaultError):
            await client.tool_parameters()
    assert calls + BURST <= count(wiro, "Tool/Detail") <= calls + BURST + calls * RETRIES_PER_CALL
    wiro.script.clear()
    for _ in range(100):
        await client.tool_parameters()
    before = count(wiro, "Tool/Detail")
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=500), times=None))
    for _ in range(10):
        with pytest.raises(ServerFaultError):
            await client.tool_parameters()
    assert count(wiro, "Tool/Detail") - before <= 10 + BURST + 10 * RETRIES_PER_CALL


async def test_a_short_wait_that_wiro_asks_for_is_kept(wiro: WiroServer, client: WiroClient) -> None:
    """HTTP 429 with Retry-After puts the next attempt off by as much."""
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=429, retry_after_seconds=1)))
    with stamina.set_testing(False):
        await client.tool_parameters()
    first, second = (seen.time for seen in wiro.requests)
    assert second - first >= 1.0


async def test_a_long_wait_is_left_to_the_caller(wiro: WiroServer, client: WiroClient) -> None:
    """Where Wiro asks for more patience than a call has, the caller learns for how long."""
    wiro.script.add(Rule(call="Tool/Detail", do=CallFault(http_status=429, retry_after_seconds=600)))
    with pytest.raises(WiroThrottledError) as caught:
        await client.tool_parameters()
    assert caught.value.retry_after_seconds == 600
    assert count(wiro, "Tool/Detail") == 1


async def test_run_is_not_repeated_when_throttled(wiro: WiroServer, client: WiroClient) -> None:
    """HTTP 429 says that nothing was started, and how long the line should wait."""
    wiro.script.add(Rule(call="Run", do=CallFault(http_status=429, retry_after_seconds=2)))
    with pytest.raises(WiroThrottledError) as caught:
        await client.run(INPUTS, None)
    assert caught.value.retry_after_seconds == 2
    assert (count(wiro, "Run"), len(wiro.tasks)) == (1, 0)
