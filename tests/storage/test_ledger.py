"""The ledger: what reserve, settlement and refund do, when credits are free again, and that it only grows."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from bot.allowance import Allowance, Period
from bot.errors import AllowanceExceededError, StorageError
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.times import to_ms
from tests.storage.standing import read_standing

Ask = Callable[..., Request]
Walk = Callable[..., Awaitable[Job]]
Entry = tuple[str, int, int, int]

DAY = timedelta(days=1)
TO_RUNNING = (State.SUBMITTING, State.RUNNING)
TO_FINISHED = (*TO_RUNNING, State.FINISHED)

# A way to every end, from a queued job on.
WAYS = {
    State.DELIVERED: (*TO_FINISHED, State.DELIVERED),
    State.FAILED: (*TO_RUNNING, State.FAILED),
    State.CANCELLED: (State.CANCELLED,),
    State.EXPIRED: (State.EXPIRED,),
    State.LOST: (State.SUBMITTING, State.LOST),
    State.UNDELIVERABLE: (*TO_FINISHED, State.UNDELIVERABLE),
}


async def _entries(database: Database, job_id: int) -> list[Entry]:
    """Return a job's entries: kind, credits, effect on the allowance's use, effect on extra credits."""
    statement = """
        SELECT kind, credits, allowance_credits, grant_credits FROM ledger WHERE job_id = :job_id ORDER BY id
    """
    return [tuple(row) for row in await database.read(statement, {"job_id": job_id})]


async def _grant(database: Database, amount: int, at: datetime) -> None:
    """Give the member extra credits."""

    def operation(transaction: Transaction) -> None:
        transaction.fetch(
            """
            INSERT INTO ledger (
                guild_id, member_id, kind, credits, allowance_credits, grant_credits, counts_at, at
            ) VALUES (100, 300, 'grant', :credits, 0, :amount, :at, :at)
            """,
            {"credits": abs(amount), "amount": amount, "at": to_ms(at)},
        )

    await database.write(operation)


async def _left(database: Database, now: datetime) -> int | None:
    return (await read_standing(database, now)).left


@pytest.mark.parametrize("end", sorted(REFUNDED))
async def test_every_end_without_pictures_refunds_once(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime, end: State
) -> None:
    """The whole reserve comes back with the transition, and a later change of the job gives no more."""
    job, _ = await store.accept(ask(credits=4), now)
    ended = await walk(store, job, *WAYS[end])
    await store.save(ended, ended.with_changes(detail="told"), now)
    assert await _entries(database, job.id) == [("reserve", 4, 4, 0), ("refund", 4, -4, 0)]
    stored = await store.get(job.id)
    assert stored is not None
    assert stored.refunded
    assert await _left(database, now) == 20


async def test_delivery_settles_what_was_reserved(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """A delivered job costs its reserve; a later change of the job takes nothing more."""
    job, _ = await store.accept(ask(credits=4), now)
    delivered = await walk(store, job, *WAYS[State.DELIVERED])
    await store.save(delivered, delivered.with_changes(detail="told"), now)
    assert await _entries(database, job.id) == [("reserve", 4, 4, 0), ("settle", 4, 0, 0)]
    assert await _left(database, now) == 16


async def test_fewer_pictures_cost_less(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """What came is settled, the rest comes back."""
    job, _ = await store.accept(ask(credits=4), now)
    await walk(store, job, *WAYS[State.DELIVERED], settle=3)
    expected = [("reserve", 4, 4, 0), ("settle", 3, 0, 0), ("refund", 1, -1, 0)]
    assert await _entries(database, job.id) == expected
    assert await _left(database, now) == 17


@pytest.mark.parametrize("cost", [0, -1, 5])
async def test_delivery_cannot_cost_more_than_the_reserve_or_nothing(
    store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime, cost: int
) -> None:
    """A settlement that makes no sense is a mistake of the program, and the job stays as it was."""
    job, _ = await store.accept(ask(credits=4), now)
    finished = await walk(store, job, *TO_FINISHED)
    with pytest.raises(ValueError, match=f"{cost} of 4 reserved credits"):
        await walk(store, finished, State.DELIVERED, settle=cost)
    assert await store.get(job.id) == finished


@pytest.mark.parametrize("end", [State.LOST, State.EXPIRED, State.CANCELLED])
@pytest.mark.parametrize("at_last", [State.DELIVERED, State.FAILED, State.UNDELIVERABLE])
async def test_late_success_is_free(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime, end: State, at_last: State
) -> None:
    """A refunded job that succeeded after all is neither settled nor refunded again."""
    job, _ = await store.accept(ask(credits=4), now)
    job = await walk(store, job, *WAYS[end], State.FINISHED, at_last)
    assert await _entries(database, job.id) == [("reserve", 4, 4, 0), ("refund", 4, -4, 0)]
    assert await store.get(job.id) == job
    assert job.refunded


async def test_extra_credits_are_used_last_and_come_back_first(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """Of 24 credits 20 are the allowance's; of 6 that come back, 4 are extra and 2 the allowance's."""
    await _grant(database, 10, now)
    job, standing = await store.accept(ask(credits=24), now)
    assert (standing.used, standing.granted) == (20, 6)
    await walk(store, job, *WAYS[State.DELIVERED], settle=18)
    expected = [("reserve", 24, 20, -4), ("settle", 18, 0, 0), ("refund", 6, -2, 4)]
    assert await _entries(database, job.id) == expected
    standing = await read_standing(database, now)
    assert (standing.used, standing.granted, standing.left) == (18, 10, 12)


async def test_small_refund_goes_to_extra_credits_alone(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """A refund of no more than came from extra credits leaves the allowance as it is."""
    await _grant(database, 10, now)
    job, _ = await store.accept(ask(credits=24), now)
    await walk(store, job, *WAYS[State.DELIVERED], settle=21)
    assert (await _entries(database, job.id))[-1] == ("refund", 3, 0, 3)


async def test_extra_credits_do_not_expire_and_can_be_taken_back(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """Grants last beyond the period; a negative one takes away."""
    await _grant(database, 10, now)
    await store.accept(ask(credits=25), now)
    assert await _left(database, now + 40 * DAY) == 25
    await _grant(database, -2, now + 40 * DAY)
    assert await _left(database, now + 40 * DAY) == 23


async def test_refusal_says_what_is_needed_left_and_when(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """The refusal counts extra credits, and names the first moment at which enough is free."""
    await _grant(database, 1, now)
    for minutes in range(3):
        await store.accept(ask(credits=6), now + timedelta(minutes=minutes))
    later = now + timedelta(minutes=10)
    with pytest.raises(AllowanceExceededError) as refused:
        await store.accept(ask(credits=14), later)
    error = refused.value
    assert (error.needed, error.left, error.whole) == (14, 3, 21)
    assert error.free_at == now + DAY + timedelta(minutes=1)
    with pytest.raises(AllowanceExceededError) as refused:
        await store.accept(ask(credits=22), later)
    assert refused.value.free_at is None


async def test_credits_are_free_at_the_moment_that_was_said(
    store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """A reserve counts until exactly one period after it: a millisecond earlier is a refusal."""
    await store.accept(ask(credits=20), now)
    with pytest.raises(AllowanceExceededError) as refused:
        await store.accept(ask(), now + timedelta(hours=1))
    free_at = refused.value.free_at
    assert free_at == now + DAY
    with pytest.raises(AllowanceExceededError):
        await store.accept(ask(), free_at - timedelta(milliseconds=1))
    _, standing = await store.accept(ask(), free_at)
    assert standing.left == 19


@pytest.mark.parametrize("granted", [0, 2, 10])
@pytest.mark.parametrize("later", [timedelta(), DAY + timedelta(hours=1)])
async def test_what_is_left_is_told_before_a_refund_as_it_is_after(
    database: Database,
    store: SqliteJobStore,
    ask: Ask,
    walk: Walk,
    now: datetime,
    granted: int,
    later: timedelta,
) -> None:
    """A result is posted before its refund is booked, and says the same: extra credits, period and all."""
    if granted:
        await _grant(database, granted, now)
    job, _ = await store.accept(ask(credits=20 + min(granted, 4)), now)
    told = await store.standing_after(job, now + later, refund=3)
    await walk(store, job, *WAYS[State.DELIVERED], settle=job.credits - 3, now=now + later)
    assert told == await read_standing(database, now + later)


async def test_refund_counts_at_the_time_of_its_reserve(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """A refund after the period has ended gives no second advantage, and one within it leaves no trace."""
    job, _ = await store.accept(ask(credits=20), now)
    late = now + DAY + timedelta(hours=1)
    await store.accept(ask(credits=5), late)
    await walk(store, job, *WAYS[State.FAILED], now=late)
    assert await _left(database, late) == 15


async def test_clock_set_back_gives_nothing_away(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """Entries are never older than the newest, so what was used still counts and lasts no shorter."""
    job, _ = await store.accept(ask(credits=15), now)
    before = now - 3 * DAY
    assert await _left(database, before) == 5
    second, _ = await store.accept(ask(credits=5), before)
    assert second.created_at == before
    with pytest.raises(AllowanceExceededError) as refused:
        await store.accept(ask(), before)
    assert refused.value.free_at == now + DAY
    await walk(store, job, *WAYS[State.DELIVERED], now=before)
    await walk(store, second, *WAYS[State.FAILED], now=before)
    assert {at for (at,) in await database.read("SELECT at FROM ledger", {})} == {to_ms(now)}
    assert await _left(database, now + DAY - timedelta(milliseconds=1)) == 5


async def test_members_and_guilds_do_not_share(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """What one member uses in one guild touches neither another member nor another guild."""
    await store.accept(ask(credits=20), now)
    for other in ({"member_id": 301}, {"guild_id": 101}):
        _, standing = await store.accept(ask(credits=20, **other), now)
        assert standing.left == 0


async def test_smaller_allowance_than_what_was_used_leaves_nothing(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """After the allowance was lowered, a member has nothing left, never less than that."""
    await store.accept(ask(credits=20), now)
    lowered = SqliteJobStore(database, OwnerTerms(Allowance(5, Period.DAY)))
    assert (await read_standing(database, now, allowed=5)).left == 0
    with pytest.raises(AllowanceExceededError) as refused:
        await lowered.accept(ask(), now)
    assert (refused.value.left, refused.value.whole, refused.value.free_at) == (0, 5, now + DAY)


@pytest.mark.parametrize("statement", ["UPDATE ledger SET credits = 1", "DELETE FROM ledger"])
async def test_ledger_only_grows(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime, statement: str
) -> None:
    """No entry is changed or taken away, whoever tries."""
    job, _ = await store.accept(ask(credits=4), now)

    def operation(transaction: Transaction) -> None:
        transaction.fetch(statement, {})

    with pytest.raises(StorageError, match="the ledger is append-only"):
        await database.write(operation)
    assert await _entries(database, job.id) == [("reserve", 4, 4, 0)]


@pytest.mark.parametrize(
    "entry",
    [
        "(1, 2, NULL, 'reserve', 4, 4, 0, 5, 5)",
        "(1, 2, 1, 'grant', 4, 0, 4, 5, 5)",
        "(1, 2, 1, 'settle', 4, 4, 0, 5, 5)",
        "(1, 2, 1, 'refund', 4, 4, 0, 5, 5)",
        "(1, 2, 1, 'refund', 4, -1, 1, 5, 5)",
        "(1, 2, 1, 'refund', 0, 0, 0, 5, 5)",
        "(1, 2, 1, 'present', 4, 0, 4, 5, 5)",
        "(1, 2, NULL, 'grant', 4, 0, 3, 5, 5)",
        "(1, 2, NULL, 'reset', 4, -4, 0, 5, 5)",
        "(1, 2, 99, 'settle', 4, 0, 0, 5, 5)",
        "(1, 2, 1, 'reserve', 4, 4, 0, 5, 5)",
    ],
)
async def test_entries_that_make_no_sense_are_refused(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime, entry: str
) -> None:
    """The schema refuses what no rule of the ledger writes, a second reserve of a job included."""
    await store.accept(ask(), now)
    columns = "guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at"

    def operation(transaction: Transaction) -> None:
        transaction.fetch(f"INSERT INTO ledger ({columns}) VALUES {entry}", {})  # noqa: S608 - from above

    with pytest.raises(StorageError, match="constraint failed"):
        await database.write(operation)
