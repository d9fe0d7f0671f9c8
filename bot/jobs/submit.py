"""From the line to a running task: one signed Run for each job, and what its answer means.

Source of the rules: the design, *The life of a job*. ``submitting`` is written before Run is sent. An
answer that says for certain that nothing was started puts the job back in line or fails it; anything else
leaves it open, and the task is looked for (``bot.jobs.search``), because Run is never sent twice for a job
whose first may have arrived.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from bot.errors import (
    AccountError,
    AuthenticationError,
    BalanceError,
    NotFoundError,
    NothingStartedError,
    OutcomeUnknownError,
    ParameterError,
    RefusedError,
    StorageError,
    TaskLimitError,
    WiroThrottledError,
)
from bot.jobs.book import Book, moving
from bot.jobs.callback_token import hash_callback_token, new_callback_token
from bot.jobs.gate import Gate, Trouble
from bot.jobs.model import Job, State
from bot.jobs.ports import Clock, Wiro
from bot.jobs.queue import Line, Slots
from bot.jobs.rules import JobRules
from bot.jobs.waiting import loop_seconds, wait_for
from bot.parameters import SanaParameters
from bot.wiro.wire import Accepted

_LONGEST_WAIT_SECONDS: Final = 60.0
_RUNS_AT_ONCE: Final = 32  # bounds the calls under way where the account has no limit
_REFUSALS_AT_MOST: Final = 5  # of one job for reasons that may pass, before it is failed

_MEND_BALANCE: Final = "top up the Wiro account"
_MEND_CREDENTIALS: Final = "check WIRO_API_KEY and WIRO_API_SECRET, and the project at Wiro"

log = structlog.get_logger()


class Submitter:
    """Gives slots to waiting jobs.

    Args:
        book: the open jobs.
        line: who waits.
        slots: how many may run.
        gate: whether any may start.
        wiro: sends Run.
        clock: the time of day.
        rules: the owner's settings.
        in_doubt: is told of a job whose Run was not answered.
    """

    def __init__(
        self,
        book: Book,
        line: Line,
        slots: Slots,
        gate: Gate,
        wiro: Wiro,
        clock: Clock,
        rules: JobRules,
        *,
        in_doubt: Callable[[int], None],
    ) -> None:
        self._book = book
        self._line = line
        self._slots = slots
        self._gate = gate
        self._wiro = wiro
        self._clock = clock
        self._callback_base = rules.callback_base
        self._queue_timeout_seconds = rules.queue_timeout.total_seconds()
        self._in_doubt = in_doubt
        self._refusals: dict[int, int] = {}
        self._unwelcome: dict[int, int] = {}  # by job, the moderator who blocked its member meanwhile
        self._accepted_runs = 0
        self._refused_for_account: dict[int, tuple[int, int]] = {}  # how often, and after how many accepted
        self._runs_under_way = 0
        self._news = asyncio.Event()
        self._stopping = False

    def forget(self, job_id: int) -> None:
        """Drop what was remembered of a job that is closed."""
        self._refusals.pop(job_id, None)
        self._refused_for_account.pop(job_id, None)
        self._unwelcome.pop(job_id, None)

    def end_on_return(self, job_id: int, by: int) -> None:
        """End a job whose Run is under way if nothing was started; if it was, it goes on."""
        self._unwelcome[job_id] = by

    def keeps_its_turn(self, job_id: int) -> bool:
        """Tell whether a job that comes back goes first; one that was refused twice lets another try."""
        return self._refused_for_account.get(job_id, (0, 0))[0] <= 1

    def wake(self) -> None:
        """Look again: somebody joined the line, or a slot came free."""
        self._news.set()

    def stop(self) -> None:
        """Submit no more; `run` returns once every Run under way was answered and its answer stored."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Submit until stopped."""
        async with asyncio.TaskGroup() as attempts:
            while not self._stopping:
                self._news.clear()
                await self._expire_overdue()
                job_id = self._take_next()
                if job_id is None:
                    await self._wait()
                else:
                    attempts.create_task(self._attempt(job_id), name=f"submit S-{job_id}")

    def _take_next(self) -> int | None:
        """Take the next job out of the line with a slot and a pass, where there are all three."""
        if (
            not len(self._line)
            or self._runs_under_way >= _RUNS_AT_ONCE
            or self._gate.wait_seconds() != 0.0
            or not self._slots.free(loop_seconds())
        ):
            return None
        job_id = self._line.take_next()
        if job_id is not None:
            self._runs_under_way += 1
            self._slots.take(job_id)
            self._gate.enter(job_id)
        return job_id

    async def _wait(self) -> None:
        """Wait for news, for the gate's next probe, or for the next job to wait too long."""
        limits = [_LONGEST_WAIT_SECONDS]
        if len(self._line) and (gate_opens := self._gate.wait_seconds()):
            limits.append(gate_opens)
        if (oldest := self._line.oldest()) is not None:
            limits.append(max(0.0, oldest[0] + self._queue_timeout_seconds - loop_seconds()))
        await wait_for(self._news, min(limits))

    async def _expire_overdue(self) -> None:
        while (oldest := self._line.oldest()) is not None:
            if oldest[0] + self._queue_timeout_seconds > loop_seconds():
                return
            self._line.leave(oldest[1])
            expired = moving(
                State.QUEUED,
                State.EXPIRED,
                ended_at=self._clock.now(),
                detail="it waited too long in line",
            )
            await self._book.must_change(oldest[1], expired)

    async def _attempt(self, job_id: int) -> None:
        structlog.contextvars.bind_contextvars(job=f"S-{job_id}")  # on every line of this task
        try:
            token = new_callback_token()
            job = await self._write_submitting(job_id, token)
            if job is not None:
                await self._run(job, token)
        finally:
            self._runs_under_way -= 1
            self._gate.leave(job_id)
            self._news.set()

    async def _write_submitting(self, job_id: int, token: str) -> Job | None:
        """Write down that Run is about to be sent; where that cannot be written, nothing is sent."""
        callback_hash = None if self._callback_base is None else hash_callback_token(token)
        submitting = moving(
            State.QUEUED,
            State.SUBMITTING,
            submitted_at=self._clock.now(),
            callback_hash=callback_hash,
        )
        try:
            job = await self._book.change(job_id, submitting)
        except StorageError as error:
            wait = self._gate.shut(Trouble.SERVICE, job_id)
            log.debug("submit.not_written", job=f"S-{job_id}", error=str(error), next_try_seconds=wait)
            self._slots.release(job_id)
            if (job := self._book.get(job_id)) is not None:
                self._line.join(job_id, job.member_id, loop_seconds(), front=True)
            return None
        if job is None:  # it was cancelled in this very moment
            self._slots.release(job_id)
        return job

    async def _run(self, job: Job, token: str) -> None:
        inputs = SanaParameters.from_json(job.parameters).wire()
        callback_url = None if self._callback_base is None else f"{self._callback_base}/{token}"
        try:
            accepted = await self._wiro.run(inputs, callback_url)
        except OutcomeUnknownError as error:
            wait = self._gate.shut(Trouble.SERVICE, job.id)
            log.warning(
                "run.unanswered", job=job.reference, error=str(error), next_try_seconds=round(wait, 1)
            )
            self._in_doubt(job.id)
        except NothingStartedError as error:
            await self._nothing_started(job, error)
        else:
            await self._accepted(job, accepted)

    async def _accepted(self, job: Job, accepted: Accepted) -> None:
        if self._gate.open():
            log.info("line.resumed", job=job.reference)
        self._accepted_runs += 1
        self.forget(job.id)
        now = self._clock.now()
        await self._book.must_change(
            job.id,
            moving(
                State.SUBMITTING,
                State.RUNNING,
                accepted_at=now,
                taskid=accepted.taskid,
                tasktoken=accepted.tasktoken,
            ),
        )
        log.info("run.accepted", job=job.reference, taskid=accepted.taskid)

    async def _nothing_started(self, job: Job, error: NothingStartedError) -> None:
        match error:
            case ParameterError():
                await self._fail(job, error, "The picture service does not accept these parameters.")
                return
            case NotFoundError():
                await self._fail(job, error, "The picture service does not offer this tool at the moment.")
                return
            case RefusedError() if self._count_refusal(job) >= _REFUSALS_AT_MOST:
                await self._fail(job, error, "The picture service refused this several times.")
                return
            case TaskLimitError():
                self._slots.release(job.id)
                self._slots.learn(error.limit, loop_seconds())
                if self._gate.trouble is Trouble.ACCOUNT:  # it works again: only its tasks are all taken
                    self._gate.open()
                if not len(self._slots):
                    self._gate.shut(Trouble.BUSY, job.id)
                log.info("run.limit", job=job.reference, limit=self._slots.limit, error=str(error))
            case AuthenticationError() if self._is_refused_alone(job):
                await self._fail(
                    job, error, "The picture service refuses this one, although it takes others."
                )
                return
            case AccountError():
                wait = self._gate.shut(Trouble.ACCOUNT, job.id)
                log.error(
                    "line.held",
                    job=job.reference,
                    error=str(error),
                    mend=_MEND_BALANCE if isinstance(error, BalanceError) else _MEND_CREDENTIALS,
                    next_try_seconds=round(wait, 1),
                )
            case _:
                at_least = error.retry_after_seconds if isinstance(error, WiroThrottledError) else None
                wait = self._gate.shut(Trouble.SERVICE, job.id, at_least_seconds=at_least or 0.0)
                log.warning(
                    "run.refused", job=job.reference, error=str(error), next_try_seconds=round(wait, 1)
                )
        await self._put_back(job)

    def _is_refused_alone(self, job: Job) -> bool:
        """Count a refusal for the account's sake; tell whether others were accepted since this job's last.

        Then it is not the account: something in this request is refused as if it were.
        """
        times, accepted_before = self._refused_for_account.get(job.id, (0, self._accepted_runs))
        self._refused_for_account[job.id] = (times + 1, self._accepted_runs)
        return self._accepted_runs > accepted_before

    def _count_refusal(self, job: Job) -> int:
        self._refusals[job.id] = self._refusals.get(job.id, 0) + 1
        return self._refusals[job.id]

    async def _put_back(self, job: Job) -> None:
        """Nothing was started: the job waits again, or ends where its end was asked for meanwhile."""
        now = self._clock.now()
        await self._book.must_change(job.id, lambda current: self._returned(current, now))

    def _returned(self, job: Job, now: datetime) -> Job | None:
        """Return the job as one that waits again, or ended where that was asked for meanwhile."""
        if job.state is not State.SUBMITTING:
            return None
        back = job.evolve(State.QUEUED, callback_hash=None)
        by = job.cancelled_by or self._unwelcome.get(job.id)
        return back if by is None else back.evolve(State.CANCELLED, ended_at=now, cancelled_by=by)

    async def _fail(self, job: Job, error: NothingStartedError, reason: str) -> None:
        self._refusals.pop(job.id, None)
        now = self._clock.now()
        log.warning("job.failed", job=job.reference, error=str(error))
        failed = moving(State.SUBMITTING, State.FAILED, ended_at=now, reason=reason, detail=str(error))
        await self._book.must_change(
            job.id,
            lambda current: failed(current) if current.cancelled_by is None else self._returned(current, now),
        )
