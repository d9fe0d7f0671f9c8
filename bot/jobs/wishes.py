"""What members ask of a job, as changes to it. Pure."""

from datetime import datetime

from bot.jobs.book import Change, moving
from bot.jobs.model import Job, State


def leaving_line(by: int, now: datetime) -> Change:
    """Return the change that ends a job in line, and no other."""
    return moving(State.QUEUED, State.CANCELLED, ended_at=now, cancelled_by=by)


def ending(by: int, now: datetime) -> Change:
    """Return the change that ends a job in line; of one at Wiro it notes who wants it ended."""
    leaving = leaving_line(by, now)

    def change(job: Job) -> Job | None:
        if job.state in {State.SUBMITTING, State.RUNNING} and job.cancelled_by is None:
            return job.with_changes(cancelled_by=by)
        return leaving(job)

    return change


def removing(by: int) -> Change:
    """Return the change that notes who wants a result deleted, where it is one."""
    return lambda job: job.with_changes(removed_by=by) if job.is_result else None


def removed(now: datetime) -> Change:
    """Return the change that notes that nothing is left of a result."""
    return lambda job: job.with_changes(removed_at=now) if job.removed_at is None else None
