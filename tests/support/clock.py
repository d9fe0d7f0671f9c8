"""The bot's time of day, in the hands of a test."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be put forward, as if time passed, and set wrong; waiting remains the loop's."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.wrong_by = timedelta()

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC) + self.ahead + self.wrong_by
