"""What moderators may decide, and what each decision leaves behind."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.allowance import Period
from bot.errors import (
    AllowanceExceededError,
    BlockedError,
    CapExceededError,
    NothingToRemoveError,
    OutOfRangeError,
    StorageError,
    TooManyRulesError,
)
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.decisions import CREDITS_AT_MOST, REASON_AT_MOST, RULES_AT_MOST
from bot.quotas.model import Action, EntryKind, OwnerTerms, RuleKind, TargetKind
from bot.quotas.service import QuotaService
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from tests.storage.deeds import (
    GUILD,
    MANAGER,
    MEMBER,
    MODERATOR,
    OTHER_GUILD,
    ROLE,
    TERMS,
    World,
    do_all,
    list_changes,
)

Ask = Callable[..., Request]
Walk = Callable[..., Awaitable[Job]]


async def test_each_decision_is_recorded_with_what_was_and_what_is(quotas: QuotaService) -> None:
    """Who, whom, before, after, why: one row for each, in order."""
    await do_all(quotas, MANAGER)
    changes = await list_changes(quotas, MANAGER)
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
    assert await list_changes(quotas, MANAGER) == []


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


async def test_a_start_ends_no_job_of_a_block_that_was_over(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, world: World
) -> None:
    """The block had ended when the job was taken on; then the clock was set back to before its end."""
    await quotas.block(MANAGER, MEMBER, timedelta(minutes=30), "a reason")
    world.cancelled.clear()
    await store.accept(ask(), world.time + timedelta(hours=1))
    await quotas.recover()
    assert world.cancelled == []


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
