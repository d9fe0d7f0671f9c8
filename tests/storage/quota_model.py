"""Not a test: a member's credits and a server's rules, kept as simply as they are told, to compare with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.allowance import Allowance, Period

START = datetime(2026, 8, 1, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
OWNER = Allowance(20, Period.DAY)
UNLIMITED = 10**12
"""So many that nobody ever uses them up."""


@dataclass
class Reserved:
    """What is known of a job: when it began to count, and what it took from where."""

    at: datetime
    allowance: int
    grants: int


@dataclass
class Model:
    """One member in one server. Amounts are numbers; `UNLIMITED` stands for None."""

    clock: datetime = START
    newest: datetime = LONG_AGO
    granted: int = 0
    jobs: list[Reserved] = field(default_factory=list)
    last_reset: datetime = LONG_AGO
    default: int | None = None
    period: Period | None = None
    roles: dict[int, int] = field(default_factory=dict)
    own: int | None = None
    has: set[int] = field(default_factory=set)
    cap: int | None = None
    blocked_until: datetime | None = None

    def now(self) -> datetime:
        """Return the later of the clock and the newest entry."""
        return max(self.clock, self.newest)

    def length(self) -> timedelta:
        """Return how long something counts."""
        return (self.period or OWNER.period).length

    def amount(self) -> int:
        """Return the allowance's credits."""
        amount = OWNER.credits or 0
        if self.default is not None:
            amount = self.default
        held = [credits_ for role, credits_ in self.roles.items() if role in self.has]
        if held:
            amount = max(held)
        if self.own is not None:
            amount = self.own
        return amount if self.cap is None else min(amount, self.cap)

    def is_blocked(self) -> bool:
        """Tell whether no job is taken."""
        return self.blocked_until is not None and self.now() < self.blocked_until

    def used(self, moment: datetime) -> int:
        """Return what counts at a moment."""
        begin = moment - self.length()
        return sum(job.allowance for job in self.jobs if job.at > begin and job.at >= self.last_reset)

    def left(self, moment: datetime) -> int:
        """Return what could be used at a moment."""
        return max(0, self.amount() - self.used(moment)) + self.granted

    def free_at(self, cost: int) -> datetime | None:
        """Return the first moment at which a cost can be paid, by trying all at which something changes."""
        return next((moment for moment in self.changes() if self.left(moment) >= cost), None)

    def returns(self) -> list[tuple[datetime, int]]:
        """Return all moments at which there is more than before, and how much more."""
        found, before = [], self.left(self.now())
        for moment in self.changes():
            if self.left(moment) > before:
                found.append((moment, self.left(moment) - before))
                before = self.left(moment)
        return found

    def changes(self) -> list[datetime]:
        """Return the moments from now on at which something stops counting."""
        moments = {job.at + self.length() for job in self.jobs if job.at >= self.last_reset}
        return sorted(moment for moment in moments if moment > self.now())

    def reserve(self, cost: int) -> bool:
        """Take credits, the allowance's first."""
        moment = self.now()
        if cost > self.left(moment):
            return False
        allowance = min(cost, max(0, self.amount() - self.used(moment)))
        self.jobs.append(Reserved(moment, allowance, cost - allowance))
        self.granted -= cost - allowance
        self.newest = moment
        return True

    def give_back(self, job: Reserved, amount: int) -> None:
        """Give back what a job took, extra credits first."""
        to_grants = min(amount, job.grants)
        job.grants -= to_grants
        job.allowance -= amount - to_grants
        self.granted += to_grants
        self.newest = self.now()

    def grant(self, amount: int) -> None:
        """Give extra credits, or take back as many as there are."""
        self.granted = max(0, self.granted + amount)
        self.newest = self.now()

    def reset(self) -> None:
        """Let nothing count that was used so far."""
        self.newest = self.last_reset = max(self.clock, self.newest + timedelta(milliseconds=1))
