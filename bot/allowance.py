"""What a member may use, in credits per rolling period: pure arithmetic over the ledger's figures.

Source of the rules: the design, *Credits*. What counts is what was reserved within the last period, so
nothing happens at midnight, and the moment at which enough is free again can be told exactly.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Period(StrEnum):
    """The rolling periods that an allowance can have; a month is 30 days."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def length(self) -> timedelta:
        """How long the period is."""
        return _LENGTHS[self]


_LENGTHS = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(weeks=1),
    Period.MONTH: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many credits a member may use in a rolling period; None: as many as they like."""

    credits: int | None
    period: Period

    def left(self, used: int) -> int | None:
        """Return what can still be used of it, or None where there is no end to it."""
        return None if self.credits is None else max(0, self.credits - used)


@dataclass(frozen=True, slots=True)
class Charge:
    """How a cost is divided: the allowance is used before extra credits."""

    from_allowance: int
    from_grants: int


def charge(cost: int, *, allowance: Allowance, used: int, granted: int) -> Charge | None:
    """Divide a cost, or return None where the credits do not suffice.

    Args:
        cost: credits that the request costs.
        allowance: the member's allowance.
        used: credits of the allowance used within the last period.
        granted: extra credits left.
    """
    left = allowance.left(used)
    from_allowance = cost if left is None else min(cost, left)
    from_grants = cost - from_allowance
    return Charge(from_allowance, from_grants) if from_grants <= granted else None


def must_return(cost: int, *, allowance: Allowance, used: int, granted: int) -> int | None:
    """Return how many used credits must leave the period before a cost can be paid, or None: never enough.

    Args:
        cost: credits that the request costs.
        allowance: the member's allowance.
        used: credits of the allowance used within the last period.
        granted: extra credits left.
    """
    if charge(cost, allowance=allowance, used=used, granted=granted) is not None:
        return 0
    if allowance.credits is None or cost > allowance.credits + granted:
        return None
    return used + cost - allowance.credits - granted
