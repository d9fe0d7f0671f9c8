"""When a safe call is tried again. Run is not safe, and never comes here."""

import random
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Final

import stamina
import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from bot.errors import (
    NoAnswerError,
    ServerFaultError,
    UnreadableAnswerError,
    WiroThrottledError,
    WiroUnreachableError,
)

ATTEMPTS: Final = 3
"""Attempts of one call, the first included."""

TIMEOUT_SECONDS: Final = 15.0
"""After this long, counted from the first attempt, a call is not tried again."""

LONGEST_WAIT_SECONDS: Final = 5.0
"""Between two attempts. Where Wiro asks to wait longer, the caller is told instead."""

BURST: Final = 10.0
"""Retries that are free after a quiet time, for all calls together."""

RETRIES_PER_CALL: Final = 0.2
"""What each call adds to the budget: in an outage a fifth more calls are made, not three times as many."""

_JITTER_SECONDS: Final = 0.5
_PASSING: Final = (WiroUnreachableError, NoAnswerError, ServerFaultError, UnreadableAnswerError)


_path: Final[ContextVar[str]] = ContextVar("path")  # of the call that this task is trying

log = structlog.get_logger()


def _tell(details: RetryDetails) -> None:
    """Tell of a retry; by itself stamina would, of its own block of code and not of the call."""
    wait = round(details.wait_for, 1)
    log.debug("wiro.retry", path=_path.get(), attempt=details.retry_num + 1, wait_seconds=wait)


set_on_retry_hooks([_tell])


class Retries:
    """The retries of safe calls, from one budget for all of them."""

    def __init__(self) -> None:
        self._budget = BURST

    def attempts(self, path: str) -> AsyncIterator[stamina.Attempt]:
        """Return the attempts of one call to a path, waiting with jitter between them."""
        _path.set(path)
        self._budget = min(BURST, self._budget + RETRIES_PER_CALL)
        return aiter(
            stamina.retry_context(
                on=self._permit,
                attempts=ATTEMPTS,
                timeout=TIMEOUT_SECONDS,
                wait_initial=0.2,
                wait_max=LONGEST_WAIT_SECONDS,
                wait_jitter=_JITTER_SECONDS,
            )
        )

    def _permit(self, error: Exception) -> bool | float:
        """Return whether to try again, or in how many seconds. Asked, and paid for, after every failure."""
        seconds: float | None = None
        if isinstance(error, WiroThrottledError):
            seconds = error.retry_after_seconds
            if seconds is not None and seconds > LONGEST_WAIT_SECONDS:
                return False
        elif not isinstance(error, _PASSING):
            return False
        if self._budget < 1:
            return False
        self._budget -= 1
        return True if seconds is None else seconds + random.uniform(0, _JITTER_SECONDS)  # noqa: S311 - no secret
