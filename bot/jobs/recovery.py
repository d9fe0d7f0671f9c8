"""Jobs whose first message was never confirmed, as after a stop before its id was stored.

Source of the rules: the design, *A job is promised once Discord took its acknowledgement*. A reply is made
again with the nonce that was stored before it, for as long as Discord is sure to remember that: where the
message is there already, its id comes back. What answered a command, and a reply that is older, is looked
for. Found, the message is adopted and the job goes on; surely not found, the member saw that nothing came of
it, so the job is cancelled and refunded.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.errors import MessageGoneError, MessageUnavailableError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.book import Book
from bot.jobs.model import Job, State
from bot.jobs.ports import Clock, InLine, Messenger
from bot.jobs.worker import Worker

_LOOKS_AT_ONCE: Final = 4
_NOT_BEFORE: Final = timedelta(
    seconds=5
)  # since the job began: until then the answer may still be on its way
_NONCE_LASTS: Final = timedelta(minutes=2)  # since the job began: Discord keeps nonces "for a few minutes"
_FAILURES_AT_MOST: Final = 800  # of one job: for about a day of this process; then it is taken for lost
_FIRST_RETRY_SECONDS: Final = 5.0
_LAST_RETRY_SECONDS: Final = 120.0

log = structlog.get_logger()


class Adopter:
    """Finds the messages of jobs that have none.

    Args:
        book: the open jobs.
        messenger: looks for messages.
        clock: the time of day.
    """

    def __init__(self, book: Book, messenger: Messenger, clock: Clock) -> None:
        self._book = book
        self._messenger = messenger
        self._clock = clock
        self._worker = Worker("adopt", self._step, width=_LOOKS_AT_ONCE)
        self._failures: dict[int, int] = {}

    def add(self, job: Job) -> None:
        """Look for a job's message, not sooner than it may be there; a clock set back does not put it off."""
        wait = min(job.created_at + _NOT_BEFORE - self._clock.now(), _NOT_BEFORE)
        self._worker.put(job.id, delay=max(0.0, wait.total_seconds()))

    def stop(self) -> None:
        """Begin no more looks."""
        self._worker.stop()

    async def run(self) -> None:
        """Look until stopped."""
        await self._worker.run()

    async def _step(self, job_id: int) -> float | None:
        job = self._book.get(job_id)
        if job is None or job.message_id is not None:
            self._failures.pop(job_id, None)
            return None
        try:
            message_id = await self._make_or_find(job)
        except MessageUnavailableError as error:
            failures = self._failures[job_id] = self._failures.get(job_id, 0) + 1
            log.warning("adopt.failed", job=job.reference, failures=failures, error=str(error))
            if failures >= _FAILURES_AT_MOST:
                await self._withdraw(job)
                return None
            return backoff_seconds(failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
        except MessageGoneError as error:
            log.info("adopt.gone", job=job.reference, error=str(error))
            message_id = None
        self._failures.pop(job_id, None)
        if message_id is None:
            await self._withdraw(job)
        else:
            await self._book.must_change(job_id, lambda current: adopted(current, message_id))
            log.info("job.adopted", job=job.reference, message=message_id)
        return None

    async def _make_or_find(self, job: Job) -> int | None:
        """Return the id of the job's message, or None where there surely is none."""
        age = self._clock.now() - job.created_at
        is_known = job.nonce is not None and timedelta() <= age < _NONCE_LASTS
        if is_known and job.state is State.QUEUED:
            return await self._messenger.reply(job, InLine(self._place_of(job)))
        return await self._messenger.find(job)

    def _place_of(self, job: Job) -> int:
        """Return about how many come before the job, which is in no line before it is promised."""
        return 1 + sum(other.id < job.id for other in self._book.in_state(State.QUEUED))

    async def _withdraw(self, job: Job) -> None:
        now = self._clock.now()
        self._failures.pop(job.id, None)
        await self._book.must_change(job.id, lambda current: withdrawn(current, now))
        log.info("job.never_acknowledged", job=job.reference)


def adopted(job: Job, message_id: int) -> Job | None:
    """Return the job with its message; pure."""
    return job.with_changes(message_id=message_id) if job.message_id is None else None


def withdrawn(job: Job, now: datetime) -> Job | None:
    """Return the job as one that its member never saw begin; pure."""
    if job.message_id is not None:
        return None
    if job.state is State.QUEUED:
        job = job.evolve(State.CANCELLED, ended_at=now, detail="its answer never reached Discord")
    return job.with_changes(closed_at=now, interaction_token=None)
