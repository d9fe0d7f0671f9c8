"""News of running tasks: whose it is, that it never goes back, and that an end is told once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bot.jobs.live import Live
from bot.jobs.model import Job, State
from bot.wiro.news import TaskNews, TaskProgress
from tests.support.jobs import ANY_JOB


class Wire:
    """A feed that says what the test has it say."""

    def __init__(self) -> None:
        self.followed: list[str] = []
        self.forgotten: list[str] = []
        self._hear: Callable[[TaskNews], None] | None = None
        self._stopped = asyncio.Event()

    def follow(self, tasktoken: str) -> None:
        """Note it."""
        self.followed.append(tasktoken)

    def forget(self, tasktoken: str) -> None:
        """Note it."""
        self.forgotten.append(tasktoken)

    async def run(self, hear: Callable[[TaskNews], None]) -> None:
        """Wait until stopped; `say` goes to `hear` meanwhile."""
        self._hear = hear
        await self._stopped.wait()

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped.set()

    def say(self, tasktoken: str, percentage: int | None = None, step: int | None = None) -> None:
        """Tell how far a task is; without a percentage, that it has ended."""
        assert self._hear is not None
        if percentage is None:
            self._hear(TaskNews(tasktoken=tasktoken, ended=True))
        else:
            output = {
                "type": "progressGenerate",
                "percentage": percentage,
                "stepCurrent": step,
                "stepTotal": 10,
            }
            self.pass_on(tasktoken, {"type": "task_output", "tasktoken": tasktoken, "message": output})

    def pass_on(self, tasktoken: str, message: object) -> None:
        """Tell what may be progress of a task."""
        assert self._hear is not None
        self._hear(TaskNews(tasktoken=tasktoken, told=json.dumps(message)))


class Listening:
    """A `Live` at work, and what it has told."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.moved: list[int] = []
        self.ended: list[int] = []
        self.live = Live(self.wire, moved=self.moved.append, ended=self.ended.append)

    def shown(self, job_id: int) -> int | None:
        """Return how far a job is, in per cent."""
        progress = self.live.progress(job_id)
        return None if progress is None else progress.percentage


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    """Two jobs are followed."""
    listening = Listening()
    run = asyncio.create_task(listening.live.run())
    await asyncio.sleep(0)
    for job_id in (1, 2):
        listening.live.follow(job(job_id))
    yield listening
    listening.live.stop()
    await run


def job(job_id: int, tasktoken: str | None = "") -> Job:
    """Return a running job; its task's token is "token 1" and so on."""
    token = f"token {job_id}" if tasktoken == "" else tasktoken
    return replace(ANY_JOB, id=job_id, state=State.RUNNING, tasktoken=token)


async def test_progress_is_the_jobs_own(listening: Listening) -> None:
    """What is told of one task is known of its job alone, and told on."""
    listening.wire.say("token 2", 40, 4)
    assert (listening.shown(1), listening.shown(2)) == (None, 40)
    assert listening.live.progress(2) == TaskProgress(percentage=40, step=4, steps=10)
    assert listening.moved == [2]


async def test_progress_is_what_the_tool_said_last(listening: Listening) -> None:
    """A tool may count each picture anew, so less than before is news too."""
    for percentage, step in ((40, 4), (100, 10), (10, 1)):
        listening.wire.say("token 1", percentage, step)
    assert listening.live.progress(1) == TaskProgress(percentage=10, step=1, steps=10)
    assert listening.live.progress(1) == TaskProgress(percentage=10, step=1, steps=10)


async def test_a_move_is_told_once_until_somebody_looks(listening: Listening) -> None:
    """Of forty messages a few are shown at most; after each look the next one is told on."""
    for percentage in (10, 20, 30):
        listening.wire.say("token 1", percentage, 1)
    assert listening.moved == [1]
    assert listening.shown(1) == 30
    listening.wire.say("token 1", 40, 1)
    listening.wire.say("token 1", 50, 1)
    assert listening.moved == [1, 1]
    assert listening.shown(1) == 50


@pytest.mark.parametrize(
    "message",
    [
        {
            "type": "task_output",
            "tasktoken": "token 2",
            "message": {"type": "progressGenerate", "percentage": 9},
        },
        {
            "type": "task_error",
            "tasktoken": "token 1",
            "message": {"type": "progressGenerate", "percentage": 9},
        },
        {"type": "task_output", "tasktoken": "token 1", "message": "progressGenerate"},
    ],
)
async def test_what_tells_no_progress_takes_none_away(listening: Listening, message: object) -> None:
    """A message that only looked like progress of this task leaves what was known."""
    listening.wire.say("token 1", 40, 4)
    assert listening.shown(1) == 40
    listening.wire.pass_on("token 1", message)
    assert listening.shown(1) == 40


async def test_an_end_is_told_once_and_is_the_last(listening: Listening) -> None:
    """Whatever follows it is ignored, and nobody listens for it any more; the other job goes on."""
    listening.wire.say("token 1", 90, 9)
    listening.wire.say("token 1")
    listening.wire.say("token 1")
    listening.wire.say("token 1", 100, 10)
    listening.wire.say("token 2", 10, 1)
    assert listening.ended == [1]
    assert (listening.shown(1), listening.shown(2)) == (90, 10)
    assert listening.moved == [1, 2]
    assert listening.wire.forgotten == ["token 1"]


async def test_following_again_changes_nothing(listening: Listening) -> None:
    """A job that changes while it runs keeps its progress, and an end that was told stays told."""
    listening.wire.say("token 1", 90, 9)
    listening.wire.say("token 2")
    for job_id in (1, 2):
        listening.live.follow(job(job_id))
    listening.wire.say("token 2")
    assert listening.shown(1) == 90
    assert listening.ended == [2]
    assert listening.wire.followed == ["token 1", "token 2"]


async def test_a_job_that_left_is_forgotten(listening: Listening) -> None:
    """Its task is no longer asked for, its news is ignored, and nothing of it is kept."""
    listening.wire.say("token 1", 40, 4)
    listening.live.forget(1)
    listening.live.forget(1)
    listening.wire.say("token 1", 50, 5)
    listening.wire.say("token 1")
    assert listening.shown(1) is None
    assert (listening.moved, listening.ended) == ([1], [])
    assert listening.wire.forgotten == ["token 1"]


async def test_a_task_without_a_token_cannot_be_followed(listening: Listening) -> None:
    """One that was found by its taskid alone is left to callbacks and polls."""
    listening.live.follow(job(3, tasktoken=None))
    listening.live.forget(3)
    listening.wire.say("", 40, 4)
    assert listening.wire.followed == ["token 1", "token 2"]
    assert listening.moved == []
