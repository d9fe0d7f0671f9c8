"""What happens, for whoever counts it. Knows neither how it is counted nor who reads it."""

from enum import StrEnum
from typing import Final, Protocol

from bot.errors import Refusal, WiroError
from bot.jobs.model import Job


class Cause(StrEnum):
    """What made the tracker look at a task."""

    CALLBACK = "callback"  # Wiro called back
    SOCKET = "socket"  # Wiro's socket told of its end
    POLL = "poll"  # it was time, or the last look failed
    CANCEL = "cancel"  # somebody asked for its end
    SEARCH = "search"  # it was found after a Run without an answer


class Meter(Protocol):
    """Is told of what happens, as it happens. Must be quick, and never raise."""

    def accepted(self, job: Job) -> None:
        """A job was stored, and its credits reserved."""
        ...

    def changed(self, before: Job, after: Job, *, settled: int) -> None:
        """The store has a changed job, and so many credits were asked to be settled with it."""
        ...

    def looked(self, cause: Cause) -> None:
        """The tracker asks for a task."""
        ...

    def refused(self, error: Refusal) -> None:
        """A member or a moderator is told that something cannot be had."""
        ...

    def called_wiro(self, call: str, error: WiroError | None) -> None:
        """A request to Wiro, such as ``Task/Detail``, was answered, or failed; each repetition counts."""
        ...


class Unmetered:
    """Counts nothing."""

    def accepted(self, job: Job) -> None:
        """Let it pass, as all of these do."""

    def changed(self, before: Job, after: Job, *, settled: int) -> None:
        """See `accepted`."""

    def looked(self, cause: Cause) -> None:
        """See `accepted`."""

    def refused(self, error: Refusal) -> None:
        """See `accepted`."""

    def called_wiro(self, call: str, error: WiroError | None) -> None:
        """See `accepted`."""


UNMETERED: Final[Meter] = Unmetered()
