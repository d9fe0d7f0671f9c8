"""What moderators type into options, read once more: Discord's clients hold the ranges, others need not."""

from datetime import timedelta
from typing import Final

from discord import app_commands

from bot.allowance import Period
from bot.errors import InvalidParametersError
from bot.present.quota_words import unreadable
from bot.quotas.decisions import CREDITS_AT_MOST
from bot.quotas.durations import parse_duration

PERIODS: Final = [app_commands.Choice(name=period.value, value=period.value) for period in Period]
"""The choices of the option `period`."""

_UNLIMITED: Final = "unlimited"
_LONGEST_NUMBER: Final = 18  # digits; longer ones are slow to read and far out of any range


def read_allowance(typed: object) -> int | None:
    """Return the credits of a rule, in range or not; None: the word "unlimited".

    Raises:
        InvalidParametersError: it is neither that word nor a whole number.
    """
    text = str(typed).strip()
    if text.lower() == _UNLIMITED:
        return None
    return _whole(text, f"a whole number from 0 to {CREDITS_AT_MOST:,}, or the word `{_UNLIMITED}`,")


def read_grant(typed: object) -> int:
    """Return how many credits are granted, in range or not.

    Raises:
        InvalidParametersError: it is no whole number.
    """
    return _whole(str(typed), f"a whole number from -{CREDITS_AT_MOST:,} to {CREDITS_AT_MOST:,}")


def read_period(typed: object) -> Period:
    """Return the period that was chosen.

    Raises:
        InvalidParametersError: there is no such choice.
    """
    try:
        return Period(str(typed))
    except ValueError:
        would_do = "one of " + ", ".join(f"`{period}`" for period in Period)
        raise InvalidParametersError((unreadable("period", str(typed), would_do),)) from None


def read_duration(typed: str | None) -> timedelta | None:
    """Return how long a block lasts; None: for good.

    Raises:
        InvalidDurationError: it cannot be read.
    """
    return None if typed is None else parse_duration(str(typed))


def _whole(text: str, would_do: str) -> int:
    digits = text.strip().replace(",", "").removeprefix("+")
    if not digits.removeprefix("-").isdecimal() or not digits.isascii() or len(digits) > _LONGEST_NUMBER:
        raise InvalidParametersError((unreadable("credits", text, would_do),))
    return int(digits)
