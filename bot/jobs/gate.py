"""Whether jobs may be submitted: shut while Wiro cannot be used, opened by a job that gets through.

Source of the times: the design, *Account errors*: the first probe after at most ten seconds, then less and
less often.
"""

import asyncio
from enum import StrEnum
from typing import Final

from bot.jobs.backoff import backoff_seconds
from bot.jobs.ports import Hold


class Trouble(StrEnum):
    """Why the gate is shut."""

    ACCOUNT = "account"  # the owner must act
    SERVICE = "service"  # Wiro does not answer, or answers that it cannot
    BUSY = "busy"  # the account's tasks are all taken by another client


_FIRST_SECONDS: Final = {Trouble.ACCOUNT: 8.0, Trouble.SERVICE: 1.0, Trouble.BUSY: 2.0}
_MOST_SECONDS: Final = {Trouble.ACCOUNT: 600.0, Trouble.SERVICE: 60.0, Trouble.BUSY: 60.0}
_FAILURES_BEFORE_HOLD: Final = 3  # in a row: what passes within seconds need not worry anybody
_MOST_ASKED_SECONDS: Final = 600.0  # that Wiro may ask to wait: a typing error there must not end the service


class Gate:
    """Lets every job through while open, and one at a time, as a probe, from time to time while shut."""

    def __init__(self) -> None:
        self._trouble: Trouble | None = None
        self._failures = 0
        self._opens_at = 0.0
        self._probe: int | None = None

    @property
    def trouble(self) -> Trouble | None:
        """Why it is shut, or None."""
        return self._trouble

    @property
    def hold(self) -> Hold | None:
        """What members are told while it is shut, or None where they need not know."""
        match self._trouble:
            case Trouble.ACCOUNT:
                return Hold.ACCOUNT
            case Trouble.SERVICE if self._failures >= _FAILURES_BEFORE_HOLD:
                return Hold.SERVICE
            case _:
                return None

    def wait_seconds(self) -> float | None:
        """Return 0 where a job may pass, the seconds until one may, or None while a probe is under way."""
        if self._trouble is None:
            return 0.0
        if self._probe is not None:
            return None
        return max(0.0, self._opens_at - asyncio.get_running_loop().time())

    def is_probe(self, job_id: int) -> bool:
        """Tell whether this job tries for all whether the trouble is over."""
        return self._probe == job_id

    def enter(self, job_id: int) -> None:
        """A job passes; while the gate is shut it is the probe."""
        if self._trouble is not None:
            self._probe = job_id

    def open(self) -> bool:
        """A job got through. Return whether the gate was shut."""
        was_shut = self._trouble is not None
        self._trouble = None
        self._failures = 0
        self._probe = None
        return was_shut

    def leave(self, job_id: int) -> None:
        """The job is no longer on its way, whatever became of it."""
        if self._probe == job_id:
            self._probe = None

    def shut(self, trouble: Trouble, job_id: int, *, at_least_seconds: float = 0.0) -> float:
        """A job did not get through; return the seconds until the next may try, once this one has left.

        Jobs that had entered together count as one failure.
        """
        now = asyncio.get_running_loop().time()
        new = trouble is not self._trouble
        if new:
            self._trouble = trouble
            self._failures = 0
        if new or self._probe == job_id:
            self._failures += 1
            wait = backoff_seconds(self._failures, first=_FIRST_SECONDS[trouble], most=_MOST_SECONDS[trouble])
            self._opens_at = now + max(wait, min(at_least_seconds, _MOST_ASKED_SECONDS))
            self._probe = job_id
        return max(0.0, self._opens_at - now)
