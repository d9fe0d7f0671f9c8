"""The bot's way to the simulated Wiro: `bot.jobs.ports.Wiro` over calls that can fail."""

from collections.abc import Callable, Container, Mapping
from typing import Final

from bot.errors import (
    AuthenticationError,
    NoAnswerError,
    NotFoundError,
    NothingStartedError,
    ParameterError,
    RefusedError,
    ServerFaultError,
    UnreadableAnswerError,
    WiroThrottledError,
    WiroUnreachableError,
)
from bot.wiro.wire import Accepted, Task, Verdict
from simulation.calls import Calls, Nature
from simulation.wiro_server import RunRecord, WiroServer

_UNKNOWN: Final = (
    ("timeout", lambda: NoAnswerError("timed out")),
    ("5xx", lambda: ServerFaultError("HTTP 502")),
    ("cut off", lambda: UnreadableAnswerError("cut off")),
)
_PASSING: Final = (
    ("unreachable", lambda: WiroUnreachableError("no connection")),
    ("throttled", lambda: WiroThrottledError("HTTP 429", 3.0)),
    ("authentication", lambda: AuthenticationError("HTTP 401")),
)
_NOT_FOUND: Final = ("not found", lambda: NotFoundError("code 1"))
_READ: Final = Nature(
    domain="wiro",
    calls=("Task/Detail", "Task/List"),
    unknown=_UNKNOWN,
    refusals=(*_PASSING, _NOT_FOUND),
    patience_seconds=15.0,
    latest_seconds=None,
)
_STOP: Final = Nature(
    domain="wiro",
    calls=("Cancel", "Kill"),
    unknown=_UNKNOWN,
    refusals=(*_PASSING, _NOT_FOUND),
    patience_seconds=15.0,
    latest_seconds=5.0,
)
_DELETE: Final = Nature(
    domain="wiro",
    calls=("InputOutputDelete",),
    unknown=_UNKNOWN,
    refusals=(*_PASSING, _NOT_FOUND),
    patience_seconds=15.0,
    latest_seconds=5.0,
    times=6.0,
)
_RUN: Final = Nature(
    domain="wiro",
    calls=("Run",),
    unknown=_UNKNOWN,
    refusals=(
        *_PASSING,
        ("parameters", lambda: ParameterError("refused")),
        ("no such tool", lambda: NotFoundError("HTTP 404")),
        ("refused", lambda: RefusedError("result: false")),
    ),
    patience_seconds=30.0,
    latest_seconds=3.0,
)
NATURES: Final = (_READ, _STOP, _DELETE, _RUN)


class WiroPort:
    """Implements `bot.jobs.ports.Wiro` for one process.

    Args:
        calls: the process's.
        server: at the other end.
        job_of: tells which job inputs are of.
        on_run: is told of each Run for a job before it is sent.
        cancelled: the jobs whose end was promised to somebody.
    """

    def __init__(
        self,
        calls: Calls,
        server: WiroServer,
        *,
        job_of: Callable[[Mapping[str, str | int]], int],
        on_run: Callable[[int], None],
        cancelled: Container[int | None],
    ) -> None:
        self._calls = calls
        self._server = server
        self._job_of = job_of
        self._on_run = on_run
        self._cancelled = cancelled

    async def run(self, inputs: Mapping[str, str | int], callback_url: str | None) -> Accepted:
        """Start a billed task."""
        self._calls.process.check()
        job_id = self._job_of(inputs)
        self._on_run(job_id)
        record = RunRecord()
        self._server.runs.setdefault(job_id, []).append(record)
        try:
            return await self._calls.make(
                _RUN, "Run", job_id, lambda: self._server.run(job_id, inputs, callback_url)
            )
        except NothingStartedError:
            record.is_certain_to_have_started_nothing = True
            raise

    async def task_detail(self, *, tasktoken: str | None = None, taskid: str | None = None) -> Task:
        """Return a task by its token or its id."""
        job_id = self._job(taskid, tasktoken)
        answer = await self._calls.make(
            _READ, "Task/Detail", job_id, lambda: self._server.detail(tasktoken, taskid)
        )
        task = self._server.task_of(taskid, tasktoken)
        if task is not None and job_id in self._cancelled and answer.verdict is Verdict.RUNNING:
            task.looks_in_vain += 1
        return answer

    async def task_list(self, *, start: int, limit: int) -> list[Task]:
        """Return the project's tasks, newest first."""
        made_at, tasks = await self._calls.make(
            _READ, "Task/List", None, lambda: self._server.list(start, limit)
        )
        self._server.listings.append(made_at)
        return tasks

    async def cancel(self, *, taskid: str, tasktoken: str) -> None:  # noqa: ARG002 - the port's
        """Cancel a task that Wiro has queued."""
        job_id = self._job_to_stop(taskid)
        await self._calls.make(_STOP, "Cancel", job_id, lambda: self._server.cancel(taskid))

    async def kill(self, *, taskid: str, tasktoken: str) -> None:  # noqa: ARG002 - the port's
        """Stop a task that runs."""
        job_id = self._job_to_stop(taskid)
        await self._calls.make(_STOP, "Kill", job_id, lambda: self._server.kill(taskid))

    async def delete_files(self, tasktoken: str) -> None:
        """Delete the files of a task that has ended."""
        await self._calls.make(
            _DELETE,
            "InputOutputDelete",
            self._job(None, tasktoken),
            lambda: self._server.delete_files(tasktoken),
        )

    def _job_to_stop(self, taskid: str) -> int | None:
        task = self._server.task_of(taskid, None)
        if task is not None:
            task.looks_in_vain = 0
        return self._job(taskid, None)

    def _job(self, taskid: str | None, tasktoken: str | None) -> int | None:
        task = self._server.task_of(taskid, tasktoken)
        return None if task is None else task.job_id
