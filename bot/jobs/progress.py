"""Shows how far pending jobs are, as well as it can be had for few calls, and never in the way of a delivery.

Source of the numbers: the design, *What can be seen from outside*: edits begin once a job has taken 2.5
seconds.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from typing import Final

import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.jobs.book import Book
from bot.jobs.budget import Budget
from bot.jobs.model import Job
from bot.jobs.ports import Clock, Messenger, Stage
from bot.jobs.waiting import wait_for

_PAUSE: Final = timedelta(seconds=2.5)  # before the first edit, and between two of one message
_MAY_COME_LATE_SECONDS: Final = 60.0  # how late Discord may still apply an edit that was not confirmed
_SHOWN_FOR: Final = timedelta(minutes=14)  # after that the interaction's token is too old
_LOOKED_AT_A_TICK: Final = 50
_TICK_SECONDS: Final = 0.5
_EDITS_PER_SECOND: Final = 10.0  # over all messages: a fifth of the 50 requests that Discord allows a bot
_EDITS_AT_ONCE: Final = 10.0

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
        self._budget = Budget(per_second=_EDITS_PER_SECOND, burst=_EDITS_AT_ONCE)
        self._changed: dict[int, None] = {}
        self._shown: dict[int, _Shown] = {}
        self._edited_at: dict[int, float] = {}
        self._edits: dict[int, asyncio.Task[None]] = {}
        self._in_doubt: dict[int, float] = {}  # since when it is unknown what became of an edit
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()

    def begin(self, job_id: int, stage: Stage) -> None:
        """A job's first message shows this stage."""
        self._shown[job_id] = (stage, None)

    def touch(self, job_ids: Iterable[int]) -> None:
        """What these jobs' messages show may no longer be true."""
        self._changed.update(dict.fromkeys(job_ids))
        self._news.set()

    def stop(self) -> None:
        """Begin no more edits."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> None:
        """Edit until stopped."""
        async with asyncio.TaskGroup() as edits:
            while not self._stopping.is_set():
                if not self._changed:
                    self._news.clear()
                    await self._news.wait()
                self._edit_some(edits)
                # Changes gather for a moment; stopping does not wait for it.
                await wait_for(self._stopping, _TICK_SECONDS)

    async def end(self, job_id: int, *, wait_seconds: float) -> float:
        """Edit this job's message no more; wait for an edit under way.

        Returns:
            The seconds for which an edit of which nobody knows what became may still change the message.
        """
        self._changed.pop(job_id, None)
        edit = self._edits.get(job_id)
        if edit is not None:
            await asyncio.wait([edit], timeout=wait_seconds)
        if job_id in self._edits:
            return 2 * _MAY_COME_LATE_SECONDS  # until it has timed out, and as long again
        if (since := self._in_doubt.get(job_id)) is None:
            return 0.0
        return max(0.0, since + _MAY_COME_LATE_SECONDS - asyncio.get_running_loop().time())

    def forget(self, job_id: int) -> None:
        """Drop what was remembered of a job that is closed."""
        self._changed.pop(job_id, None)
        self._shown.pop(job_id, None)
        self._edited_at.pop(job_id, None)
        self._in_doubt.pop(job_id, None)

    def _edit_some(self, edits: asyncio.TaskGroup) -> None:
        """Begin the edits that are due and within the budget; the others keep their place."""
        now = asyncio.get_running_loop().time()
        for job_id in tuple(islice(self._changed, _LOOKED_AT_A_TICK)):
            del self._changed[job_id]
            job = self._book.get(job_id)
            if job is None or not self._can_be_shown(job):
                continue
            if self._is_too_soon(job, now):
                self._changed[job_id] = None  # behind the others
                continue
            stage = self._stage_of(job_id)
            if stage is None or self._shows(job, stage):
                continue
            if not self._budget.take():
                self._changed[job_id] = None
                return
            self._edited_at[job_id] = now
            self._edits[job_id] = edits.create_task(self._edit(job_id), name=f"show S-{job_id}")

    def _can_be_shown(self, job: Job) -> bool:
        """Tell whether the message can be edited by its token: the channel's few calls are for deliveries."""
        is_young = self._clock.now() - job.created_at < _SHOWN_FOR
        return job.message_id is not None and job.interaction_token is not None and is_young

    def _is_too_soon(self, job: Job, now: float) -> bool:
        edited_at = self._edited_at.get(job.id, -_PAUSE.total_seconds())
        is_new = self._clock.now() - job.created_at < _PAUSE
        return is_new or now - edited_at < _PAUSE.total_seconds() or job.id in self._edits

    def _shows(self, job: Job, stage: Stage) -> bool:
        return self._shown.get(job.id) == (stage, job.cancelled_by)

    async def _edit(self, job_id: int) -> None:
        try:
            job = self._book.get(job_id)
            stage = self._stage_of(job_id)
            if job is not None and stage is not None:
                await self._messenger.show(job, stage)
                self._shown[job_id] = (stage, job.cancelled_by)
        except MessageUnavailableError as error:
            self._in_doubt[job_id] = asyncio.get_running_loop().time()
            log.info("progress.dropped", job=f"S-{job_id}", error=str(error))
        except MessageError as error:
            log.info("progress.dropped", job=f"S-{job_id}", error=str(error))
        finally:
            del self._edits[job_id]
