"""x"""

import asyncio
from collections import Counter
from pathlib import Path
import pytest
from bot.wiro.client import WiroClient
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig
from tests.e2e.conftest import UNLIMITED, Clock
from tests.support.stage import Stage, staged

SETTLED = [("reserve", 1), ("settle", 1)]
PEOPLE = ("member", "booster", "newcomer")


def limited(log):
    return [e for e in log if e["event"] == "run.limit"]


async def test_small_account(tmp_path: Path, log) -> None:
    async with staged(tmp_path, wiro=WiroConfig(balance_usd=10, seconds=0.05), discord=UNLIMITED) as stage:
        await stage.start_bot()
        who = ["member"] * 4 + ["booster"] * 3 + ["newcomer"] * 3
        ms = [
            (name, await stage.sana(stage.member(name), prompt=f"{name} {i}", width=256, height=256))
            for i, name in enumerate(who)
        ]
        for name, m in ms:
            assert (await stage.end_of(m, stage.member(name))).pictures
        await stage.closed(10)
        print([t.inputs.prompt for t in stage.wiro.tasks])
        print(len(limited(log)), [e["limit"] for e in limited(log)], stage.calls("Run"))


async def test_small_account_burst(tmp_path: Path, log) -> None:
    from sandbox.members import Typing

    async with staged(tmp_path, wiro=WiroConfig(balance_usd=10, seconds=0.05), discord=UNLIMITED) as stage:
        await stage.start_bot()
        who = ["member"] * 4 + ["booster"] * 3 + ["newcomer"] * 3
        await stage.members.type_many(
            Typing(
                member=stage.member(name),
                command="sana",
                channel="pictures",
                options={"prompt": f"{name} {i}", "width": 256, "height": 256},
            )
            for i, name in enumerate(who)
        )
        async with asyncio.timeout(20):
            while len(stage.jobs()) < 10:
                await asyncio.sleep(0.01)
        await stage.closed(10)
        print([t.inputs.prompt for t in stage.wiro.tasks])
        print(len(limited(log)), [e["limit"] for e in limited(log)], stage.calls("Run"))


async def test_learned(tmp_path: Path, log) -> None:
    async with staged(tmp_path, wiro=WiroConfig(balance_usd=25, seconds=0.0), discord=UNLIMITED) as stage:
        await stage.start_bot()
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
        ms = []
        for i in range(5):
            ms.append(await stage.sana())
            if i < 3:
                await stage.wiro.wait_for_requests("Run", i + 1)
        print(len(limited(log)), stage.calls("Run"))
        for i in range(1, 6):
            await stage.wiro.wait_for_task(lambda t: t.taskid == str(i) and t.status == "task_output")
            stage.wiro.finish(str(i))
        for m in ms:
            assert (await stage.end_of(m)).pictures
        await stage.closed(5)
        print(len(limited(log)), stage.calls("Run"))
        assert len(limited(log)) == 1


async def test_max(tmp_path: Path, log) -> None:
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot(wiro_max_concurrent="2")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
        ms = [await stage.sana() for i in range(4)]
        print([m.text for m in ms])
        await stage.wiro.wait_for_task(lambda t: t.taskid == "2" and t.status == "task_output")
        assert len(stage.wiro.tasks) == 2
        stage.wiro.finish("1")
        await stage.wiro.wait_for_task(lambda t: t.taskid == "3" and t.status == "task_output")
        stage.wiro.finish("2")
        stage.wiro.finish("3")
        await stage.wiro.wait_for_task(lambda t: t.taskid == "4" and t.status == "task_output")
        stage.wiro.finish("4")
        for m in ms:
            assert (await stage.end_of(m)).pictures
        for t in stage.wiro.tasks:
            print(t.taskid, t.times["task_queue"], t.times.get("task_postprocess_end"))


async def test_other(tmp_path: Path, log) -> None:
    pass


@pytest.mark.usefixtures("quick_probes")
async def test_other_client(quick_stage: Stage, other_client: WiroClient, log) -> None:
    stage = quick_stage
    stage.wiro.set_balance(10)
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), prompt_contains="theirs"))
    theirs = await other_client.run({"prompt": "theirs"}, None)
    m = await stage.sana()
    m2 = await stage.sana(stage.member("booster"))
    await stage.wiro.wait_for_requests("Run", 3)
    print((await stage.member().message("pictures", m.id)).text)
    stage.wiro.finish(theirs.taskid)
    assert (await stage.end_of(m)).pictures
    assert (await stage.end_of(m2)).pictures
    print(*[e for e in log if e["event"].startswith("run")], sep="\n")


@pytest.mark.parametrize("how", ["balance", "key"])
async def test_hold(quick_stage: Stage, how, log) -> None:
    stage = quick_stage
    ok = CallFault()
    if how == "balance":
        stage.wiro.set_balance(0)
    else:
        stage.wiro.script.add(
            Rule(
                call="Run",
                do=CallFault(error="Project authorization is not founded.", http_status=401),
                times=None,
            )
        )
    m = await stage.sana()
    await stage.wiro.wait_for_requests("Run", 1)
    async with asyncio.timeout(5):
        while not [e for e in log if e["event"] == "line.held"]:
            await asyncio.sleep(0.01)
    m2 = await stage.sana(stage.member("booster"))
    print(m2.text)
    held = await stage.member().wait_for_change(m, lambda x: "On hold" in x.text)
    print(held.text)
    assert stage.ledger() == [("reserve", 1)] * 2
    if how == "balance":
        stage.wiro.set_balance(1000)
    else:
        stage.wiro.script.clear()
    for x in (m, m2):
        done = await stage.end_of(x)
        assert done.pictures
        print([(round(e.monotonic - done.edits[0].monotonic, 2), e.text[:40]) for e in done.edits])
    print(*[e for e in log if e["event"].startswith(("line", "run"))], sep="\n")
