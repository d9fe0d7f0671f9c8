"""Run was not answered: its task is found and goes on, or there is none and the credits come back."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from structlog.typing import EventDict

from bot.wiro.client import Timeouts, WiroClient
from sandbox.shown import Message
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig
from tests.e2e.conftest import UNLIMITED, Clock
from tests.support.stage import Stage, staged

REFUNDED = [("reserve", 1), ("refund", 1)]
SETTLED = [("reserve", 1), ("settle", 1)]
LOST = "The picture service never answered for this one, and it was not found there."
FREE = "This turned up late. Your credits had been returned before, so it costs you nothing."

NOTHING_STARTED = {
    "500": CallFault(http_status=500),
    "503": CallFault(http_status=503),
    "reset": CallFault(answer="reset"),
    "not JSON": CallFault(answer="not_json"),
}
NO_ECHO = WiroConfig(echo_callback_url=False)
LOSES_ITS_ANSWER = CallFault(answer="lost_answer")


async def become_lost(stage: Stage, clock: Clock, messages: list[Message]) -> list[Message]:
    """Let the time pass in which the tasks are looked for; return the messages that say so."""
    await stage.wiro.wait_for_requests("Task/List", 1)
    clock.ahead += timedelta(seconds=600)
    return [await stage.end_of(message) for message in messages]


@pytest.mark.usefixtures("quick_probes")
async def test_a_run_that_started_nothing_is_refunded(clock: Clock, quick_stage: Stage, log) -> None:
    """Whatever was wrong with the answer: no second Run; after `LOST_AFTER_SECONDS` the credits are back."""
    for name, answer in NOTHING_STARTED.items():
        quick_stage.wiro.script.add(Rule(call="Run", do=answer, prompt_contains=name, times=None))
    messages = [await quick_stage.sana(prompt=name) for name in NOTHING_STARTED]
    await quick_stage.wiro.wait_for_requests("Run", len(NOTHING_STARTED))
    ended = await become_lost(quick_stage, clock, messages)
    for number, message in enumerate(ended, start=1):
        for part in (LOST, "Your 1 credit is back.", f"Reference S-{number}"):
            assert part in message.text
    print(message.text)
    assert quick_stage.calls("Run") == len(NOTHING_STARTED)
    assert sorted(quick_stage.ledger()) == sorted(REFUNDED * len(NOTHING_STARTED))
    print(*log, sep="\n")


async def test_found_without_echo(tmp_path: Path) -> None:
    """Where Wiro does not echo the callback's address, prompt, seed and size tell whose task it is."""
    async with staged(tmp_path, wiro=NO_ECHO, discord=UNLIMITED) as stage:
        await stage.start_bot()
        stage.wiro.script.add(Rule(call="Run", do=LOSES_ITS_ANSWER))
        done = await stage.end_of(await stage.sana())
        await stage.closed()
        assert done.pictures
        assert (stage.calls("Run"), stage.ledger()) == (1, SETTLED)


async def test_polling_only_found(polling_stage: Stage) -> None:
    stage = polling_stage
    stage.wiro.script.add(Rule(call="Run", do=LOSES_ITS_ANSWER))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert done.pictures
    assert (stage.calls("Run"), stage.ledger()) == (1, SETTLED)


async def test_found_by_callback_where_the_list_is_down(quick_stage: Stage) -> None:
    """The callback's body names a task, which is asked for and taken only if it is this job's."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="Run", do=LOSES_ITS_ANSWER))
    stage.wiro.script.add(Rule(call="Task/List", do=CallFault(http_status=500), times=None))
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(late_seconds=0.3)))
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert done.pictures
    assert (stage.calls("Run"), stage.ledger()) == (1, SETTLED)


async def test_run_stalls(monkeypatch, tmp_path):
    monkeypatch.setattr("bot.app.WiroClient", partial(WiroClient, timeouts=Timeouts(run_seconds=0.3)))
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot()
        stage.wiro.script.add(Rule(call="Run", do=CallFault(delay_seconds=20, after_effect=True)))
        done = await stage.end_of(await stage.sana())
        await stage.closed()
        assert done.pictures
        assert (stage.calls("Run"), stage.ledger()) == (0, SETTLED)


@pytest.mark.parametrize("config", [WiroConfig(), NO_ECHO])
async def test_late_by_callback(clock, tmp_path, config, log):
    async with staged(tmp_path, wiro=config, discord=UNLIMITED) as stage:
        await stage.start_bot()
        stage.wiro.script.add(Rule(call="Run", do=LOSES_ITS_ANSWER))
        stage.wiro.script.add(
            Rule(call="Task/List", do=CallFault(error="There is no task yet.", error_code=1), times=None)
        )
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        message = await stage.sana()
        [ended] = await become_lost(stage, clock, [message])
        assert LOST in ended.text
        await stage.closed()
        stage.wiro.finish("1")
        done = await stage.member().wait_for_change(ended, lambda m: bool(m.pictures))
        print(done.text)
        assert FREE in done.text
        await stage.closed()
        assert stage.ledger() == REFUNDED


@pytest.mark.parametrize("config", [WiroConfig(), NO_ECHO])
async def test_two_identical_in_doubt(tmp_path, config, log):
    async with staged(tmp_path, wiro=config, discord=UNLIMITED) as stage:
        await stage.start_bot()
        stage.wiro.script.add(Rule(call="Run", do=LOSES_ITS_ANSWER, times=2))
        ms = await asyncio.gather(*(stage.sana(seed=7) for _ in range(2)))
        for m in ms:
            assert (await stage.end_of(m)).pictures
        await stage.closed(2)
        assert sorted(job["taskid"] for job in stage.jobs()) == ["1", "2"]
        assert stage.calls("Run") == 2


async def test_in_flight_twin(tmp_path, log):
    async with staged(tmp_path, wiro=NO_ECHO, discord=UNLIMITED) as stage:
        await stage.start_bot(lost_after_seconds="5")
        stage.wiro.script.add(Rule(call="Run", do=CallFault(answer="reset"), times=1))
        stage.wiro.script.add(Rule(call="Run", do=CallFault(delay_seconds=2, after_effect=True), times=1))
        ms = [await stage.sana(seed=7), await stage.sana(seed=7)]
        for m in ms:
            e = await stage.end_of(m)
            print(e.text, len(e.pictures))
        await stage.closed(2)
        print(*log, sep="\n")
        print(stage.ledger())
        assert sorted(job["taskid"] or "" for job in stage.jobs()) == ["", "1"]
