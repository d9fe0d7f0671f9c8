"""From a job's end to the message that says so: the pictures, or why there are none.

Delivery is an edit of the message that answered the command, so that repeating it is harmless. Credits
settle here, once the message holds the pictures, and only here.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from bot.errors import (
    MessageGoneError,
    MessageUnavailableError,
    PictureError,
    PictureRefusedError,
    PictureUnavailableError,
    StorageError,
)
from bot.jobs.backoff import backoff_seconds
from bot.jobs.book import Book, moving
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Clock, JobStore, Messenger, Picture, Pictures
from bot.jobs.progress import MAY_COME_LATE_SECONDS, Progress
from bot.jobs.waiting import loop_seconds
from bot.jobs.worker import Worker
from bot.parameters import SanaParameters
from bot.wiro.wire import Output, outputs_from_json

_JOBS_AT_ONCE: Final = 16
_FIRST_RETRY_SECONDS: Final = 1.0
_LAST_RETRY_SECONDS: Final = 60.0
_EDIT_WAIT_SECONDS: Final = 5.0  # that a delivery waits for a progress edit under way
_FETCH_FOR_SECONDS: Final = 600.0  # that pictures are asked for again, from the first failure on
_DELIVER_FOR_SECONDS: Final = 24 * 3600.0  # that Discord is asked again, from the first try of this process
_NOT_FETCHED: Final = "The picture was made, but could not be fetched."
_NO_PICTURE: Final = "The picture service finished, but what it made cannot be posted."
_TYPICAL_PICTURE_BYTES: Final = 8 * 1024 * 1024

log = structlog.get_logger()


class Deliverer:
    """Posts what every ended job owes its message.

    Args:
        book: the open jobs.
        store: tells what a member has left.
        pictures: fetches outputs.
        messenger: edits messages.
        progress: edits them as well, until a job has ended.
        clock: the time of day.
    """

    def __init__(
        self,
        book: Book,
        store: JobStore,
        pictures: Pictures,
        messenger: Messenger,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._book = book
        self._store = store
        self._pictures = pictures
        self._messenger = messenger
        self._progress = progress
        self._clock = clock
        self._worker = Worker("deliver", self._step, width=_JOBS_AT_ONCE)
        self._first_tries: dict[int, float] = {}
        self._unfetched_since: dict[int, float] = {}
        self._failures: dict[int, int] = {}
        self._unsure: dict[int, int] = {}  # pictures that are in messages which an edit may still change
        self._end_in_doubt: dict[int, float] = {}  # until when an end that was not confirmed may come

    def post(self, job_id: int) -> None:
        """An ended job's message is to say so."""
        self._worker.put(job_id)

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._worker.stop()

    async def run(self) -> None:
        """Deliver until stopped."""
        await self._worker.run()

    async def _step(self, job_id: int) -> float | None:
        job = self._book.get(job_id)
        if job is None or job.message_id is None:  # closed, or its message is still being looked for
            return None
        self._first_tries.setdefault(job_id, loop_seconds())
        try:
            unsure_for = 0.0
            if job.state is State.FINISHED:
                unsure_for = await self._deliver(job)
            elif job.state in REFUNDED:
                unsure_for = await self._tell_end(job)
            if unsure_for:
                return unsure_for
        except (MessageUnavailableError, PictureUnavailableError, StorageError) as error:
            if loop_seconds() - self._first_tries[job_id] >= _DELIVER_FOR_SECONDS:
                await self._give_up(job, error)
                return None
            failures = self._failures[job_id] = self._failures.get(job_id, 0) + 1
            log.warning("deliver.failed", job=job.reference, failures=failures, error=str(error))
            return backoff_seconds(failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
        except MessageGoneError as error:
            await self._end_without_pictures(job, error)
        self._forget(job_id)
        # Still open: it ended otherwise than it looked, which the message is to say next.
        return None if self._book.get(job_id) is None else 0.0

    async def _deliver(self, job: Job) -> float:
        """Put the pictures into the message, and settle once it is sure to keep them.

        Returns:
            The seconds after which the message is to be looked at again; 0 where it is sure now.
        """
        if (came := self._unsure.get(job.id)) is not None and await self._messenger.holds_pictures(job):
            await self._settle(job, came)
            return 0.0
        parameters = SanaParameters.from_json(job.parameters)
        outputs = outputs_from_json(job.outputs or "[]")
        async with self._pictures.room(_size_of(outputs, parameters.samples)):
            pictures, refusals = await self._fetch(job, outputs, parameters.samples)
            if not pictures:
                await self._fail(job, refusals)
                return 0.0
            missing = parameters.samples - len(pictures)
            refund = 0 if job.refunded else missing * parameters.credits_per_picture
            standing = await self._store.standing_after(job, self._clock.now(), refund=refund)
            unsure_for = await self._progress.end(job.id, wait_seconds=_EDIT_WAIT_SECONDS)
            unsure_for = max(unsure_for, self._end_in_doubt.get(job.id, 0.0) - loop_seconds())
            await self._messenger.deliver(job, pictures, standing, missing=missing)
        if unsure_for:
            self._unsure[job.id] = len(pictures)
            log.info("deliver.unsure", job=job.reference, look_again_seconds=round(unsure_for))
            return unsure_for
        await self._settle(job, len(pictures))
        return 0.0

    async def _settle(self, job: Job, came: int) -> None:
        """The message holds the pictures: the job is delivered, and what came is charged."""
        parameters = SanaParameters.from_json(job.parameters)
        now = self._clock.now()
        await self._book.must_change(
            job.id,
            moving(State.FINISHED, State.DELIVERED, closed_at=now, interaction_token=None),
            settle=came * parameters.credits_per_picture,
        )
        log.info("job.delivered", job=job.reference, pictures=came, missing=parameters.samples - came)
        self._messenger.invite_reroll(job)

    async def _fetch(
        self, job: Job, outputs: Sequence[Output], wanted: int
    ) -> tuple[list[Picture], list[PictureError]]:
        """Fetch as many pictures as were asked for, and say why others were left out.

        Raises:
            PictureUnavailableError: one could not be had now, and may be had later.
        """
        pictures: list[Picture] = []
        refusals: list[PictureError] = []
        for output in outputs:
            if len(pictures) == wanted:
                break
            try:
                picture = await self._pictures.fetch(
                    output, number=len(pictures) + 1, upload_limit_bytes=job.upload_limit_bytes
                )
            except PictureUnavailableError as error:
                since = self._unfetched_since.setdefault(job.id, loop_seconds())
                if loop_seconds() - since < _FETCH_FOR_SECONDS:
                    raise
                refusals.append(error)
            except PictureError as error:
                refusals.append(error)
            else:
                pictures.append(picture)
        self._unfetched_since.pop(job.id, None)
        if refusals:
            log.warning("outputs.left_out", job=job.reference, why=[str(error) for error in refusals])
        return pictures, refusals

    async def _fail(self, job: Job, refusals: Sequence[PictureError]) -> None:
        """Record that the pictures cannot be had; the job's message is told next."""
        detail = "; ".join(map(str, refusals)) or "there are no outputs"
        is_fetched = all(isinstance(error, PictureRefusedError) for error in refusals)
        reason = _NO_PICTURE if is_fetched else _NOT_FETCHED
        await self._book.must_change(
            job.id, moving(State.FINISHED, State.FAILED, reason=reason, detail=detail)
        )

    async def _tell_end(self, job: Job) -> float:
        """Say how the job ended.

        Returns:
            The seconds after which it is to be said again, as a progress edit may come late; 0 where not.
        """
        unsure_for = await self._progress.end(job.id, wait_seconds=_EDIT_WAIT_SECONDS)
        try:
            await self._messenger.tell_end(job)
        except MessageUnavailableError:  # it may come late, over pictures that turn up after all
            self._end_in_doubt[job.id] = loop_seconds() + MAY_COME_LATE_SECONDS
            raise
        if unsure_for:
            return unsure_for
        await self._close(job)
        log.info("job.ended", job=job.reference, state=str(job.state), detail=job.detail)
        return 0.0

    async def _close(self, job: Job) -> None:
        now = self._clock.now()
        await self._book.must_change(
            job.id,
            lambda current: (
                current.with_changes(closed_at=now, interaction_token=None)
                if current.state in REFUNDED and current.is_open
                else None
            ),
        )

    async def _end_without_pictures(self, job: Job, error: MessageGoneError) -> None:
        """Settle where Discord had confirmed the pictures before the message was deleted.

        Else they are given up. What Discord refused may be the pictures alone: the message is told next.
        """
        came = self._unsure.get(job.id)
        if job.state is State.UNDELIVERABLE:  # the message is gone as well
            await self._close(job)
        elif job.state is not State.FINISHED:
            await self._give_up(job, error)
        elif came is not None:
            await self._settle(job, came)
        else:
            log.error("job.undeliverable", job=job.reference, state=str(job.state), error=str(error))
            await self._book.must_change(
                job.id, moving(State.FINISHED, State.UNDELIVERABLE, detail=str(error))
            )

    async def _give_up(self, job: Job, error: Exception) -> None:
        """Discord will never take it, or has not for a day."""
        log.error("job.undeliverable", job=job.reference, state=str(job.state), error=str(error))
        now = self._clock.now()
        detail = str(error)
        self._forget(job.id)
        await self._book.must_change(
            job.id,
            lambda current: (
                current.evolve(State.UNDELIVERABLE, closed_at=now, interaction_token=None, detail=detail)
                if current.state is State.FINISHED
                else current.with_changes(closed_at=now, interaction_token=None)
            ),
        )

    def _forget(self, job_id: int) -> None:
        self._first_tries.pop(job_id, None)
        self._unfetched_since.pop(job_id, None)
        self._failures.pop(job_id, None)
        self._unsure.pop(job_id, None)
        self._end_in_doubt.pop(job_id, None)


def _size_of(outputs: Sequence[Output], wanted: int) -> int:
    """Return the memory that a job's pictures need, as far as Wiro's word goes."""
    return sum(max(output.size_bytes or 0, _TYPICAL_PICTURE_BYTES) for output in outputs[:wanted])
