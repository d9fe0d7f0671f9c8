"""x"""

import asyncio
from pathlib import Path
import pytest
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig
from tests.e2e.conftest import UNLIMITED, Clock
from tests.support.stage import Stage, staged

SETTLED = [("reserve", 1), ("settle", 1)]


async def test_alone(polling_stage: Stage) -> None:
    stage = polling_stage
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    assert (len(done.pictures), stage.ledger()) == (1, SETTLED)
    assert stage.calls("callback") == 0


async def test_slow(quick_stage: Stage) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=2.5)))
    done = await stage.end_of(await stage.sana())
    assert stage.calls("Task/Detail") == 1


async def test_all_lost(monkeypatch, quick_stage: Stage) -> None:
    stage = quick_stage
    monkeypatch.setattr("bot.jobs.pace._CALLBACK_GRACE_SECONDS", 1.5)
    monkeypatch.setattr("bot.jobs.pace._CLIENTS_PACE", ((60.0, 0.2),))
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(lost=True), times=None))
    ms = [await stage.sana() for _ in range(2)]
    for m in ms:
        assert (await stage.end_of(m)).pictures
    n = stage.calls("Task/Detail")
    print(n)
    m = await stage.sana()
    done = await stage.end_of(m)
    print([e.monotonic - done.edits[0].monotonic for e in done.edits])


async def test_budget(polling_stage: Stage, tmp_path) -> None:
    stage = polling_stage
    await stage.stop_bot()
    await stage.start_bot(quota_credits="100")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    for _ in range(60):
        await stage.sana()
    seen = await stage.wiro.wait_for_requests("Task/Detail", 40, 20)
    t = [s.time for s in seen]
    print([round(x - t[0], 2) for x in t])


async def test_restart(quick_stage: Stage) -> None:
    stage = quick_stage
    stage.wiro.script.add(Rule(call="callback", do=CallbackScript(lost=True), times=None))
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    m = await stage.sana()
    await stage.wiro.wait_for_task(lambda t: t.status == "task_output")
    await stage.stop_bot()
    stage.wiro.finish("1")
    await stage.wiro.wait_for_task(lambda t: t.ended)
    await stage.start_bot()
    done = await stage.end_of(m, timeout_seconds=3)
    assert done.pictures
    assert stage.calls("Run") == 1
