"""The bot's time of day, in the hands of a test."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be put forward; waiting remains the event loop's."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC) + self.ahead
