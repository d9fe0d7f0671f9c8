"""What a member does again and again in a moment is done once."""

import asyncio
from collections.abc import Hashable
from typing import Final

WINDOW_SECONDS: Final = 2.5
_WINDOWS_AT_MOST: Final = 10_000


class Windows:
    """Short times after something was done, in which the same is not to be done again.

    Each begins with the first time and is no longer for those that follow. Bounded: where there are too many,
    the oldest end early.
    """

    def __init__(self) -> None:
        self._ends: dict[Hashable, float] = {}  # in this order, for all last as long

    def open(self, key: Hashable) -> float | None:
        """Begin a window, and return when it ends by the loop's time; None where one is open for this key."""
        now = asyncio.get_running_loop().time()
        while self._ends and (len(self._ends) >= _WINDOWS_AT_MOST or next(iter(self._ends.values())) <= now):
            del self._ends[next(iter(self._ends))]
        if key in self._ends:
            return None
        self._ends[key] = now + WINDOW_SECONDS
        return self._ends[key]
