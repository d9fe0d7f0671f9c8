"""Waiting longer each time, with jitter, so that many who wait do not come back together."""

import random
from typing import Final

_JITTER: Final = 0.2


def backoff_seconds(attempt: int, *, first: float, most: float) -> float:
    """Return how long to wait after a failure.

    Args:
        attempt: how many failures there were, from 1.
        first: seconds after the first.
        most: seconds at the most.
    """
    wanted = min(most, first * 2.0 ** min(attempt - 1, 30))
    return wanted * random.uniform(1 - _JITTER, 1)  # noqa: S311 - jitter keeps no secret
