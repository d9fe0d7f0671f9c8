"""What moderators may decide, what each decision leaves behind, and that no server sees another's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.allowance import Allowance, Period
from bot.errors import (
    AllowanceExceededError,
    BlockedError,
    CapExceededError,
    NeedsManageServerError,
    NothingToRemoveError,
    NotModeratorError,
    OutOfRangeError,
    Refusal,
    StorageError,
    TooManyRulesError,
)
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.decisions import CREDITS_AT_MOST, REASON_AT_MOST, RULES_AT_MOST
from bot.quotas.model import Action, Actor, Change, EntryKind, OwnerTerms, RuleKind, ServerRules, TargetKind
from bot.quotas.service import QuotaService
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.quotas import SqliteQuotaStore
from storage.reports import SqliteReports

Ask = Callable[..., Request]
Walk = Callable[..., Awaitable[Job]]
Deed = Callable[[QuotaService, Actor], Awaitable[object]]

GUILD, OTHER_GUILD, MEMBER, ROLE = 100, 101, 300, 501
TERMS = OwnerTerms(Allowance(20, Period.DAY))
MANAGER = Actor(guild_id=GUILD, member_id=900, role_ids=frozenset({ROLE}), may_moderate=True, may_manage=True)
MODERATOR = replace(MANAGER, may_manage=False)
NOBODY = replace(MODERATOR, may_moderate=False)


@dataclass
class World:
    """The time, and the jobs in line; notes whose jobs were to be cancelled."""

    time: datetime
    cancelled: list[tuple[int, int, int]] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    async def cancel_queued(self, guild_id: int, member_id: int, *, by: int) -> int:
        """Note it."""
        self.cancelled.append((guild_id, member_id, by))
        return 2


@pytest.fixture
def world(now: datetime) -> World:
    """The time of the test."""
    return World(now)


@pytest.fixture
def make(database: Database, world: World) -> Callable[[OwnerTerms], QuotaService]:
    """Make the service as the owner's terms have it."""

    def make(terms: OwnerTerms) -> QuotaService:
        store, reports = SqliteQuotaStore(database, terms), SqliteReports(database)
        return QuotaService(store=store, reports=reports, jobs=world, clock=world, terms=terms)

    return make


@pytest.fixture
def quotas(make: Callable[[OwnerTerms], QuotaService]) -> QuotaService:
    """The service without a cap."""
    return make(TERMS)


DEEDS: dict[str, Deed] = {
    "default": lambda quotas, actor: quotas.set_default(actor, 5, Period.WEEK),
    "role": lambda quotas, actor: quotas.set_role(actor, 502, 7),
    "member": lambda quotas, actor: quotas.set_member(actor, MEMBER, 9),
    "remove": lambda quotas, actor: quotas.remove(actor, member_id=MEMBER),
    "grant": lambda quotas, actor: quotas.grant(actor, MEMBER, 4, "a reason"),
    "reset": lambda quotas, actor: quotas.reset(actor, MEMBER, "a reason"),
    "block": lambda quotas, actor: quotas.block(actor, MEMBER, timedelta(hours=1), "a reason"),
    "unblock": lambda quotas, actor: quotas.unblock(actor, MEMBER, "a reason"),
    "log": lambda quotas, actor: quotas.set_log(actor, 12345),
}


async def _list(quotas: QuotaService, actor: Actor) -> list[Change]:
    """Return the changes of a server, oldest first."""
    page = await quotas.history(replace(actor, may_moderate=True))
    return [item for item in page.items[::-1] if isinstance(item, Change)]


async def _do_all(quotas: QuotaService, actor: Actor) -> None:
    for deed in DEEDS.values():
        await deed(quotas, actor)


async def test_each_decision_is_recorded_with_what_was_and_what_is(quotas: QuotaService) -> None:
    """Who, whom, before, after, why: one row for each, in order."""
    await _do_all(quotas, MANAGER)
    changes = await _list(quotas, MANAGER)
    until = str(int((changes[0].at + timedelta(hours=1)).timestamp()))
    server, member = (TargetKind.SERVER, GUILD), (TargetKind.MEMBER, MEMBER)
    assert [
        (change.action, (change.target_kind, change.target_id), change.before, change.after, change.reason)
        for change in changes
    ] == [
        (Action.DEFAULT, server, "", "5 week", None),
        (Action.ROLE, (TargetKind.ROLE, 502), "", "7", None),
        (Action.MEMBER, member, "", "9", None),
        (Action.REMOVE, member, "9", "", None),
        (Action.GRANT, member, "0", "4", "a reason"),
        (Action.RESET, member, "0", "0", "a reason"),
        (Action.BLOCK, member, "", until, "a reason"),
        (Action.UNBLOCK, member, until, "", "a reason"),
        (Action.LOG, server, "", "12345", None),
    ]
    assert {change.moderator_id for change in changes} == {MANAGER.member_id}
    assert [change.id for change in changes] == list(range(1, 10))


async def test_what_was_there_before_is_in_the_record(quotas: QuotaService) -> None:
    """A second decision names the first one's outcome; unlimited and for good are words."""
    await quotas.set_default(MANAGER, 5, Period.WEEK)
    change = await quotas.set_default(MANAGER, None, Period.HOUR)
    assert (change.before, change.after) == ("5 week", "unlimited hour")
    await quotas.block(MANAGER, MEMBER, None, "first")
    change, cancelled = await quotas.block(MANAGER, MEMBER, timedelta(minutes=1), "second")
    assert change.before == "forever"
    assert cancelled == 2
    await quotas.set_log(MANAGER, 12345)
    change = await quotas.set_log(MANAGER, None)
    assert (change.before, change.after) == ("12345", "")
    assert await quotas.log_channel(GUILD) is None


@pytest.mark.parametrize("name", sorted(DEEDS))
async def test_only_moderators_decide(quotas: QuotaService, world: World, name: str) -> None:
    """A member is refused before anything is read or written, whatever Discord showed them."""
    await _do_all(quotas, MANAGER)
    before, cancelled = await _list(quotas, MANAGER), list(world.cancelled)
    with pytest.raises(NotModeratorError):
        await DEEDS[name](quotas, NOBODY)
    assert await _list(quotas, MANAGER) == before
    assert world.cancelled == cancelled


async def test_only_moderators_read_reports(quotas: QuotaService) -> None:
    """Rules, the view of a member, history, top and export are the moderators'."""
    for reading in (
        quotas.rules(NOBODY),
        quotas.show(NOBODY, MEMBER, ()),
        quotas.history(NOBODY),
        quotas.top(NOBODY, Period.DAY),
    ):
        with pytest.raises(NotModeratorError):
            await reading
    with pytest.raises(NotModeratorError):
        quotas.export(NOBODY, None)


UNLIMITED_OR_OWN: dict[str, Deed] = {
    "unlimited default": lambda quotas, actor: quotas.set_default(actor, None, Period.DAY),
    "unlimited role": lambda quotas, actor: quotas.set_role(actor, 502, None),
    "unlimited member": lambda quotas, actor: quotas.set_member(actor, MEMBER, None),
    "own default": lambda quotas, actor: quotas.set_default(actor, 21, Period.DAY),
    "own period": lambda quotas, actor: quotas.set_default(actor, 20, Period.HOUR),
    "own role": lambda quotas, actor: quotas.set_role(actor, ROLE, 30),
    "role of everyone": lambda quotas, actor: quotas.set_role(actor, GUILD, 30),
    "own rule": lambda quotas, actor: quotas.set_member(actor, actor.member_id, 30),
    "own grant": lambda quotas, actor: quotas.grant(actor, actor.member_id, 1, "a reason"),
    "own grant taken": lambda quotas, actor: quotas.grant(actor, actor.member_id, -1, "a reason"),
    "own reset": lambda quotas, actor: quotas.reset(actor, actor.member_id, "a reason"),
    "own block": lambda quotas, actor: quotas.block(actor, actor.member_id, timedelta(minutes=1), "a reason"),
    "own unblock": lambda quotas, actor: quotas.unblock(actor, actor.member_id),
}


@pytest.mark.parametrize("name", sorted(UNLIMITED_OR_OWN))
async def test_nobody_without_manage_server_decides_about_themselves(quotas: QuotaService, name: str) -> None:
    """What is unlimited or changes what they have themselves is refused; with Manage Server it is done."""
    await quotas.grant(MANAGER, MANAGER.member_id, 2, "a reason")
    await quotas.block(MANAGER, MANAGER.member_id, None, "a reason")
    before = await quotas.usage(GUILD, MANAGER.member_id, MANAGER.role_ids)
    changes = await _list(quotas, MANAGER)
    with pytest.raises(NeedsManageServerError):
        await UNLIMITED_OR_OWN[name](quotas, MODERATOR)
    assert await quotas.usage(GUILD, MANAGER.member_id, MANAGER.role_ids) == before
    assert await _list(quotas, MANAGER) == changes
    await UNLIMITED_OR_OWN[name](quotas, MANAGER)
    assert len(await _list(quotas, MANAGER)) == len(changes) + 1


async def test_a_moderator_may_not_take_away_the_rule_that_holds_them_down(quotas: QuotaService) -> None:
    """Removing one's own rule, one's role's or the default changes what one has; so do two at once."""
    await quotas.set_default(MANAGER, 5, Period.DAY)
    with pytest.raises(NeedsManageServerError):
        await quotas.remove(MODERATOR)
    await quotas.set_role(MANAGER, ROLE, 3)
    await quotas.set_member(MANAGER, MODERATOR.member_id, 1)
    for role_id, member_id in ((None, MODERATOR.member_id), (ROLE, MODERATOR.member_id)):
        with pytest.raises(NeedsManageServerError):
            await quotas.remove(MODERATOR, role_id=role_id, member_id=member_id)
    assert len((await quotas.rules(MANAGER)).rules) == 3
    # While their own rule holds, the role's does not concern them.
    await quotas.remove(MODERATOR, role_id=ROLE)


async def test_a_moderator_decides_about_others(quotas: QuotaService) -> None:
    """What leaves their own allowance as it is needs no more than Moderate Members."""
    await quotas.set_member(MANAGER, MODERATOR.member_id, 1)
    await quotas.set_default(MODERATOR, 5, Period.DAY)
    for name in [name for name in DEEDS if name != "default"]:
        await DEEDS[name](quotas, MODERATOR)


async def test_two_rules_are_removed_together_or_not_at_all(quotas: QuotaService) -> None:
    """Where one of the two is not there, the other stays."""
    await quotas.set_role(MANAGER, 502, 7)
    with pytest.raises(NothingToRemoveError):
        await quotas.remove(MANAGER, role_id=502, member_id=MEMBER)
    await quotas.set_member(MANAGER, MEMBER, 9)
    removed = await quotas.remove(MANAGER, role_id=502, member_id=MEMBER)
    assert [(change.target_kind, change.before) for change in removed] == [
        (TargetKind.ROLE, "7"),
        (TargetKind.MEMBER, "9"),
    ]
    assert (await quotas.rules(MANAGER)).rules == ()


async def test_removing_the_default_gives_the_owners_setting_back(quotas: QuotaService) -> None:
    """Allowance and period are the owner's again."""
    await quotas.set_default(MANAGER, 5, Period.WEEK)
    await quotas.remove(MANAGER)
    view = await quotas.usage(GUILD, MEMBER, ())
    assert view.entitlement.allowance == TERMS.default
    assert view.entitlement.origin.kind is None


@pytest.mark.parametrize(
    ("deed", "name", "given"),
    [
        (lambda quotas: quotas.set_member(MANAGER, MEMBER, -1), "credits", -1),
        (lambda quotas: quotas.set_role(MANAGER, ROLE, CREDITS_AT_MOST + 1), "credits", CREDITS_AT_MOST + 1),
        (lambda quotas: quotas.set_default(MANAGER, 10**20, Period.DAY), "credits", 10**20),
        (lambda quotas: quotas.grant(MANAGER, MEMBER, 0, "a reason"), "credits", 0),
        (lambda quotas: quotas.grant(MANAGER, MEMBER, -CREDITS_AT_MOST - 1, "x"), "credits", -1_000_001),
        (lambda quotas: quotas.grant(MANAGER, MEMBER, 1, " \x00 "), "reason", 0),
        (lambda quotas: quotas.reset(MANAGER, MEMBER, ""), "reason", 0),
        (lambda quotas: quotas.block(MANAGER, MEMBER, None, "x" * 201), "reason", REASON_AT_MOST + 1),
        (lambda quotas: quotas.unblock(MANAGER, MEMBER, "\u200b"), "reason", 0),
    ],
)
async def test_what_is_out_of_range_is_refused_with_the_range(
    quotas: QuotaService, deed: Callable[[QuotaService], Awaitable[object]], name: str, given: int
) -> None:
    """Numbers, and the length of reasons."""
    with pytest.raises(OutOfRangeError) as refused:
        await deed(quotas)
    error = refused.value
    assert (error.name, error.given) == (name, given)
    assert not error.minimum <= given <= error.maximum
    assert await _list(quotas, MANAGER) == []


async def test_reasons_are_kept_as_text(quotas: QuotaService) -> None:
    """Quotes, mentions and Markdown come back as they were; what no database takes does not."""
    text = "@everyone **bold** '); DROP TABLE ledger; -- \ud83d ä 🦊"
    change = await quotas.grant(MANAGER, MEMBER, 1, f"  {text}\x00 ")
    assert change.reason == text.replace("\ud83d", " ")
    view = await quotas.usage(GUILD, MEMBER, ())
    assert [entry.why for entry in view.entries] == [change.reason]


async def test_the_cap_refuses_rules_and_grants_and_bounds_older_ones(
    quotas: QuotaService, make: Callable[[OwnerTerms], QuotaService]
) -> None:
    """Above the cap nothing is set or granted, also with Manage Server; what was set before gives no more."""
    await quotas.set_member(MANAGER, MEMBER, None)
    capped = make(replace(TERMS, cap=25))
    view = await capped.usage(GUILD, MEMBER, ())
    assert (view.standing.left, view.entitlement.origin.capped) == (25, True)
    for deed in (
        capped.set_default(MANAGER, 26, Period.DAY),
        capped.set_role(MANAGER, ROLE, None),
        capped.set_member(MANAGER, MEMBER, 26),
        capped.grant(MANAGER, MEMBER, 26, "a reason"),
    ):
        with pytest.raises(CapExceededError) as refused:
            await deed
        assert refused.value.cap == 25
    await capped.grant(MANAGER, MEMBER, 20, "a reason")
    with pytest.raises(CapExceededError):
        await capped.grant(MANAGER, MEMBER, 6, "a reason")
    await capped.grant(MANAGER, MEMBER, 5, "a reason")
    await capped.set_default(MANAGER, 25, Period.DAY)


async def test_taking_back_stops_at_zero(quotas: QuotaService) -> None:
    """What is recorded is what was really taken; where there is nothing, that is said."""
    await quotas.grant(MANAGER, MEMBER, 3, "a reason")
    change = await quotas.grant(MANAGER, MEMBER, -5, "a reason")
    assert (change.before, change.after) == ("3", "0")
    view = await quotas.usage(GUILD, MEMBER, ())
    assert [(entry.kind, entry.credits) for entry in view.entries] == [
        (EntryKind.GRANT, -3),
        (EntryKind.GRANT, 3),
    ]
    with pytest.raises(NothingToRemoveError):
        await quotas.grant(MANAGER, MEMBER, -1, "a reason")


async def test_a_server_has_so_many_rules_and_no_more(quotas: QuotaService, database: Database) -> None:
    """A new rule is one too many; a rule that is there can still be changed."""

    def fill(transaction: Transaction) -> None:
        for member_id in range(RULES_AT_MOST):
            transaction.fetch(f"INSERT INTO quota_rules VALUES ({GUILD}, 'member', {member_id}, 1)", {})  # noqa: S608 - numbers

    await database.write(fill)
    with pytest.raises(TooManyRulesError):
        await quotas.set_role(MANAGER, ROLE, 7)
    await quotas.set_member(MANAGER, 5, 7)
    assert len((await quotas.rules(MANAGER)).rules) == RULES_AT_MOST


async def test_a_block_refuses_jobs_until_its_end(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, world: World
) -> None:
    """Refused with reason and end, a millisecond before it too; at the end jobs are taken again."""
    await quotas.block(MODERATOR, MEMBER, timedelta(hours=1), "spam")
    assert world.cancelled == [(GUILD, MEMBER, MODERATOR.member_id)]
    until = world.time + timedelta(hours=1)
    for moment in (world.time, until - timedelta(milliseconds=1)):
        with pytest.raises(BlockedError) as refused:
            await store.accept(ask(), moment)
        assert (refused.value.until, refused.value.reason) == (until, "spam")
    await store.accept(ask(), until)
    world.time = until
    with pytest.raises(NothingToRemoveError):
        await quotas.unblock(MANAGER, MEMBER)


async def test_blocks_that_a_stop_left_half_done_are_completed(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, walk: Walk, world: World
) -> None:
    """At a start, jobs in line of those who are blocked now are cancelled; nobody else's."""
    for member_id in (MEMBER, 301, 302, 303):
        await store.accept(ask(member_id=member_id), world.time)
    job, _ = await store.accept(ask(member_id=304), world.time)
    await walk(store, job, State.SUBMITTING)
    await store.accept(ask(guild_id=OTHER_GUILD), world.time)
    await quotas.block(MANAGER, MEMBER, None, "a reason")
    await quotas.block(MANAGER, 301, timedelta(hours=2), "a reason")
    await quotas.block(MANAGER, 302, timedelta(minutes=1), "a reason")
    await quotas.block(MANAGER, 304, None, "a reason")
    world.cancelled.clear()
    world.time += timedelta(hours=1)
    await quotas.recover()
    assert sorted(world.cancelled) == [(GUILD, MEMBER, 900), (GUILD, 301, 900)]


async def test_a_view_shows_all(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, walk: Walk, world: World
) -> None:
    """Jobs under way, when credits return, and the entries in words."""
    jobs = [(await store.accept(ask(credits=4), world.time + timedelta(minutes=n)))[0] for n in range(4)]
    await walk(store, jobs[0], State.SUBMITTING, State.FAILED)
    await walk(store, jobs[1], State.SUBMITTING, State.RUNNING, State.FINISHED, State.DELIVERED, settle=3)
    late = await walk(store, jobs[2], State.SUBMITTING, State.LOST)
    await walk(store, late, State.FINISHED, State.DELIVERED)
    view = await quotas.usage(GUILD, MEMBER, ())
    assert [job.id for job in view.jobs] == [jobs[3].id]
    assert view.jobs_under_way == 1
    begun = world.time + timedelta(days=1)
    assert [(each.at - begun, each.credits) for each in view.returns] == [
        (timedelta(minutes=1), 3),
        (timedelta(minutes=3), 4),
    ]
    assert [(entry.kind.value, entry.credits, entry.why) for entry in view.entries] == [
        ("refund", 4, "late"),
        ("refund", 1, "fewer"),
        ("settle", 3, "delivered"),
        ("refund", 4, "failed"),
        ("reserve", 4, "queued"),
        ("reserve", 4, "delivered"),
        ("reserve", 4, "delivered"),
        ("reserve", 4, "failed"),
    ]


async def test_returns_after_an_allowance_was_lowered(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, world: World
) -> None:
    """What was used beyond the new allowance has to leave before anything can be used again."""
    for minutes in range(4):
        await store.accept(ask(credits=5), world.time + timedelta(minutes=minutes))
    await quotas.set_member(MANAGER, MEMBER, 8)
    view = await quotas.usage(GUILD, MEMBER, ())
    begun = world.time + timedelta(days=1)
    assert [(each.at - begun, each.credits) for each in view.returns] == [
        (timedelta(minutes=2), 3),
        (timedelta(minutes=3), 5),
    ]
    with pytest.raises(AllowanceExceededError) as refused:
        await store.accept(ask(credits=3), world.time + timedelta(minutes=5))
    assert refused.value.free_at == begun + timedelta(minutes=2)


async def _state(quotas: QuotaService, guild_id: int) -> tuple[object, ...]:
    """Return all that can be read of a server."""
    actor = replace(MANAGER, guild_id=guild_id)
    return (
        await quotas.rules(actor),
        await quotas.usage(guild_id, MEMBER, (ROLE, 502)),
        await quotas.log_channel(guild_id),
        await quotas.history(actor),
        await quotas.history(actor, MEMBER),
        await quotas.top(actor, Period.MONTH),
        [page async for page in quotas.export(actor, None)],
    )


async def test_servers_never_see_each_other(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, world: World
) -> None:
    """Whatever moderators and members of one server do, all that can be read of another stays the same."""
    other = replace(MANAGER, guild_id=OTHER_GUILD)
    await store.accept(ask(guild_id=OTHER_GUILD, credits=2), world.time)
    await quotas.set_role(other, ROLE, 40)
    await quotas.set_member(other, MEMBER, 41)
    await quotas.block(other, MEMBER, None, "a reason")
    before = await _state(quotas, OTHER_GUILD)
    for deed in (*DEEDS.values(), *UNLIMITED_OR_OWN.values()):
        try:
            await deed(quotas, MANAGER)
        except Refusal as refusal:
            assert isinstance(refusal, NothingToRemoveError)  # noqa: PT017 - some deeds find nothing to undo
    await store.accept(ask(credits=7), world.time)
    assert await _state(quotas, OTHER_GUILD) == before
    assert await quotas.rules(replace(MANAGER, guild_id=999)) == ServerRules(guild_id=999)
    with pytest.raises(NothingToRemoveError):
        await quotas.unblock(replace(MANAGER, guild_id=999), MEMBER)
    with pytest.raises(NothingToRemoveError):
        await quotas.remove(replace(MANAGER, guild_id=999), role_id=ROLE)
    assert await _state(quotas, OTHER_GUILD) == before


@pytest.mark.parametrize("statement", ["UPDATE quota_changes SET after = ''", "DELETE FROM quota_changes"])
async def test_the_record_only_grows(quotas: QuotaService, database: Database, statement: str) -> None:
    """No change by a moderator is altered or taken away, whoever tries."""
    await quotas.set_role(MANAGER, ROLE, 7)

    def operation(transaction: Transaction) -> None:
        transaction.fetch(statement, {})

    with pytest.raises(StorageError, match="append-only"):
        await database.write(operation)


async def test_rules_are_listed_in_the_order_in_which_they_are_told(quotas: QuotaService) -> None:
    """The default, then roles, then members."""
    await quotas.set_member(MANAGER, MEMBER, 1)
    await quotas.set_role(MANAGER, ROLE, 2)
    await quotas.set_default(MANAGER, 3, Period.WEEK)
    rules = await quotas.rules(MANAGER)
    assert [rule.kind for rule in rules.rules] == [RuleKind.DEFAULT, RuleKind.ROLE, RuleKind.MEMBER]
    assert rules.period is Period.WEEK
