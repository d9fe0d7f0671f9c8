"""What a start reckons with: the last edits of a process that was killed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.jobs.book import Book
from bot.jobs.model import Job, State
from bot.jobs.ports import Messenger
from bot.jobs.progress import Progress
from tests.support.clock import Clock
from tests.support.jobs import ANY_JOB


def job(job_id: int, *, age_seconds: float) -> Job:
    """Return a running job that was asked for so long ago."""
    begun = datetime.now(UTC) - timedelta(seconds=age_seconds)
    return replace(ANY_JOB, id=job_id, state=State.RUNNING, created_at=begun)


async def test_a_clock_that_was_set_back_makes_no_message_sure() -> None:
    """A job from the hours to come is no younger than 2.5 seconds: its message may have been edited."""
    progress = Progress(cast("Book", None), cast("Messenger", None), Clock(), lambda _: None)
    progress.recover([job(1, age_seconds=-3600)])
    assert 0 < await progress.end(1, wait_seconds=0) <= 5


async def test_only_a_job_that_may_have_been_edited_is_in_doubt() -> None:
    """Edits begin after 2.5 seconds: a younger job's message is sure at once, others in five seconds."""
    progress = Progress(cast("Book", None), cast("Messenger", None), Clock(), lambda _: None)
    progress.recover([job(1, age_seconds=0), job(2, age_seconds=2.6), job(3, age_seconds=86_400)])
    unsure_for = [await progress.end(job_id, wait_seconds=0) for job_id in (1, 2, 3, 4)]
    assert unsure_for[0] == unsure_for[3] == 0.0
    assert all(0 < seconds <= 5 for seconds in unsure_for[1:3])
