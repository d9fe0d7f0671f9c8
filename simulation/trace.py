"""What happened in a run, line by line, and a hash of it all."""

import hashlib
from collections import deque
from typing import Final

from simulation.loop import VirtualLoop

_TAIL: Final = 60


class Trace:
    """Collects lines; the last of them are kept.

    Args:
        loop: tells the time of each.
        is_whole: whether all lines are kept.
    """

    def __init__(self, loop: VirtualLoop, *, is_whole: bool) -> None:
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=16)
        self.lines: deque[str] = deque(maxlen=None if is_whole else _TAIL)

    def note(self, who: str, what: str) -> None:
        """Add a line."""
        line = f"{self._loop.time():12.3f}  {who:8} {what}"
        self._hash.update(line.encode())
        self.lines.append(line)

    @property
    def digest(self) -> str:
        """A hash of every line, those that were dropped too."""
        return self._hash.hexdigest()
