"""From the wish to delete a result to its end: the message and Wiro's files are gone.

The wish is stored first (`removed_by`) and its end last (`removed_at`); both steps between them can be
repeated without harm. Credits stay charged, and the ledger does not change.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bot.errors import (
    MessageGoneError,
    MessageUnavailableError,
    NotFoundError,
    ParameterError,
    StorageError,
    WiroError,
)
from bot.jobs.backoff import backoff_seconds
from bot.jobs.model import Job, State
from bot.jobs.ports import JobStore, Messenger, Wiro
from bot.jobs.waiting import loop_seconds
from bot.jobs.worker import Worker

_REMOVALS_AT_ONCE: Final = 4
_FIRST_RETRY_SECONDS: Final = 1.0
_LAST_RETRY_SECONDS: Final = 60.0
_DELIVERY_LOOK_SECONDS: Final = 1.0  # between two looks at whether a delivery under way has ended
_TRY_FOR_SECONDS: Final = 24 * 3600.0  # from the first try of this process

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Progress:
    """How far a removal is in this process."""

    began_at: float  # by the loop's time
    failures: int = 0
    message_is_gone: bool = False
    files_are_gone: bool = False


class Remover:
    """Deletes results.

    Args:
        store: tells what is to be removed.
        note_removed: stores that a job's message and files are gone.
        wiro: deletes the files.
        messenger: deletes the message.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        note_removed: Callable[[int], Awaitable[None]],
        wiro: Wiro,
        messenger: Messenger,
    ) -> None:
        self._store = store
        self._note_removed = note_removed
        self._wiro = wiro
        self._messenger = messenger
        self._worker = Worker("remove", self._step, width=_REMOVALS_AT_ONCE)
        self._progress: dict[int, _Progress] = {}

    def put(self, job_id: int) -> None:
        """A job's `removed_by` is stored: its result is to go."""
        self._worker.put(job_id)

    async def recover(self) -> None:
        """Go on with the removals that a stop left undone.

        Raises:
            StorageError: they could not be read.
        """
        jobs = await self._store.list_removals()
        for job in jobs:
            self._worker.put(job.id)
        log.info("removals.recovered", open=len(jobs))

    def stop(self) -> None:
        """Begin no more steps."""
        self._worker.stop()

    async def run(self) -> None:
        """Remove until stopped."""
        await self._worker.run()

    async def _step(self, job_id: int) -> float | None:
        progress = self._progress.setdefault(job_id, _Progress(began_at=loop_seconds()))
        try:
            wait_seconds = await self._remove(job_id, progress)
        except (MessageUnavailableError, WiroError, StorageError) as error:
            wait_seconds = self._after_failure(job_id, progress, error)
        if wait_seconds is None:
            del self._progress[job_id]
        return wait_seconds

    async def _remove(self, job_id: int, progress: _Progress) -> float | None:
        """Do what is still to be done, and return the seconds until the next look, or None at the end."""
        job = await self._store.get(job_id)
        if job is None or job.removed_by is None or job.removed_at is not None:
            return None
        if job.state is State.FINISHED:  # its delivery is under way, and would find no message
            return _DELIVERY_LOOK_SECONDS
        await self._delete(job, progress)
        await self._note_removed(job_id)
        log.info("job.removed", job=job.reference, by=job.removed_by)
        return None

    async def _delete(self, job: Job, progress: _Progress) -> None:
        """Delete the message and the files; neither waits for the other's trouble to pass."""
        trouble: MessageUnavailableError | WiroError | None = None
        for delete in (self._delete_message, self._delete_files):
            try:
                await delete(job, progress)
            except (MessageUnavailableError, WiroError) as error:
                trouble = error
        if trouble is not None:
            raise trouble

    async def _delete_message(self, job: Job, progress: _Progress) -> None:
        # A message without pictures says why there are none, and stays.
        if progress.message_is_gone or job.message_id is None or job.state is not State.DELIVERED:
            return
        try:
            await self._messenger.remove(job.guild_id, job.channel_id, job.message_id)
        except MessageGoneError as error:
            log.info("remove.no_message", job=job.reference, error=str(error))
        progress.message_is_gone = True

    async def _delete_files(self, job: Job, progress: _Progress) -> None:
        if progress.files_are_gone or job.tasktoken is None:
            return
        try:
            await self._wiro.delete_files(job.tasktoken)
        except (NotFoundError, ParameterError) as error:  # no repetition changes these answers
            log.warning("remove.no_files", job=job.reference, error=str(error))
        progress.files_are_gone = True

    def _after_failure(self, job_id: int, progress: _Progress, error: Exception) -> float | None:
        progress.failures += 1
        reference = f"S-{job_id}"
        if loop_seconds() - progress.began_at >= _TRY_FOR_SECONDS:
            log.error("remove.given_up", job=reference, failures=progress.failures, error=str(error))
            return None
        log.warning("remove.failed", job=reference, failures=progress.failures, error=str(error))
        return backoff_seconds(progress.failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
