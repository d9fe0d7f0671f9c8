"""The life of all jobs: what commands call, and who takes a job on when its state changes.

Every change of a job passes `_route`, at a start as in the middle of the work, so that there is one answer
to the question who does what next.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog

from bot.errors import JobOverError, LineFullError, NotAllowedError
from bot.jobs.book import Book
from bot.jobs.callbacks import Callbacks
from bot.jobs.condition import Condition
from bot.jobs.deliver import Deliverer
from bot.jobs.gate import Gate
from bot.jobs.live import Live
from bot.jobs.model import ENDED, REFUNDED, Job, State
from bot.jobs.pace import Pace
from bot.jobs.ports import (
    Clock,
    Feed,
    InLine,
    JobStore,
    Messenger,
    Pictures,
    Request,
    Standing,
    Wiro,
)
from bot.jobs.progress import Progress
from bot.jobs.queue import Line, Slots
from bot.jobs.recovery import Adopter, adopted, withdrawn
from bot.jobs.rules import JobRules
from bot.jobs.search import Search
from bot.jobs.stages import Stages
from bot.jobs.submit import Submitter
from bot.jobs.tracker import Tracker
from bot.jobs.waiting import loop_seconds
from bot.jobs.wishes import ending, leaving_line, removed, removing
from bot.meter import UNMETERED, Cause, Meter

_TASKS_AT_ONCE: Final = 64  # where neither the owner nor Wiro sets a limit: bounds connections and memory
_OPEN_AT_MOST: Final = 10_000

log = structlog.get_logger()


class JobService:
    """Takes requests on, and sees every job to its end.

    Args:
        store, wiro, feed, pictures, messenger, clock: the world.
        rules: the owner's settings.
        meter: counts what happens.

    Attributes:
        callbacks: what the listener tells of them.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        wiro: Wiro,
        feed: Feed,
        pictures: Pictures,
        messenger: Messenger,
        clock: Clock,
        rules: JobRules,
        meter: Meter = UNMETERED,
    ) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._is_called_back = rules.callback_base is not None
        self._line = Line()
        self._slots = Slots(fixed=rules.max_concurrent, most=_TASKS_AT_ONCE)
        self._gate = Gate()
        self._book = Book(store, clock, self._route, meter)
        self._live = Live(feed, moved=self._show_move, ended=self._hear_end)
        self._tracker = Tracker(self._book, wiro, clock, Pace(), meter, timeout=rules.job_timeout)
        found = partial(self._tracker.wake, cause=Cause.SEARCH)
        self._search = Search(
            self._book, store, wiro, clock, lost_after=rules.lost_after, found=found, missed=self._show_move
        )
        self.callbacks = Callbacks(self._book, self._search, self._tracker)
        self._stages = Stages(self._book, self._line, self._slots, self._gate, self._live, self._search)
        self._progress = Progress(self._book, messenger, clock, self._stages.of)
        self._submitter = Submitter(
            self._book, self._line, self._slots, self._gate, wiro, clock, rules, in_doubt=self._look_for
        )
        self._deliverer = Deliverer(self._book, store, pictures, messenger, self._progress, clock)
        self._adopter = Adopter(self._book, messenger, clock)
        self._parts = (
            self._submitter,
            self._search,
            self._tracker,
            self._live,
            self._deliverer,
            self._progress,
            self._adopter,
        )

    # What commands call.

    async def accept(self, request: Request) -> tuple[Job, Standing, InLine]:
        """Store a job and reserve its credits; its answer is to be sent next, and confirmed.

        Returns:
            The job, what its member has left, and its place in line.

        Raises:
            AllowanceExceededError: too few credits.
            BlockedError: a moderator blocked the member.
            LineFullError: too many jobs are open.
            StorageError: it could not be stored.
        """
        if len(self._book) >= _OPEN_AT_MOST:
            raise LineFullError(f"{len(self._book)} jobs are open")
        job, standing = await self._store.accept(request, self._clock.now())
        stage = self._stages.of_newcomer(job.member_id)
        self._meter.accepted(job)
        self._book.add([job])
        self._progress.begin(job.id, stage)
        log.info("job.accepted", job=job.reference, credits=job.credits, left=standing.left)
        return job, standing, stage

    async def acknowledged(self, job_id: int, message_id: int) -> None:
        """Discord confirmed the first answer: the job may be submitted."""
        await self._book.must_change(job_id, lambda job: adopted(job, message_id))

    async def never_acknowledged(self, job_id: int) -> None:
        """Discord surely refused the first answer: nobody waits for the job."""
        now = self._clock.now()
        await self._book.must_change(job_id, lambda job: withdrawn(job, now))

    def acknowledgement_unknown(self, job_id: int) -> None:
        """Discord may have taken the first answer: its message is looked for."""
        if (job := self._book.get(job_id)) is not None:
            self._adopter.add(job)

    async def cancel(
        self, job_id: int, *, guild_id: int, channel_id: int, member_id: int, may_moderate: bool
    ) -> Job:
        """End a job of a channel for its owner or a moderator.

        Returns:
            The job: cancelled where it was still in line, else with `cancelled_by` set: what became of its
            task decides.

        Raises:
            NotAllowedError: it is not theirs, or there is none.
            JobOverError: it has ended.
            StorageError: nothing was changed.
        """
        job = await self._book.find(job_id)
        is_here = job is not None and (job.guild_id, job.channel_id) == (guild_id, channel_id)
        if job is None or not is_here or not (may_moderate or job.member_id == member_id):
            raise NotAllowedError(f"S-{job_id}")
        step = ending(member_id, self._clock.now())
        after = await self._book.change(job_id, step) or await self._book.find(job_id) or job
        if after.state is State.FINISHED or after.state in ENDED - {State.CANCELLED}:
            raise JobOverError(job.reference)
        if after.state is State.RUNNING:
            self._tracker.wake(job_id, Cause.CANCEL)
        log.info("job.cancel", job=job.reference, by=member_id, state=str(after.state))
        return after

    async def cancel_queued(self, guild_id: int, member_id: int, *, by: int) -> int:
        """End a member's jobs that are still in line, for a moderator; what Wiro works on goes on.

        A job whose Run is under way is ended if that comes to nothing.

        Returns:
            How many were ended.

        Raises:
            StorageError: some were not ended.
        """
        leaving = leaving_line(by, self._clock.now())
        queued = [job.id for job in self._book.of_member(guild_id, member_id, State.QUEUED)]
        for job in self._book.of_member(guild_id, member_id, State.SUBMITTING):
            self._submitter.end_on_return(job.id, by)
        ended = [await self._book.change(job_id, leaving) for job_id in queued]
        cancelled = sum(job is not None for job in ended)
        log.info("jobs.cancel_queued", guild=guild_id, member=member_id, by=by, jobs=cancelled)
        return cancelled

    async def note_removal(self, job_id: int, member_id: int) -> Job | None:
        """Note that a member wants a result deleted; return the job, or None where there is no result.

        Raises:
            StorageError: nothing was changed.
        """
        return await self._book.change(job_id, removing(member_id))

    async def note_removed(self, job_id: int) -> None:
        """Note that nothing is left of a result that was to be deleted."""
        await self._book.must_change(job_id, removed(self._clock.now()))

    # What is looked at from outside.

    def open_jobs(self) -> Mapping[State, int]:
        """Return how many open jobs are in each state; one that is over may still owe its message."""
        return self._book.count()

    def waiting(self) -> int:
        """Return how many jobs wait for a slot."""
        return len(self._line)

    def condition(self) -> Condition:
        """Tell how the line stands, over all servers."""
        return Condition(
            self._gate.trouble, len(self._line), len(self._slots), is_called_back=self._is_called_back
        )

    # The work.

    async def recover(self) -> None:
        """Take on the jobs that a stop left open.

        Raises:
            StorageError: they could not be read.
        """
        jobs = await self._store.list_open()
        self._book.add(jobs)
        self._progress.recover(jobs)
        for job in jobs:
            if job.message_id is None:
                self._adopter.add(job)
            if job.state is State.SUBMITTING:
                self._search.add(job.id)
            elif job.state is State.RUNNING:
                self._tracker.catch_up(job.id)
        log.info("jobs.recovered", open=len(jobs))

    async def run(self) -> None:
        """Work until stopped; every part that fails ends all of them.

        Raises:
            BaseExceptionGroup: a part failed.
        """
        async with asyncio.TaskGroup() as group:
            for part in self._parts:
                group.create_task(part.run(), name=type(part).__name__)

    def stop(self) -> None:
        """Begin nothing more; `run` returns when what is between two effects is through."""
        for part in self._parts:
            part.stop()

    # Who does what next.

    def _route(self, job: Job) -> None:
        """Hand a job that was added or changed to the part that its state asks for."""
        if job.state in {State.SUBMITTING, State.RUNNING}:
            self._slots.take(job.id)
        else:
            self._slots.release(job.id)
        if job.state is not State.RUNNING:
            self._live.forget(job.id)
        if job.state is not State.SUBMITTING:
            self._search.forget_name(job.id)
        if not job.is_open:
            self._line.leave(job.id)
            self._tracker.forget(job.id)
            self._progress.forget(job.id)
            self._submitter.forget(job.id)
        elif job.state is State.QUEUED:
            since = loop_seconds() - max(0.0, (self._clock.now() - job.created_at).total_seconds())
            if job.message_id is None:
                self._line.announce(job.id, job.member_id, since)
            else:
                had_its_turn = job.submitted_at is not None and self._submitter.keeps_its_turn(job.id)
                self._line.join(job.id, job.member_id, since, front=had_its_turn)
        elif job.state is State.RUNNING:
            self._tracker.follow(job)
            self._live.follow(job)
        elif job.state is State.FINISHED or job.state in REFUNDED:
            self._line.leave(job.id)
            self._deliverer.post(job.id)
        if len(self._line):  # else there is nothing to submit, whatever has changed
            self._submitter.wake()
        self._progress.touch(self._stages.outdated_by(job))

    def _look_for(self, job_id: int) -> None:
        """A job's Run was not answered, with which an outage may have begun."""
        self._search.add(job_id)
        if (job := self._book.get(job_id)) is not None:
            self._progress.touch(self._stages.outdated_by(job))

    def _show_move(self, job_id: int) -> None:
        self._progress.touch([job_id])

    def _hear_end(self, job_id: int) -> None:
        self._tracker.wake(job_id, Cause.SOCKET)
