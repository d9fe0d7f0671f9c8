"""The owner's settings for the life of a job."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRules:
    """What the owner decides."""

    callback_base: str | None  # the listener's public address up to the token; None: polling alone
    max_concurrent: int | None  # tasks at once; None: learned from Wiro's answers
    job_timeout: timedelta  # how long a task may take from Run on
    queue_timeout: timedelta  # how long a job may wait in line
    lost_after: timedelta  # how long a task is looked for whose Run was never answered
