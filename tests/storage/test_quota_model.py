"""Rules, blocks, grants, resets and the ledger against a naive model: in any order, both say the same."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.allowance import Period
from bot.errors import AllowanceExceededError, BlockedError, CapExceededError, NothingToRemoveError
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.model import Actor, OwnerTerms
from bot.quotas.service import QuotaService
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.quotas import RETURNS_READ, SqliteQuotaStore
from storage.reports import SqliteReports
from tests.storage.quota_model import OWNER, UNLIMITED, Model, Reserved

LEAST_STEPS: Final = 2_000
GUILD, MEMBER, ELSEWHERE = 100, 300, 101
FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
ROLES: Final = (501, 502, GUILD)  # the last is @everyone
MODERATOR: Final = Actor(
    guild_id=GUILD, member_id=900, role_ids=frozenset(), may_moderate=True, may_manage=True
)
OTHER_MODERATOR: Final = replace(MODERATOR, guild_id=ELSEWHERE, member_id=901)
ENDS: Final = {
    "failed": (State.SUBMITTING, State.FAILED),
    "cancelled": (State.CANCELLED,),
    "lost": (State.SUBMITTING, State.LOST),
    "late": (State.SUBMITTING, State.LOST, State.FINISHED, State.DELIVERED),
    "delivered": (State.SUBMITTING, State.RUNNING, State.FINISHED, State.DELIVERED),
}

amounts = st.one_of(st.none(), st.integers(0, 40))
periods = st.sampled_from(Period)
_Result = TypeVar("_Result")


class Comparison(RuleBasedStateMachine):
    """Does everything in the database and in the model."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(has={GUILD})  # everybody has the role @everyone
        self.open: list[tuple[Job, Reserved]] = []
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        folder = self.stack.enter_context(TemporaryDirectory())
        opened = Database.open(f"sqlite:///{folder}/sana.db")
        self.database = self.run(self.stack.enter_async_context(opened))
        self.start_anew()

    def teardown(self) -> None:
        """Close what was opened."""
        self.run(self.stack.aclose())
        self.runner.close()

    def run(self, work: Awaitable[_Result]) -> _Result:
        """Return what the work returns."""

        async def wait() -> _Result:
            return await work

        return self.runner.run(wait())

    def start_anew(self) -> None:
        """Make the parts as a start with the present settings does."""
        terms = OwnerTerms(OWNER, self.model.cap)
        self.store = SqliteJobStore(self.database, terms)
        self.quotas = QuotaService(
            store=SqliteQuotaStore(self.database, terms),
            reports=SqliteReports(self.database),
            jobs=self,
            clock=self,
            terms=terms,
        )

    # The service's world.

    def now(self) -> datetime:
        """Return the clock's time."""
        return self.model.clock

    async def cancel_queued(self, guild_id: int, member_id: int, *, by: int) -> int:
        """Cancel the member's jobs, all of which wait in line."""
        assert (guild_id, member_id, by) == (GUILD, MEMBER, MODERATOR.member_id)
        for job, reserved in self.open:
            await self.store.save(job, job.evolve(State.CANCELLED), self.model.clock)
            self.model.give_back(reserved, job.credits)
        cancelled = len(self.open)
        self.open.clear()
        return cancelled

    # What happens.

    @rule(cost=st.one_of(st.integers(1, 6), st.integers(1, 64)))
    def accept(self, cost: int) -> None:
        """The member asks for a job."""
        model = self.model
        request = _request(GUILD, cost, tuple(sorted(model.has - {GUILD})))
        left, whole, free_at = model.left(model.now()), model.amount() + model.granted, model.free_at(cost)
        if model.is_blocked():
            with pytest.raises(BlockedError) as blocked:
                self.run(self.store.accept(request, model.clock))
            assert (blocked.value.until or FOREVER) == model.blocked_until
        elif model.reserve(cost):
            job, standing = self.run(self.store.accept(request, model.clock))
            assert standing.left == (None if model.amount() == UNLIMITED else left - cost)
            self.open.append((job, model.jobs[-1]))
        else:
            with pytest.raises(AllowanceExceededError) as refused:
                self.run(self.store.accept(request, model.clock))
            error = refused.value
            assert (error.needed, error.left, error.whole, error.free_at) == (cost, left, whole, free_at)

    @rule(which=st.integers(0, 99), how=st.sampled_from(sorted(ENDS)), cost=st.integers(1, 64))
    def end(self, which: int, how: str, cost: int) -> None:
        """A job ends: delivered whole or in part, refunded, or late."""
        if not self.open:
            return
        job, reserved = self.open.pop(which % len(self.open))
        settle = min(cost, job.credits)
        for state in ENDS[how]:
            after = job.evolve(state)
            self.run(self.store.save(job, after, self.model.clock, settle=settle))
            job = after
        self.model.give_back(reserved, job.credits - settle if how == "delivered" else job.credits)

    @rule(amount=st.integers(-30, 30).filter(bool))
    def grant(self, amount: int) -> None:
        """A moderator gives extra credits, or takes some back."""
        granted, cap = self.model.granted, self.model.cap
        work = self.quotas.grant(MODERATOR, MEMBER, amount, "a reason")
        if amount < 0 and granted == 0:
            self.refused(work, NothingToRemoveError)
        elif amount > 0 and cap is not None and granted + amount > cap:
            self.refused(work, CapExceededError)
        else:
            change = self.run(work)
            self.model.grant(amount)
            assert (change.before, change.after) == (str(granted), str(self.model.granted))

    @rule()
    def reset(self) -> None:
        """A moderator lets what was used count no more."""
        used = self.model.used(self.model.now())
        change = self.run(self.quotas.reset(MODERATOR, MEMBER, "a reason"))
        self.model.reset()
        assert (change.at, change.before, change.after) == (self.model.last_reset, str(used), "0")

    @rule(hours=st.one_of(st.none(), st.integers(1, 60)))
    def block(self, hours: int | None) -> None:
        """A moderator blocks the member; what is in line is refunded."""
        model = self.model
        model.blocked_until = FOREVER if hours is None else model.now() + timedelta(hours=hours)
        queued = len(self.open)
        duration = None if hours is None else timedelta(hours=hours)
        _, cancelled = self.run(self.quotas.block(MODERATOR, MEMBER, duration, "a reason"))
        assert cancelled == queued

    @rule()
    def unblock(self) -> None:
        """A moderator ends a block."""
        work = self.quotas.unblock(MODERATOR, MEMBER)
        if self.model.is_blocked():
            self.run(work)
            self.model.blocked_until = None
        else:
            self.refused(work, NothingToRemoveError)

    @rule(amount=amounts, period=periods)
    def set_default(self, amount: int | None, period: Period) -> None:
        """A moderator sets the server's allowance."""
        if self.set(amount, self.quotas.set_default(MODERATOR, amount, period)):
            self.model.default, self.model.period = _number(amount), period

    @rule(role=st.sampled_from(ROLES), amount=amounts)
    def set_role(self, role: int, amount: int | None) -> None:
        """A moderator sets a role's allowance."""
        if self.set(amount, self.quotas.set_role(MODERATOR, role, amount)):
            self.model.roles[role] = _number(amount)

    @rule(amount=amounts)
    def set_member(self, amount: int | None) -> None:
        """A moderator sets the member's own allowance."""
        if self.set(amount, self.quotas.set_member(MODERATOR, MEMBER, amount)):
            self.model.own = _number(amount)

    @rule(role=st.sampled_from(ROLES))
    def remove_role(self, role: int) -> None:
        """A moderator takes a role's rule away."""
        work = self.quotas.remove(MODERATOR, role_id=role)
        if role in self.model.roles:
            self.run(work)
            del self.model.roles[role]
        else:
            self.refused(work, NothingToRemoveError)

    @rule()
    def remove_member(self) -> None:
        """A moderator takes the member's rule away."""
        work = self.quotas.remove(MODERATOR, member_id=MEMBER)
        if self.model.own is not None:
            self.run(work)
            self.model.own = None
        else:
            self.refused(work, NothingToRemoveError)

    @rule()
    def remove_default(self) -> None:
        """A moderator takes the server's default away, and its period with it."""
        work = self.quotas.remove(MODERATOR)
        if self.model.default is not None:
            self.run(work)
            self.model.default = self.model.period = None
        else:
            self.refused(work, NothingToRemoveError)

    @rule(role=st.sampled_from(ROLES[:2]))
    def gain_or_lose_role(self, role: int) -> None:
        """The member's roles change."""
        self.model.has ^= {role}

    @rule(cap=st.one_of(st.none(), st.integers(20, 30)))
    def start_with_other_cap(self, cap: int | None) -> None:
        """The owner starts the bot with another cap."""
        self.model.cap = cap
        self.start_anew()

    @rule(seconds=st.one_of(st.integers(0, 7200), st.integers(0, 10 * 86_400)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.model.clock += timedelta(seconds=seconds)

    @rule(hours=st.integers(1, 72))
    def clock_set_back(self, hours: int) -> None:
        """Somebody sets the machine's clock back."""
        self.model.clock -= timedelta(hours=hours)

    @rule(off=st.integers(-1, 1), which=st.integers(0, 99))
    def wait_for_a_boundary(self, off: int, which: int) -> None:
        """Time passes until a millisecond about a moment at which something stops counting."""
        if changes := self.model.changes():
            self.model.clock = changes[which % len(changes)] + timedelta(milliseconds=off)

    @rule(off=st.integers(-1, 1))
    def wait_for_the_end_of_a_block(self, off: int) -> None:
        """Time passes until a millisecond about the end of the block."""
        until = self.model.blocked_until
        if until is not None and until != FOREVER:
            self.model.clock = until + timedelta(milliseconds=off)

    @rule(what=st.sampled_from(["accept", "grant", "reset", "block", "default", "role", "member"]))
    def elsewhere(self, what: str) -> None:
        """Something happens to the same member in another server; nothing but the ledger's time is shared."""
        model, terms = self.model, OwnerTerms(OWNER)
        store = SqliteQuotaStore(self.database, terms)
        reports = SqliteReports(self.database)
        quotas = QuotaService(store=store, reports=reports, jobs=NoJobs(), clock=self, terms=terms)
        match what:
            case "accept":
                request = _request(ELSEWHERE, 1, ())
                with suppress(AllowanceExceededError, BlockedError):
                    self.run(self.store.accept(request, model.clock))
                    model.newest = model.now()
            case "grant":
                self.run(quotas.grant(OTHER_MODERATOR, MEMBER, 5, "a reason"))
                model.newest = model.now()
            case "reset":
                self.run(quotas.reset(OTHER_MODERATOR, MEMBER, "a reason"))
                model.newest = max(model.clock, model.newest + timedelta(milliseconds=1))
            case "block":
                self.run(quotas.block(OTHER_MODERATOR, MEMBER, timedelta(hours=1), "a reason"))
            case "default":
                self.run(quotas.set_default(OTHER_MODERATOR, 7, Period.HOUR))
            case "role":
                self.run(quotas.set_role(OTHER_MODERATOR, ROLES[0], 1_000))
            case "member":
                self.run(quotas.set_member(OTHER_MODERATOR, MEMBER, 1_000))

    # What must be the same.

    @invariant()
    def both_say_the_same(self) -> None:
        """What is allowed, used, granted and left, what returns when, and the block."""
        type(self).steps += 1
        model, moment = self.model, self.model.now()
        view = self.run(self.quotas.usage(GUILD, MEMBER, tuple(model.has - {GUILD})))
        standing = view.standing
        assert _number(standing.allowance.credits) == model.amount()
        assert standing.allowance.period.length == model.length()
        assert (standing.used, standing.granted) == (model.used(moment), model.granted)
        is_unlimited = model.amount() == UNLIMITED
        assert standing.left == (None if is_unlimited else model.left(moment))
        returns = [] if is_unlimited else model.returns()[:RETURNS_READ]
        assert [(each.at, each.credits) for each in view.returns] == returns
        assert (view.block is not None) == model.is_blocked()
        assert view.jobs_under_way == len(self.open)

    def set(self, amount: int | None, work: Awaitable[object]) -> bool:
        """Set a rule, or see it refused by the cap."""
        if self.model.cap is not None and _number(amount) > self.model.cap:
            self.refused(work, CapExceededError)
            return False
        self.run(work)
        return True

    def refused(self, work: Awaitable[object], error: type[Exception]) -> None:
        """See work refused."""
        with pytest.raises(error):
            self.run(work)


class NoJobs:
    """A server in which nobody has jobs in line."""

    async def cancel_queued(self, _guild_id: int, _member_id: int, *, by: int) -> int:
        """Find none."""
        assert by == 901
        return 0


def _number(amount: int | None) -> int:
    return UNLIMITED if amount is None else amount


def _request(guild_id: int, cost: int, role_ids: tuple[int, ...]) -> Request:
    return Request(
        guild_id=guild_id,
        channel_id=200,
        member_id=MEMBER,
        interaction_token="token",
        upload_limit_bytes=1,
        parameters="{}",
        credits=cost,
        role_ids=role_ids,
    )


def test_ledger_and_rules_agree_with_the_model() -> None:
    """Thousands of steps of any kind: allowance, use, refusals and their times are always the model's."""
    Comparison.steps = 0
    run_state_machine_as_test(
        Comparison, settings=settings(max_examples=60, stateful_step_count=50, deadline=None)
    )
    assert Comparison.steps >= LEAST_STEPS
