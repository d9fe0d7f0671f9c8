"""What a member may use, in credits per rolling period: pure arithmetic over the ledger's figures.

Source of the rules: the design, *Credits*. What counts is what was reserved within the last period, so
nothing happens at midnight, and the moment at which enough is free again can be told exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """How many credits a member may use in a rolling period."""

    credits: int
    period: Period


@dataclass(frozen=True, slots=True)
class Use:
    """Credits of the allowance in use that began to count at one moment (a reserve, less its refund)."""

    counts_at: datetime
    credits: int


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
    from_allowance = min(cost, max(0, allowance.credits - used))
    from_grants = cost - from_allowance
    return Charge(from_allowance, from_grants) if from_grants <= granted else None


def free_at(cost: int, *, allowance: Allowance, uses: Iterable[Use], granted: int) -> datetime | None:
    """Return when the cost could be paid if nothing else were used, or None where it never could.

    Args:
        cost: credits that the request costs.
        allowance: the member's allowance.
        uses: what counts within the last period, oldest first.
        granted: extra credits left.
    """
    if cost > allowance.credits + granted:
        return None
    counted = list(uses)
    used = sum(use.credits for use in counted)
    for use in counted:
        used -= use.credits
        if charge(cost, allowance=allowance, used=used, granted=granted) is not None:
            return use.counts_at + allowance.period.length
    return None
