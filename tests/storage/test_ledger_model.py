"""The store against a naive model: whatever happens in whatever order, both say the same."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.allowance import Allowance, Period
from bot.errors import AllowanceExceededError
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.times import to_ms

CREDITS = 20
PERIOD = Period.DAY
START = datetime(2026, 8, 1, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

ENDS = {
    "failed": (State.SUBMITTING, State.FAILED),
    "cancelled": (State.CANCELLED,),
    "lost": (State.SUBMITTING, State.LOST),
    "late": (State.SUBMITTING, State.LOST, State.FINISHED, State.DELIVERED),
    "delivered": (State.SUBMITTING, State.RUNNING, State.FINISHED, State.DELIVERED),
}


@dataclass
class Reserved:
    """What the model knows of a job."""

    at: datetime
    allowance: int
    grants: int


@dataclass
class Model:
    """A member's credits, kept as simply as the rules are told."""

    newest: datetime = LONG_AGO
    granted: int = 0
    jobs: list[Reserved] = field(default_factory=list)

    def now(self, clock: datetime) -> datetime:
        """Return the later of the clock and the newest entry."""
        return max(clock, self.newest)

    def used(self, moment: datetime) -> int:
        """Return what counts in the period before a moment."""
        return sum(job.allowance for job in self.jobs if job.at > moment - PERIOD.length)

    def left(self, moment: datetime) -> int:
        """Return what can be used at a moment."""
        return max(0, CREDITS - self.used(moment)) + self.granted

    def free_at(self, cost: int, clock: datetime) -> datetime | None:
        """Return the first moment at which a cost can be paid, by trying all at which something changes."""
        moments = sorted(job.at + PERIOD.length for job in self.jobs)
        later = (moment for moment in moments if moment > self.now(clock))
        return next((moment for moment in later if self.left(moment) >= cost), None)

    def reserve(self, cost: int, clock: datetime) -> bool:
        """Take credits, the allowance's first."""
        moment = self.now(clock)
        if cost > self.left(moment):
            return False
        allowance = min(cost, max(0, CREDITS - self.used(moment)))
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


@dataclass(frozen=True)
class Step:
    """Something that happens: what, how much or how long, and for the end of a job which and how."""

    kind: str
    amount: int
    which: int = 0
    how: str = ""


STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.just("wait"), st.integers(0, 30 * 3600)),
        st.builds(Step, st.just("clock set back"), st.integers(1, 72 * 3600)),
        st.builds(Step, st.just("clock at the end of a period"), st.integers(-1, 1)),
        st.builds(Step, st.just("accept"), st.integers(1, 24)),
        st.builds(Step, st.just("accept"), st.integers(1, 6)),
        st.builds(
            Step, st.just("end"), st.integers(1, 24), st.integers(0, 99), st.sampled_from(sorted(ENDS))
        ),
        st.builds(Step, st.just("grant"), st.integers(1, 10)),
    ),
    min_size=1,
    max_size=40,
)


class Play:
    """Takes each step in the store and in the model, and compares."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = SqliteJobStore(database, OwnerTerms(Allowance(CREDITS, PERIOD)))
        self.model = Model()
        self.clock = START
        self.open: list[tuple[Job, Reserved]] = []

    async def take(self, step: Step) -> None:
        """Take one step, and compare what is left."""
        match step.kind:
            case "wait":
                self.clock += timedelta(seconds=step.amount)
            case "clock set back":
                self.clock -= timedelta(seconds=step.amount)
            case "clock at the end of a period" if self.model.jobs:
                self.clock = self.model.jobs[-1].at + PERIOD.length + timedelta(milliseconds=step.amount)
            case "accept":
                await self.accept(step.amount)
            case "end" if self.open:
                await self.end(step.which, step.how, step.amount)
            case "grant":
                await self.grant(step.amount)
        standing = await self.store.standing(1, 3, (), self.clock)
        moment = self.model.now(self.clock)
        assert (standing.used, standing.granted) == (self.model.used(moment), self.model.granted)
        assert standing.left == self.model.left(moment)

    async def accept(self, cost: int) -> None:
        """Ask for a job."""
        request = Request(
            guild_id=1,
            channel_id=2,
            member_id=3,
            interaction_token="token",
            upload_limit_bytes=1,
            parameters="{}",
            credits=cost,
        )
        moment = self.model.now(self.clock)
        left, whole = self.model.left(moment), CREDITS + self.model.granted
        free_at = self.model.free_at(cost, self.clock) if cost <= whole else None
        if self.model.reserve(cost, self.clock):
            job, standing = await self.store.accept(request, self.clock)
            assert standing.left == left - cost
            self.open.append((job, self.model.jobs[-1]))
        else:
            with pytest.raises(AllowanceExceededError) as refused:
                await self.store.accept(request, self.clock)
            error = refused.value
            assert (error.needed, error.left, error.whole, error.free_at) == (cost, left, whole, free_at)

    async def end(self, which: int, how: str, cost: int) -> None:
        """Lead an open job to its end."""
        job, reserved = self.open.pop(which % len(self.open))
        settle = min(cost, job.credits)
        for state in ENDS[how]:
            after = job.evolve(state)
            await self.store.save(job, after, self.clock, settle=settle)
            job = after
        self.model.newest = self.model.now(self.clock)
        self.model.give_back(reserved, job.credits - settle if how == "delivered" else job.credits)

    async def grant(self, amount: int) -> None:
        """Give extra credits, as a moderator will."""
        moment = self.model.now(self.clock)
        self.model.newest = moment
        self.model.granted += amount

        def operation(transaction: Transaction) -> None:
            transaction.fetch(
                """
                INSERT INTO ledger (
                    guild_id, member_id, kind, credits, allowance_credits, grant_credits, counts_at, at
                ) VALUES (1, 3, 'grant', :amount, 0, :amount, :at, :at)
                """,
                {"amount": amount, "at": to_ms(moment)},
            )

        await self.database.write(operation)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_store_agrees_with_the_model(steps: list[Step]) -> None:
    """Reserves, settlements, refunds whole and in part, grants, time passing and set back, in any order."""

    async def play() -> None:
        with TemporaryDirectory() as folder:
            async with Database.open(f"sqlite:///{folder}/sana.db") as database:
                game = Play(database)
                for step in steps:
                    await game.take(step)

    asyncio.run(play())
