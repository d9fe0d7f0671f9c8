"""Shows how far pending jobs are, as well as it can be had for few calls, and never in the way of a delivery.

Source of the numbers: the design, *What can be seen from outside*: edits begin once a job has taken 2.5
seconds.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.jobs.book import Book
from bot.jobs.budget import Budget
from bot.jobs.model import Job
from bot.jobs.ports import Clock, Messenger, Stage
from bot.jobs.waiting import wait_for

_PAUSE: Final = timedelta(seconds=2.5)  # before the first edit, and between two of one message
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
        self._in_doubt: set[int] = set()
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

    async def end(self, job_id: int, *, wait_seconds: float) -> bool:
        """Edit this job's message no more; wait for an edit under way.

        Returns:
            Whether it is known what became of every edit: if not, one may still change the message.
        """
        self._changed.pop(job_id, None)
        edit = self._edits.get(job_id)
        if edit is not None:
            await asyncio.wait([edit], timeout=wait_seconds)
        if job_id in self._edits:
            return False
        return job_id not in self._in_doubt

    def forget(self, job_id: int) -> None:
        """Drop what was remembered of a job that is closed."""
        self._changed.pop(job_id, None)
        self._shown.pop(job_id, None)
        self._edited_at.pop(job_id, None)
        self._in_doubt.discard(job_id)

    def _edit_some(self, edits: asyncio.TaskGroup) -> None:
        """Begin the edits that are due and within the budget; the others keep their place."""
        now = asyncio.get_running_loop().time()
        born_before = self._clock.now() - _PAUSE
        for job_id in tuple(self._changed):
            job = self._book.get(job_id)
            stage = self._stage_of(job_id)
            if job is None or job.message_id is None or stage is None or self._shows(job, stage):
                del self._changed[job_id]
                continue
            edited_at = self._edited_at.get(job_id, -_PAUSE.total_seconds())
            too_soon = job.created_at > born_before or now - edited_at < _PAUSE.total_seconds()
            if too_soon or job_id in self._edits:
                continue
            if not self._budget.take():
                return
            del self._changed[job_id]
            self._edited_at[job_id] = now
            self._edits[job_id] = edits.create_task(self._edit(job_id), name=f"show S-{job_id}")

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
            self._in_doubt.add(job_id)
            log.info("progress.dropped", job=f"S-{job_id}", error=str(error))
        except MessageError as error:
            log.info("progress.dropped", job=f"S-{job_id}", error=str(error))
        finally:
            del self._edits[job_id]
