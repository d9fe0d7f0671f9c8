"""From a running task to its end: callback, socket and poll all lead to one step that asks Task/Detail.

Source of the rules: the design, *Push wakes, polling guarantees*. What a callback says is never believed;
it only makes the step run now. Applying the same news twice changes nothing.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.errors import StorageError, UnreadableAnswerError, WiroError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.book import Book, moving
from bot.jobs.budget import Budget
from bot.jobs.model import Job, State
from bot.jobs.pace import Pace
from bot.jobs.ports import Clock, Wiro
from bot.jobs.waiting import loop_seconds
from bot.jobs.worker import Worker
from bot.meter import Cause, Meter
from bot.parameters import SanaParameters
from bot.wiro.wire import Task, Verdict, outputs_to_json

_LOOKS_AT_ONCE: Final = 16
_POLLS_PER_SECOND: Final = 5.0  # over all tasks; wakes are not counted, as each has its cause
_POLLS_AT_ONCE: Final = 20.0
_STOPPING_SECONDS: Final = 1.0  # until the next look at a task that was told to stop; longer each time
_FIRST_RETRY_SECONDS: Final = 2.0
_LAST_RETRY_SECONDS: Final = 60.0
_STATUSES_AT_MOST: Final = 100  # unknown ones that are remembered as logged
_LATE_LOOKS_AT_MOST: Final = 1500  # that fail, at the task of a job that has ended: for about a day
_LAST_LOOK_SECONDS: Final = 60.0  # after a task was given up that did not end: it may just have succeeded
_UNANSWERED_AT_MOST_SECONDS: Final = 24 * 3600.0  # that Wiro may fail to answer for an overdue task
_KILLED_AT_MOST_SECONDS: Final = 60.0  # that an overdue task may take to end once it was killed

_LATE: Final = frozenset({State.LOST, State.EXPIRED, State.CANCELLED})
"""Ends that a success which turns up after all takes back. Source: the design, the table of transitions."""

_TOLD: Final = frozenset({Cause.CALLBACK, Cause.SOCKET})
"""Causes that Wiro itself is: while it tells, polling may be slow."""

log = structlog.get_logger()


class Tracker:
    """Follows every running task to its end.

    Args:
        book: the open jobs.
        wiro: is asked for tasks.
        clock: the time of day.
        pace: decides when to poll.
        meter: counts the looks.
        timeout: how long a task may take from Run on.
    """

    def __init__(
        self, book: Book, wiro: Wiro, clock: Clock, pace: Pace, meter: Meter, *, timeout: timedelta
    ) -> None:
        self._book = book
        self._wiro = wiro
        self._clock = clock
        self._pace = pace
        self._meter = meter
        self._timeout = timeout
        self._polls = Budget(per_second=_POLLS_PER_SECOND, burst=_POLLS_AT_ONCE)
        self._worker = Worker("track", self._step, width=_LOOKS_AT_ONCE)
        self._woken: dict[int, Cause] = {}  # by the first cause since the last look
        self._promised: set[int] = set()  # polls whose share of the budget is reserved
        self._called_back: set[int] = set()
        self._seen_running: dict[int, float] = {}  # seconds after acceptance, at the last look
        self._failures: dict[int, int] = {}
        self._unanswered_since: dict[int, float] = {}  # when the looks that fail in a row began
        self._told_to_stop: dict[int, float] = {}  # when this process first asked for a task's end
        self._last_looks: set[int] = set()  # at tasks that went on when their jobs had ended
        self._unknown_statuses: set[str] = set()

    def follow(self, job: Job) -> None:
        """Begin to follow a running task."""
        now = job.id in self._woken or job.cancelled_by is not None
        self._worker.put(job.id, delay=0.0 if now else self._next_look(job))

    def catch_up(self, job_id: int) -> None:
        """Look at a task as soon as the budget allows: nobody did while the bot was down."""
        self._worker.put(job_id)

    def wake(self, job_id: int, cause: Cause) -> None:
        """Look at a task now: something was heard of it, or its end was asked for."""
        self._woken.setdefault(job_id, cause)
        if cause in _TOLD:
            self._called_back.add(job_id)
        self._worker.put(job_id)

    def forget(self, job_id: int) -> None:
        """Drop what was remembered of a job that is closed."""
        self._woken.pop(job_id, None)
        self._promised.discard(job_id)
        self._called_back.discard(job_id)
        self._seen_running.pop(job_id, None)
        self._failures.pop(job_id, None)
        self._unanswered_since.pop(job_id, None)
        self._told_to_stop.pop(job_id, None)
        self._last_looks.discard(job_id)

    def stop(self) -> None:
        """Begin no more looks."""
        self._worker.stop()

    async def run(self) -> None:
        """Follow until stopped."""
        await self._worker.run()

    async def _step(self, job_id: int) -> float | None:
        """Look at one task and apply what it says."""
        woken = job_id in self._woken
        try:
            job = await self._book.find(job_id)
        except StorageError as error:
            log.debug("track.not_read", job=f"S-{job_id}", error=str(error))
            return _LAST_RETRY_SECONDS
        if job is None or job.taskid is None or job.state not in _LATE | {State.RUNNING}:
            # A wake before Run's answer is kept for `follow`.
            if job is None or job.state is not State.SUBMITTING:
                self.forget(job_id)
            return None
        if not woken and job_id not in self._promised and (wait := self._polls.reserve()):
            self._promised.add(job_id)
            return wait
        self._meter.looked(self._woken.pop(job_id, Cause.POLL))
        self._promised.discard(job_id)
        return await self._look(job)

    async def _look(self, job: Job) -> float | None:
        try:
            taskid = None if job.tasktoken else job.taskid
            task = await self._wiro.task_detail(tasktoken=job.tasktoken, taskid=taskid)
            if task.taskid != job.taskid:
                raise UnreadableAnswerError(f"asked for task {job.taskid}, and heard of {task.taskid}")
        except WiroError as error:
            return await self._look_failed(job, error)
        self._failures.pop(job.id, None)
        self._unanswered_since.pop(job.id, None)
        if task.verdict is not Verdict.RUNNING:
            await self._apply_end(job, task)
            return None
        if job.state is not State.RUNNING:
            return self._leave(job)
        self._seen_running[job.id] = self._elapsed(job)
        self._note_unknown_status(job, task)
        if job.cancelled_by is not None or self._is_overdue(job):
            self._told_to_stop.setdefault(job.id, loop_seconds())
            await self._stop_task(job, task.status)
        if await self._expire(job):
            return self._leave(job)
        return self._next_look(job)

    async def _look_failed(self, job: Job, error: WiroError) -> float | None:
        failures = self._failures[job.id] = self._failures.get(job.id, 0) + 1
        self._unanswered_since.setdefault(job.id, loop_seconds())
        log.warning("track.failed", job=job.reference, error=str(error), failures=failures)
        if job.state is State.RUNNING and job.cancelled_by is not None:
            await self._stop_task(job, None)
        if await self._expire(job):
            return self._leave(job)
        if job.state in _LATE and failures >= _LATE_LOOKS_AT_MOST:
            self.forget(job.id)
            return None
        return backoff_seconds(failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)

    def _next_look(self, job: Job) -> float:
        """Return the seconds until the next look, and never let a timeout pass unseen."""
        if job.cancelled_by is not None or self._is_overdue(job):
            told = self._told_to_stop.get(job.id, loop_seconds())
            return max(_STOPPING_SECONDS, (loop_seconds() - told) / 2)
        wait = self._pace.next_look(
            _work(job), self._elapsed(job), expects_callback=job.callback_hash is not None
        )
        return min(wait, max(0.0, self._timeout.total_seconds() - self._elapsed(job)))

    def _elapsed(self, job: Job) -> float:
        since = job.accepted_at or job.created_at
        return max(0.0, (self._clock.now() - since).total_seconds())

    def _is_overdue(self, job: Job) -> bool:
        return self._elapsed(job) >= self._timeout.total_seconds()

    def _leave(self, job: Job) -> float | None:
        """Leave a task that goes on although its job has ended, after a last look: this one may be old.

        Afterwards only what is heard of it brings us back. That may have been heard during this very look,
        and Wiro calls back but once.
        """
        was_heard_of = job.id in self._woken
        was_last = job.id in self._last_looks
        self.forget(job.id)
        if was_heard_of:
            return 0.0
        if was_last:
            return None
        self._last_looks.add(job.id)
        return _LAST_LOOK_SECONDS

    async def _stop_task(self, job: Job, status: str | None) -> None:
        """Cancel the task or kill it, as its status needs, and both where that is unknown or has changed."""
        calls = [self._wiro.cancel, self._wiro.kill]
        if status not in {None, "task_queue"}:
            calls.reverse()
        for call in calls:
            try:
                await call(taskid=job.taskid or "", tasktoken=job.tasktoken or "")
            except WiroError as error:
                log.info("stop.refused", job=job.reference, call=call.__name__, error=str(error))
            else:
                return

    async def _apply_end(self, job: Job, task: Task) -> None:
        now = self._clock.now()
        called_back = job.id in self._called_back if job.callback_hash is not None else None
        if job.state is State.RUNNING and task.verdict is Verdict.SUCCEEDED:
            heard = job.id in self._called_back
            self._pace.learn(
                _work(job),
                self._elapsed(job),
                called_back=called_back,
                running_at_seconds=None if heard else self._seen_running.get(job.id, 0.0),
            )
        self.forget(job.id)
        overdue = self._is_overdue(job)
        after = await self._book.must_change(
            job.id, lambda current: _ended(current, task, now, overdue=overdue)
        )
        if after is not None:
            log.info("task.ended", job=job.reference, state=str(after.state), task=task.summary)

    async def _expire(self, job: Job) -> bool:
        """End a job whose task does not end although it was told to; tell whether it was ended.

        The time counts from when this process first told it, so that a bot that was down hears first what
        became of the task meanwhile. A look that was not answered says nothing of the task, which may have
        succeeded: then this process must have had no answer for a day.
        """
        now = self._clock.now()
        if job.state is not State.RUNNING:
            return False
        unanswered_since = self._unanswered_since.get(job.id)
        told = self._told_to_stop.get(job.id)
        patience = min(_KILLED_AT_MOST_SECONDS, self._timeout.total_seconds())
        is_stuck = unanswered_since is None and told is not None and loop_seconds() >= told + patience
        is_unknown = (
            unanswered_since is not None
            and self._is_overdue(job)
            and loop_seconds() >= unanswered_since + _UNANSWERED_AT_MOST_SECONDS
        )
        if not (is_stuck or is_unknown):
            return False
        end = State.EXPIRED if job.cancelled_by is None else State.CANCELLED
        detail = "still not terminal after it was told to stop" if is_stuck else "Wiro does not answer for it"
        await self._book.must_change(job.id, moving(State.RUNNING, end, ended_at=now, detail=detail))
        log.warning("job.expired", job=job.reference)
        return True

    def _note_unknown_status(self, job: Job, task: Task) -> None:
        if not task.has_known_status and task.status not in self._unknown_statuses:
            if len(self._unknown_statuses) >= _STATUSES_AT_MOST:
                return
            self._unknown_statuses.add(task.status)
            log.warning("task.unknown_status", job=job.reference, status=task.status)


def _since(job: Job, now: datetime) -> float | None:
    return None if job.accepted_at is None else (now - job.accepted_at).total_seconds()


def _work(job: Job) -> int:
    parameters = SanaParameters.from_json(job.parameters)
    return parameters.width * parameters.height * parameters.steps * parameters.samples


def _ended(job: Job, task: Task, now: datetime, *, overdue: bool) -> Job | None:
    """Return the job after its task's end; pure. A late end that is no success changes nothing."""
    if task.verdict is Verdict.SUCCEEDED and job.state in _LATE | {State.RUNNING}:
        return job.evolve(
            State.FINISHED,
            ended_at=now,
            closed_at=None,
            outputs=outputs_to_json(task.outputs),
            cost_usd=task.cost_usd,
            seconds=task.elapsed_seconds if task.elapsed_seconds is not None else _since(job, now),
        )
    if job.state is not State.RUNNING:
        return None
    detail = f"{task.summary}: {task.error or 'nothing said'}"
    if task.verdict is not Verdict.CANCELLED:
        return job.evolve(State.FAILED, ended_at=now, detail=detail)
    end = State.EXPIRED if overdue and job.cancelled_by is None else State.CANCELLED
    return job.evolve(end, ended_at=now, detail=detail)
