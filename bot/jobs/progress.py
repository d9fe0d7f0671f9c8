"""Shows how far pending jobs are, as well as it can be had for few calls, and never in the way of a delivery.

Edits are made lane by lane. A lane is what may be edited only so often: one message, where an interaction's
token leads to it; else the whole channel, where Discord takes about five edits in five seconds and deliveries
need them. Lanes take turns, so that each has its share of the calls. At a lane's turn, the message in it that
has waited longest shows how far its job is by then; what it was in between is never shown.

Source of the numbers: the design, *What can be seen from outside*, and the issue on live progress: edits
begin once a job has taken 2.5 seconds, and a message has at most one in 2.5 seconds.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.jobs.book import Book
from bot.jobs.model import Job, State
from bot.jobs.ports import Clock, InLine, Messenger, Stage
from bot.jobs.waiting import wait_for
from bot.jobs.worker import Worker

_PAUSE: Final = timedelta(seconds=2.5)  # before a message's first edit, and between two of a lane
MAY_COME_LATE_SECONDS: Final = 60.0  # how late Discord may still apply an edit that was not confirmed
_AFTER_A_STOP_SECONDS: Final = 5.0  # the same, of an edit that a former process began: nobody repeats it
_SHOWN_FOR: Final = timedelta(minutes=14)  # after that the interaction's token is too old
_REPLIES_SHOWN_FOR: Final = timedelta(hours=1)  # they need no token, but nobody watches for ever
_TURNS_AT_ONCE: Final = 32  # that wait to come or are taken: edits may be slow

_BETWEEN_TURNS_SECONDS: Final = 0.125
"""Over all messages. Discord sees ten edits a second at most, a fifth of what it allows a bot, even where
some calls are slower on their way than others."""

_Shown = tuple[Stage, int | None]  # how far the job is, and who asked for its end

log = structlog.get_logger()


class Progress:
    """Edits the messages of pending jobs.

    Args:
        book: the open jobs.
        messenger: edits messages.
        clock: the time of day.
        stage_of: tells how far an open job is, or None where there is nothing to show.
    """

    def __init__(
        self, book: Book, messenger: Messenger, clock: Clock, stage_of: Callable[[int], Stage | None]
    ) -> None:
        self._book = book
        self._messenger = messenger
        self._clock = clock
        self._stage_of = stage_of
        self._worker = Worker("show", self._take_turn, width=_TURNS_AT_ONCE, of_jobs=False)
        self._lanes: dict[int, dict[int, None]] = {}  # the jobs that wait in each, longest first
        self._turn = asyncio.Lock()  # is had in the order in which it was asked for
        self._next_turn_at = 0.0
        self._stopping = asyncio.Event()
        self._shown: dict[int, _Shown] = {}
        self._edits: dict[int, asyncio.Event] = {}  # under way; set when it has ended
        self._in_doubt: dict[int, float] = {}  # until when an edit may still come

    def begin(self, job_id: int, stage: Stage) -> None:
        """A job's first message shows this stage."""
        self._shown[job_id] = (stage, None)

    def recover(self, jobs: Iterable[Job]) -> None:
        """Reckon with edits of these jobs' messages that an earlier process began and may not have ended.

        A job that is too young for an edit had none.
        """
        for job in jobs:
            if not self._new_for_seconds(job):
                self._doubt(job.id, _AFTER_A_STOP_SECONDS)

    def touch(self, job_ids: Iterable[int]) -> None:
        """What these jobs' messages show may no longer be true."""
        for job_id in job_ids:
            job, lane = self._book.get(job_id), self._lane_of(job_id)
            if job is None or lane is None:
                continue
            if lane not in self._lanes:
                self._lanes[lane] = {}
                self._worker.put(lane, delay=self._rest_seconds(job))
            self._lanes[lane][job_id] = None

    def stop(self) -> None:
        """Begin no more edits."""
        self._stopping.set()
        self._worker.stop()

    async def run(self) -> None:
        """Edit until stopped."""
        await self._worker.run()

    async def end(self, job_id: int, *, wait_seconds: float) -> float:
        """Wait for an edit under way of a job that is no longer pending; there will be no other.

        Returns:
            The seconds for which an edit of which nobody knows what became may still change the message.
        """
        edit = self._edits.get(job_id)
        if edit is not None:
            await wait_for(edit, wait_seconds)
        if job_id in self._edits:
            return 2 * MAY_COME_LATE_SECONDS  # until it has timed out, and as long again
        return max(0.0, self._in_doubt.get(job_id, 0.0) - asyncio.get_running_loop().time())

    def forget(self, job_id: int) -> None:
        """Drop what was remembered of a job that is closed."""
        self._shown.pop(job_id, None)
        self._in_doubt.pop(job_id, None)

    def _doubt(self, job_id: int, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self._in_doubt[job_id] = max(until, self._in_doubt.get(job_id, until))

    def _lane_of(self, job_id: int) -> int | None:
        """Return the lane of a job whose message can be edited: the id of the message or of the channel."""
        job = self._book.get(job_id)
        if job is None or job.message_id is None:
            return None
        is_reply = job.interaction_token is None
        shown_for = _REPLIES_SHOWN_FOR if is_reply else _SHOWN_FOR
        if self._clock.now() - job.created_at >= shown_for:
            return None
        return job.channel_id if is_reply else job.message_id

    async def _take_turn(self, lane: int) -> float | None:
        """Edit a message of a lane when its turn comes; return the seconds until it may have another."""
        due = self._due_in(lane)
        if not isinstance(due, Job):
            return due
        loop = asyncio.get_running_loop()
        async with self._turn:
            await wait_for(self._stopping, self._next_turn_at - loop.time())
            if self._stopping.is_set():
                return None
            due = self._due_in(lane)  # as it is by now
            if not isinstance(due, Job):
                return due
            self._next_turn_at = loop.time() + _BETWEEN_TURNS_SECONDS
            del self._lanes[lane][due.id]
        await self._edit(due)
        return _PAUSE.total_seconds()

    def _due_in(self, lane: int) -> Job | float | None:
        """Return the first job of a lane whose message is out of date, or the seconds for which it must rest.

        A lane that has none is given up.
        """
        waiting = self._lanes[lane]
        while waiting:
            job_id = next(iter(waiting))
            job = self._book.get(job_id)
            if job is not None and self._lane_of(job_id) == lane and self._is_outdated(job):
                return self._rest_seconds(job) or job
            del waiting[job_id]
        del self._lanes[lane]
        return None

    def _is_outdated(self, job: Job) -> bool:
        stage = self._stage_of(job.id)
        shown, cancelled_by = self._shown.get(job.id, (None, None))
        return stage is not None and (cancelled_by != job.cancelled_by or _is_news(stage, shown))

    def _rest_seconds(self, job: Job) -> float:
        """Return for how long to leave a message alone: it is new, or pictures need the channel."""
        if job.interaction_token is None and self._has_pictures_for(job.channel_id):
            return _PAUSE.total_seconds()
        return self._new_for_seconds(job)

    def _new_for_seconds(self, job: Job) -> float:
        """Return for how long a message has no edit yet; a job from the time to come is not a new one."""
        age = self._clock.now() - job.created_at
        return (_PAUSE - age).total_seconds() if timedelta() <= age < _PAUSE else 0.0

    def _has_pictures_for(self, channel_id: int) -> bool:
        return any(job.channel_id == channel_id for job in self._book.in_state(State.FINISHED))

    async def _edit(self, job: Job) -> None:
        stage = self._stage_of(job.id)
        if stage is None:
            return
        ended = self._edits[job.id] = asyncio.Event()
        try:
            await self._messenger.show(job, stage)
            self._shown[job.id] = (stage, job.cancelled_by)
        except MessageUnavailableError as error:
            self._doubt(job.id, MAY_COME_LATE_SECONDS)
            log.info("progress.dropped", job=job.reference, error=str(error))
        except MessageError as error:
            log.info("progress.dropped", job=job.reference, error=str(error))
        finally:
            del self._edits[job.id]
            ended.set()


def _is_news(stage: Stage, shown: Stage | None) -> bool:
    """Tell whether a stage differs from the one shown; on hold, places change although nothing starts."""
    if isinstance(stage, InLine) and isinstance(shown, InLine) and stage.hold is not None:
        return stage.hold is not shown.hold
    return stage != shown
