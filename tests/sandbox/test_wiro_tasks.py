import time

import pytest

from sandbox.wiro import Task, TaskScript
from tests.sandbox.wiro_support import Caller, wiro

LIFE = [
    "task_queue",
    "task_accept",
    "task_assign",
    "task_preprocess_start",
    "task_preprocess_end",
    "task_start",
    "task_output",
    "task_output_full",
    "task_end",
    "task_postprocess_start",
    "task_postprocess_end",
]


async def statuses(at: Caller, **inputs: object) -> list[str]:
    """Run a task to its end, and give every status that it had."""
    seen: list[str] = []

    def look(task: Task) -> bool:
        seen.append(task.status)
        return task.ended

    await at.run(**inputs)
    await at.server.wait_for_task(look)
    return seen


async def test_a_task_goes_through_every_status_in_order() -> None:
    """A task takes on the documented statuses, each once and in order."""
    async with wiro() as at:
        await at.run()
        task = await at.server.wait_for_task(lambda task: task.ended)
        assert list(task.times) == LIFE
        assert list(task.times.values()) == sorted(task.times.values())


async def test_a_task_takes_its_seconds() -> None:
    """A task takes the server's seconds, or its script's."""
    async with wiro(seconds=0.25) as at:
        for seconds in (0.25, 0.5):
            if seconds == 0.5:
                at.script("task", TaskScript(seconds=seconds))
            begun = time.monotonic()
            record = await at.finished(steps=4)
            assert seconds <= time.monotonic() - begun < seconds + 0.4
            assert float(record["elapsedseconds"]) >= seconds * 0.7


async def test_statuses_are_shown_while_they_last() -> None:
    """A slow task is seen in its statuses, the queue first, by those who ask."""
    async with wiro(seconds=0.3) as at:
        seen = await statuses(at, steps=2)
        assert seen == LIFE[LIFE.index(seen[0]) :]
        assert seen[0] == "task_queue"


@pytest.mark.parametrize("pexit", ["1", "137"])
async def test_a_failing_process(pexit: str) -> None:
    """A task with a non-zero pexit ends normally, with its text, without outputs, for nothing."""
    async with wiro() as at:
        at.script("task", TaskScript(pexit=pexit, debugerror="out of memory"))
        record = await at.finished()
        assert (record["status"], record["pexit"]) == ("task_postprocess_end", pexit)
        assert (record["debugerror"], record["outputs"], record["totalcost"]) == ("out of memory", [], "0")
        (task,) = at.server.tasks
        assert "task_error_full" in task.times
        assert "task_output_full" not in task.times
        assert at.server.balance_usd == 1000


@pytest.mark.parametrize("size", [{"width": 1000, "height": 1024}, {"width": 1024, "height": "300"}])
async def test_a_size_that_the_pipeline_refuses(size: dict[str, object]) -> None:
    """Sides that are no multiples of 32 are accepted by Run and fail in the process."""
    async with wiro() as at:
        record = await at.finished(**size)
        assert (record["status"], record["pexit"]) == ("task_postprocess_end", "1")
        assert "multiples of 32" in record["debugerror"]
        assert record["totalcost"] == "0"


async def test_a_task_that_cannot_start() -> None:
    """A task can end as task_error before it runs, for nothing."""
    async with wiro() as at:
        at.script("task", TaskScript(task_error=True, debugerror="no worker"))
        record = await at.finished()
        assert (record["status"], record["debugerror"]) == ("task_error", "no worker")
        assert (record["starttime"], record["totalcost"], record["outputs"]) == ("0", "0", [])
        assert "pexit" not in record


@pytest.mark.parametrize("status", LIFE[:-1])
async def test_a_stuck_task_ends_when_it_is_finished(status: str) -> None:
    """A task can stay at any status for ever, until it is finished from outside."""
    async with wiro() as at:
        at.script("task", TaskScript(stuck=True, stuck_at=status))
        run = await at.run()
        taskid = await at.reached(status)
        assert (await at.detail(taskid))["status"] == status
        at.server.finish(taskid)
        await at.reached("task_postprocess_end")
        assert (await at.detail(run["taskid"]))["pexit"] == "0"


async def test_a_slow_task_can_be_hurried() -> None:
    """Finishing a slow task lets it end at once."""
    async with wiro(seconds=3600) as at:
        taskid = (await at.run())["taskid"]
        at.server.finish(taskid)
        await at.reached("task_postprocess_end", taskid)
        with pytest.raises(KeyError):
            at.server.finish("99")


async def test_an_unknown_status() -> None:
    """A status that nobody documented is shown for a while, or for ever."""
    async with wiro() as at:
        at.script("task", TaskScript(unknown_status="task_warmup", stuck=True, stuck_at="task_warmup"))
        await at.run()
        taskid = await at.reached("task_warmup")
        assert (await at.detail(taskid))["status"] == "task_warmup"
        at.server.finish(taskid)
        await at.reached("task_postprocess_end")


async def test_pexit_can_be_absent() -> None:
    """A record without pexit still has its outputs."""
    async with wiro() as at:
        at.script("task", TaskScript(no_pexit=True))
        record = await at.finished()
        assert "pexit" not in record
        assert record["status"] == "task_postprocess_end"
        assert len(record["outputs"]) == 1


async def test_task_rules_look_at_the_prompt() -> None:
    """A task's rule is kept for the prompt that it is for."""
    async with wiro() as at:
        at.script("task", TaskScript(pexit="1"), prompt_contains="fox")
        assert (await at.finished(prompt="an owl"))["pexit"] == "0"
        assert (await at.finished(prompt="a red fox"))["pexit"] == "1"
        assert (await at.finished(prompt="a red fox"))["pexit"] == "0"


async def test_many_tasks_at_once() -> None:
    """Two hundred tasks with the same picture all finish, and the picture is drawn once."""
    async with wiro() as at:
        for _ in range(200):
            await at.run()
        for task in at.server.tasks:
            await at.settled(task.taskid)
        assert {task.status for task in at.server.tasks} == {"task_postprocess_end"}
        assert len({task.outputs[0].url for task in at.server.tasks}) == 200
        assert at.server.balance_usd == pytest.approx(1000 - 200 * 0.00351)
