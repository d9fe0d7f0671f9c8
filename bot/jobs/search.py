"""Looks for tasks whose Run was never answered.

Source of the rules: the design, *Run is never sent twice*. A task is taken only if what it was run with is
this job's: the callback address that nobody else knows, or, where Wiro does not echo it, prompt, seed and
size, begun after the job and claimed by no other. Where nothing is found in time, the job is lost and
refunded; a callback may still bring it back.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from bot.errors import StorageError, UnreadableAnswerError, WiroError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.book import Book, moving
from bot.jobs.callback_token import hash_callback_token
from bot.jobs.model import Job, State
from bot.jobs.ports import Clock, JobStore, Wiro
from bot.jobs.waiting import loop_seconds, wait_for
from bot.parameters import SanaParameters
from bot.wiro.wire import Task

_FIRST_SECONDS: Final = 0.5
_MOST_SECONDS: Final = 20.0
_PAGE: Final = 100  # Source: Wiro's reference, Task/List: at most 100
_PAGES_AT_MOST: Final = 50
_CLOCKS_APART: Final = timedelta(minutes=5)  # how far Wiro's clock and ours may disagree
_INCOMPLETE_TIMES: Final = 6  # as long is looked where no listing reaches back to the submission
_UNANSWERED_AT_MOST_SECONDS: Final = 24 * 3600.0  # that Wiro may fail to list, before a job is lost
_HINT_TRIES: Final = 5000  # for about a day
_HINTS_AT_MOST: Final = 4  # a job has one task; more hints than a few are somebody's game

log = structlog.get_logger()


class Search:
    """Looks for the tasks of all jobs in doubt with one listing for all of them.

    Args:
        book: the open jobs.
        store: tells which tasks belong to jobs already.
        wiro: lists tasks.
        clock: the time of day.
        lost_after: how long a task is looked for, counted from the first look of this process.
        found: is told of each job whose task was found.
        missed: is told after each look of a job whose task was not found yet.
    """

    def __init__(
        self,
        book: Book,
        store: JobStore,
        wiro: Wiro,
        clock: Clock,
        *,
        lost_after: timedelta,
        found: Callable[[int], None],
        missed: Callable[[int], None],
    ) -> None:
        self._book = book
        self._store = store
        self._wiro = wiro
        self._clock = clock
        self._lost_after_seconds = lost_after.total_seconds()
        self._found = found
        self._missed = missed
        self._since: dict[int, float] = {}
        self._not_found: frozenset[int] = frozenset()  # by the last look
        self._names: dict[int, str] = {}  # by job, the task that called back before Run was answered
        self._hints: dict[int, list[str]] = {}
        self._hint_tries: dict[int, int] = {}
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()

    def __contains__(self, job_id: int) -> bool:
        """Tell whether the job is being looked for."""
        return job_id in self._since

    def has_missed(self, job_id: int) -> bool:
        """Tell whether the job is still being looked for after a look that did not find its task."""
        return job_id in self._not_found and job_id in self._since

    def add(self, job_id: int) -> None:
        """Begin to look for a job's task, the one first that was named meanwhile."""
        self._since.setdefault(job_id, loop_seconds())
        if (taskid := self._names.pop(job_id, None)) is not None:
            self.hint(job_id, taskid)
        self._news.set()

    def name(self, job_id: int, taskid: str) -> None:
        """Keep the task that a callback named while Run is under way, should Run's answer be lost."""
        self._names[job_id] = taskid

    def forget_name(self, job_id: int) -> None:
        """The job's Run was answered."""
        self._names.pop(job_id, None)

    def hint(self, job_id: int, taskid: str) -> None:
        """Somebody who knows the job's callback address named a task, which is looked at and not believed.

        Also for a job that was given up as lost.
        """
        hints = self._hints.setdefault(job_id, [])
        if taskid not in hints and len(hints) < _HINTS_AT_MOST:
            hints.append(taskid)
            self._news.set()

    def stop(self) -> None:
        """End the search; it begins anew at the next start."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> None:
        """Search until stopped."""
        rounds = 0
        while not self._stopping.is_set():
            if not self._since and not self._hints:
                rounds = 0
                await self._news.wait()
            self._news.clear()
            await self._follow_hints()
            if self._since or self._hints:
                rounds += 1
                await self._search_once()
                await wait_for(self._stopping, _FIRST_SECONDS)  # however much is heard meanwhile
                seconds = backoff_seconds(rounds, first=_FIRST_SECONDS, most=_MOST_SECONDS)
                await wait_for(self._news, seconds)

    async def _follow_hints(self) -> None:
        """Ask for the tasks that were named."""
        failed: dict[int, list[str]] = {}
        while self._hints:
            job_id, taskids = self._hints.popitem()
            for taskid in taskids:
                try:
                    with bound_contextvars(job=f"S-{job_id}"):
                        is_ours = await self._follow_hint(job_id, taskid)
                    if is_ours:
                        break
                except (WiroError, StorageError) as error:
                    log.warning("search.hint_failed", job=f"S-{job_id}", error=str(error))
                    failed.setdefault(job_id, []).append(taskid)
        for job_id, taskids in failed.items():
            tries = self._hint_tries[job_id] = self._hint_tries.get(job_id, 0) + 1
            if tries < _HINT_TRIES:
                self._hints[job_id] = taskids
            else:
                del self._hint_tries[job_id]

    async def _follow_hint(self, job_id: int, taskid: str) -> bool:
        """Ask for a task that was named, and take it if it is the job's; tell whether it is."""
        task = await self._wiro.task_detail(taskid=taskid)
        if task.taskid != taskid:
            raise UnreadableAnswerError(f"asked for task {taskid}, and heard of {task.taskid}")
        self._hint_tries.pop(job_id, None)
        job = await self._book.find(job_id)
        if job is None or not matches(job, task) or await self._store.claimed([taskid]):
            return False
        await self._claim(job, task)
        return True

    async def _search_once(self) -> None:
        """List tasks back to the oldest submission in doubt; claim what is ours, give up what is overdue."""
        started = loop_seconds()
        jobs = self._in_doubt()
        if not jobs:
            return
        horizon = min(job.submitted_at or job.created_at for job in jobs) - _CLOCKS_APART
        try:
            complete = await self._list_back_to(horizon)
        except (WiroError, StorageError) as error:
            log.warning("search.failed", jobs=len(jobs), error=str(error))
            patience = _UNANSWERED_AT_MOST_SECONDS
        else:
            patience = self._lost_after_seconds * (1 if complete else _INCOMPLETE_TIMES)
        for job in self._in_doubt():
            if started - self._since[job.id] >= patience:
                await self._give_up(job)
        self._not_found = frozenset(job.id for job in jobs if job.id in self._since)
        for job_id in self._not_found:
            self._missed(job_id)

    def _in_doubt(self) -> list[Job]:
        """Return the jobs that are still to be found, oldest first."""
        jobs = []
        for job_id in sorted(self._since):
            job = self._book.get(job_id)
            if job is not None and job.state is State.SUBMITTING:
                jobs.append(job)
            else:
                del self._since[job_id]
        return jobs

    def _under_way(self) -> list[Job]:
        """Return the jobs whose Run may still be answered: no task that may be theirs is taken."""
        return [job for job in self._book.in_state(State.SUBMITTING) if job.id not in self._since]

    async def _list_back_to(self, horizon: datetime) -> bool:
        """Claim from one page after the other; tell whether the listing reached back to the horizon."""
        for page in range(_PAGES_AT_MOST):
            tasks = await self._wiro.task_list(start=page * _PAGE, limit=_PAGE)
            await self._claim_ours(tasks)
            if not self._in_doubt():
                return True
            oldest = min((task.created_at for task in tasks if task.created_at is not None), default=None)
            if len(tasks) < _PAGE or (oldest is not None and oldest < horizon):
                return True
        return False

    async def _claim_ours(self, tasks: Iterable[Task]) -> None:
        in_doubt, under_way = self._in_doubt(), self._under_way()
        candidates = [
            task
            for task in tasks
            if any(matches(job, task) for job in in_doubt)
            and not any(matches(job, task) for job in under_way)
        ]
        if not candidates:
            return
        taken = await self._store.claimed([task.taskid for task in candidates])
        for task in reversed(candidates):  # the oldest task goes to the oldest job that it can be
            if task.taskid in taken:
                continue
            job = next((job for job in self._in_doubt() if matches(job, task)), None)
            if job is not None:
                await self._claim(job, task)

    async def _claim(self, job: Job, task: Task) -> None:
        now = self._clock.now()
        self._since.pop(job.id, None)
        after = await self._book.must_change(job.id, lambda current: _claimed(current, task, now))
        if after is not None:
            log.info("search.found", job=job.reference, taskid=task.taskid)
            self._found(job.id)

    async def _give_up(self, job: Job) -> None:
        now = self._clock.now()
        detail = "Run was never answered, and its task was not found"
        await self._book.must_change(
            job.id, moving(State.SUBMITTING, State.LOST, ended_at=now, detail=detail)
        )
        # Not before: what is heard while this is written is still about a job that is looked for.
        self._since.pop(job.id, None)
        log.error("job.lost", job=job.reference, submitted_at=str(job.submitted_at))


def matches(job: Job, task: Task) -> bool:
    """Tell whether what a task was run with is what this job's last Run asked for. Pure."""
    address = task.parameters.get("callbackUrl")
    if address:
        token = address.rstrip("/").rpartition("/")[2]
        return job.callback_hash is not None and hash_callback_token(token) == job.callback_hash
    begun = job.submitted_at or job.created_at
    if task.created_at is not None and task.created_at < begun - _CLOCKS_APART:
        return False
    asked = SanaParameters.from_json(job.parameters).wire()
    return all(
        task.parameters.get(name) == str(asked[name]) for name in ("prompt", "seed", "width", "height")
    )


def _claimed(job: Job, task: Task, now: datetime) -> Job | None:
    """Return the job once its task was found; pure. A lost one is followed again, without a charge."""
    known = {"taskid": task.taskid, "tasktoken": task.tasktoken}
    if job.state is State.SUBMITTING:
        # Wiro's clock may be wrong, and what it says beyond any calendar.
        begun = job.submitted_at or job.created_at
        accepted_at = min(now, max(begun, task.created_at or now))
        return job.evolve(State.RUNNING, accepted_at=accepted_at, **known)
    if job.state is State.LOST and job.taskid is None:
        return job.with_changes(**known)
    return None
