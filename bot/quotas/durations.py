"""Lengths of time as moderators type them: `30m`, `2d`, `1h30m`, `1 week`."""

import re
from datetime import timedelta
from typing import Final

from bot.errors import InvalidDurationError

LONGEST: Final = timedelta(days=3650)
"""Ten years; whoever means longer means for good."""

_PART: Final = re.compile(
    r"\s*([0-9]{1,9})\s*(weeks?|w|days?|d|hours?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])",
    re.IGNORECASE | re.ASCII,
)
_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def parse_duration(text: str) -> timedelta:
    """Return the length of time that a text stands for.

    Raises:
        InvalidDurationError: it stands for none, for no time at all, or for more than ten years.
    """
    end = len(text.rstrip())
    position = 0
    total = timedelta()
    while position < end and total <= LONGEST:
        part = _PART.match(text, position)
        if part is None:
            raise InvalidDurationError(text)
        unit = _UNITS[part[2][0].lower()]
        if int(part[1]) > LONGEST / unit:
            raise InvalidDurationError(text)
        total += int(part[1]) * unit
        position = part.end()
    if not timedelta() < total <= LONGEST:
        raise InvalidDurationError(text)
    return total
