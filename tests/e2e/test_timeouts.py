"""x"""

import asyncio
from datetime import timedelta
from pathlib import Path
import pytest
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig
from tests.e2e.conftest import UNLIMITED, Clock
from tests.support.stage import Stage, staged


async def test_timeout(tmp_path: Path, log) -> None:
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot(job_timeout_seconds="5")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        e = await stage.end_of(await stage.sana())
        print(e.text)
        await stage.closed()
        print(
            stage.jobs()[0]["state"],
            stage.ledger(),
            stage.wiro.tasks[0].status,
            stage.calls("Task/Detail"),
            stage.calls("Task/Kill"),
        )
        print(*log, sep="\n")


async def test_timeout_in_queue(tmp_path: Path, log) -> None:
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot(job_timeout_seconds="5")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at="task_queue")))
        e = await stage.end_of(await stage.sana())
        print(e.text)
        await stage.closed()
        print(
            stage.jobs()[0]["state"],
            stage.ledger(),
            stage.wiro.tasks[0].status,
            stage.calls("Task/Detail"),
            stage.calls("Task/Kill"),
            stage.calls("Task/Cancel"),
        )


async def test_late(tmp_path: Path, log) -> None:
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot(job_timeout_seconds="5")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        stage.wiro.script.add(
            Rule(
                call="Task/Kill",
                do=CallFault(error="Task could not be killed: no answer", error_code=1),
                times=None,
            )
        )
        m = await stage.sana()
        e = await stage.end_of(m)
        print(e.text)
        await stage.closed()
        print(
            stage.jobs()[0]["state"],
            stage.ledger(),
            stage.wiro.tasks[0].status,
            stage.calls("Task/Detail"),
            stage.calls("Task/Kill"),
            stage.calls("Task/Cancel"),
        )
        stage.wiro.finish("1")
        d = await stage.member().wait_for_change(e, lambda m: bool(m.pictures))
        print(d.text)
        await stage.closed()
        print(stage.jobs()[0]["state"], stage.ledger())
        print(*log, sep="\n")


async def test_queue_timeout(tmp_path: Path, log) -> None:
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await stage.start_bot(queue_timeout_seconds="5", wiro_max_concurrent="1")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
        m = await stage.sana()
        m2 = await stage.sana()
        e = await stage.end_of(m2)
        print(e.text)
        await stage.closed()
        print(stage.jobs()[1]["state"], stage.ledger())
