"""What the bot logs, in the hands of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from structlog.testing import capture_logs
from structlog.typing import EventDict


@dataclass(frozen=True)
class Log:
    """The lines of a bot on the test's own loop, those for debugging included."""

    lines: list[EventDict] = field(default_factory=list)

    def of(self, event: str) -> list[EventDict]:
        """Return the lines of one event, oldest first."""
        return [line for line in self.lines if line["event"] == event]


@contextmanager
def read_along() -> Iterator[Log]:
    """Take what is logged from now on, instead of having it printed."""
    with capture_logs() as lines:
        yield Log(lines)
