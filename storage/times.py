"""Times as the database keeps them: whole milliseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(time: datetime | timedelta) -> int:
    """Return an aware time, or a length of time, in whole milliseconds, rounded down."""
    return (time - _EPOCH if isinstance(time, datetime) else time) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the aware time of stored milliseconds."""
    return _EPOCH + timedelta(0, 0, 0, ms)  # by place: twice as quick, and an export has many
