"""An event loop whose time is virtual: when nothing is ready, it is later."""

import asyncio
import selectors
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_BEGINNING: Final = datetime(2030, 1, 1, tzinfo=UTC)


class StuckError(Exception):
    """Nothing will ever happen again, or far too much has happened already."""


class _Instant(selectors.BaseSelector):
    """Waits for nothing: where the loop would sleep, the time passes at once.

    Args:
        most_rounds: of the loop, after which a run is taken for endless.
    """

    def __init__(self, most_rounds: int) -> None:
        self.now = 0.0
        self.rounds = 0
        self._most_rounds = most_rounds
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as the base class has it
        """Keep what the loop registers for its own waking; it is never ready."""
        key = self._keys[fileobj] = selectors.SelectorKey(fileobj, int(fileobj), events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as the base class has it
        """Forget it."""
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return what is registered."""
        return self._keys

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass that the loop would wait.

        Raises:
            StuckError: it would wait for ever, or the run does not end.
        """
        self.rounds += 1
        if timeout is None:
            raise StuckError("nothing will ever happen again")
        if self.rounds > self._most_rounds:
            raise StuckError(f"the run has not ended after {self.rounds} rounds of the event loop")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop on a selector that never waits."""

    def __init__(self, *, most_rounds: int) -> None:
        self._instant = _Instant(most_rounds)
        super().__init__(self._instant)

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self._instant.now

    def lift_limit(self) -> None:
        """Let it make as many rounds again."""
        self._instant.rounds = 0

    @property
    def rounds(self) -> int:
        """How many rounds the loop has made."""
        return self._instant.rounds


class VirtualClock:
    """The time of day that follows a loop's time.

    Args:
        loop: whose time it is.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return _BEGINNING + timedelta(seconds=self._loop.time())
