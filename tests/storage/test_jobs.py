"""The job store: what is stored comes back, changes are guarded, and what is asked for is found."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.allowance import Allowance, Period
from bot.errors import AllowanceExceededError, StaleJobError, StorageError
from bot.jobs.book import Book, moving
from bot.jobs.model import Job, State
from bot.jobs.ports import Request, Standing
from bot.meter import Unmetered
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import JOBS_PAGE, SqliteJobStore
from tests.storage.standing import read_standing
from tests.support.clock import Clock

Ask = Callable[..., Request]
Walk = Callable[..., Awaitable[Job]]

TO_RUNNING = (State.SUBMITTING, State.RUNNING)
TO_FINISHED = (*TO_RUNNING, State.FINISHED)


async def test_accepted_job_is_stored_as_it_was_returned(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """The job holds the request; it is queued, open, and known under its id."""
    request = ask(credits=4)
    job, standing = await store.accept(request, now + timedelta(microseconds=1999))
    assert job == Job(
        id=job.id,
        state=State.QUEUED,
        guild_id=request.guild_id,
        channel_id=request.channel_id,
        member_id=request.member_id,
        interaction_token=request.interaction_token,
        upload_limit_bytes=request.upload_limit_bytes,
        parameters=request.parameters,
        credits=4,
        created_at=now + timedelta(milliseconds=1),
    )
    assert await store.get(job.id) == job
    assert standing == Standing(allowance=Allowance(20, Period.DAY), used=4, granted=0)
    assert await read_standing(database, now) == standing


async def test_every_field_that_can_change_is_stored(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A change of all fields at once comes back as it was, types and all."""
    job, _ = await store.accept(ask(), now)
    after = job.evolve(
        State.SUBMITTING,
        message_id=2**62,
        interaction_token="another",
        submitted_at=now + timedelta(milliseconds=1),
        accepted_at=now + timedelta(milliseconds=2),
        ended_at=now + timedelta(milliseconds=3),
        callback_hash=bytes(range(32)),
        taskid="2221",
        tasktoken="tasktoken",
        cancelled_by=2**61,
        outputs='["ä", "\u0000", "🖼️"]',
        cost_usd="0.003510000000",
        seconds=6.25,
        reason="for a member",
        detail="for an operator",
    ).with_changes(refunded=True)
    await store.save(job, after, now)
    assert await store.get(job.id) == after
    closed = after.with_changes(closed_at=now, interaction_token=None, taskid=None, callback_hash=None)
    await store.save(after, closed, now)
    assert await store.get(job.id) == closed


async def test_ids_are_never_given_twice(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """Later jobs have greater ids."""
    ids = [(await store.accept(ask(), now))[0].id for _ in range(3)]
    assert ids == sorted(set(ids))


async def test_only_what_differs_is_written(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """Two changes that began from the same copy, in the same state, do not undo each other."""
    job, _ = await store.accept(ask(), now)
    await store.save(job, job.with_changes(message_id=42), now)
    await store.save(job, job.with_changes(cancelled_by=7), now)
    assert await store.get(job.id) == job.with_changes(message_id=42, cancelled_by=7)


async def test_change_from_a_state_left_behind_is_refused(
    database: Database, store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """Of two transitions from the same state one is made; the other changes neither job nor ledger."""
    job, _ = await store.accept(ask(), now)
    submitting = await walk(store, job, State.SUBMITTING)
    cancelled = job.evolve(State.CANCELLED, closed_at=now, interaction_token=None)
    with pytest.raises(StaleJobError, match=rf"{job.reference} is no longer queued"):
        await store.save(job, cancelled, now)
    assert await store.get(job.id) == submitting
    assert [kind for (kind,) in await database.read("SELECT kind FROM ledger", {})] == ["reserve"]


async def test_of_many_transitions_at_once_one_is_made(
    store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """However many try the same transition at the same moment, one does."""
    job, _ = await store.accept(ask(), now)
    ends = [
        job.evolve(State.CANCELLED, cancelled_by=number, closed_at=now, interaction_token=None)
        for number in range(50)
    ]
    answers = await asyncio.gather(*(store.save(job, end, now) for end in ends), return_exceptions=True)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, StaleJobError) for answer in answers) == 49
    assert await store.get(job.id) == ends[answers.index(None)]


async def test_nobody_waits_for_a_stale_job_to_pass(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """Where somebody changed a job in the database, what must be stored is not tried again for ever."""
    job, _ = await store.accept(ask(), now)
    book = Book(store, Clock(), lambda _: None)
    book.add([job])
    await database.write(lambda change: change.fetch("UPDATE jobs SET state = 'expired'", {}))
    async with asyncio.timeout(30):
        with pytest.raises(StaleJobError):
            await book.must_change(job.id, moving(State.QUEUED, State.CANCELLED, closed_at=now))
    assert book.get(job.id) == job


async def test_whoever_counts_a_change_finds_it_made(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """The meter comes last: by then the store, the memory and whoever waits for news have the change."""
    job, _ = await store.accept(ask(), now)
    told: list[Job] = []

    class Looks(Unmetered):
        def changed(self, before: Job, after: Job, *, settled: int) -> None:
            assert (book.get(job.id), told[-1]) == (after, after)
            assert (before, settled) == (job, 0)
            counted.append(after)

    counted: list[Job] = []
    book = Book(store, Clock(), told.append, Looks())
    book.add([job])
    changed = await book.change(job.id, moving(State.QUEUED, State.SUBMITTING, submitted_at=now))
    assert counted == [changed]


async def test_unknown_job_is_stale(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A job that is not stored cannot be changed, and is not made by that."""
    job, _ = await store.accept(ask(), now)
    unknown = replace(job, id=job.id + 1)
    with pytest.raises(StaleJobError):
        await store.save(unknown, unknown.with_changes(message_id=1), now)
    assert await store.get(unknown.id) is None


async def test_closed_job_keeps_no_interaction_token(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """Closing forgets the token, even where the saved job still holds it; the schema insists."""
    job, _ = await store.accept(ask(), now)
    await store.save(job, job.evolve(State.CANCELLED, closed_at=now), now)
    assert await store.get(job.id) == job.evolve(State.CANCELLED, closed_at=now, interaction_token=None)

    def put_back(transaction: Transaction) -> None:
        transaction.fetch("UPDATE jobs SET interaction_token = 'token'", {})

    with pytest.raises(StorageError, match="CHECK constraint failed"):
        await database.write(put_back)


async def test_text_without_utf8_does_not_hold_a_job_up(
    store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """Half a surrogate pair in what others said is replaced, and the rest is stored."""
    job, _ = await store.accept(ask(), now)
    await store.save(job, job.with_changes(detail="half \ud83d pair ä"), now)
    assert await store.get(job.id) == job.with_changes(detail="half ? pair ä")


async def test_a_callback_belongs_to_one_job(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A second claim to a callback is refused and writes nothing."""
    first, _ = await store.accept(ask(), now)
    second, _ = await store.accept(ask(), now)
    await store.save(first, first.with_changes(callback_hash=bytes(32)), now)
    with pytest.raises(StorageError, match=r"UNIQUE constraint failed: jobs\.callback_hash"):
        await store.save(second, second.with_changes(callback_hash=bytes(32)), now)
    assert await store.get(second.id) == second


async def test_a_wiro_that_counts_anew_holds_no_job_up(
    store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """A taskid that an old job had, too, is stored: another Wiro gave it."""
    first, _ = await store.accept(ask(), now)
    second, _ = await store.accept(ask(), now)
    for job in (first, second):
        await store.save(job, job.with_changes(taskid="1"), now)
    assert await store.get(second.id) == second.with_changes(taskid="1")


async def test_job_is_found_by_its_last_callback(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """The token of the last Run leads to the job, open or not; the one before does not any more."""
    job, _ = await store.accept(ask(), now)
    first = job.evolve(State.SUBMITTING, callback_hash=b"1" * 32)
    again = first.evolve(State.QUEUED).evolve(State.SUBMITTING, callback_hash=b"2" * 32)
    await store.save(job, first, now)
    assert await store.find_by_callback(b"1" * 32) == first
    await store.save(first, again, now)
    assert await store.find_by_callback(b"1" * 32) is None
    lost = again.evolve(State.LOST, closed_at=now, interaction_token=None)
    await store.save(again, lost, now)
    assert await store.find_by_callback(b"2" * 32) == lost


async def test_claimed_taskids_are_those_of_any_job(
    store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """Tasks of open and of ended jobs are claimed, others not, and odd ids harm nothing."""
    running = await walk(store, (await store.accept(ask(), now))[0], *TO_RUNNING)
    failed = await walk(store, (await store.accept(ask(), now))[0], *TO_RUNNING, State.FAILED)
    claimed = {str(running.taskid), str(failed.taskid)}
    assert await store.claimed([*claimed, "1", "", "') OR 1 = 1 --", '"', "ä"]) == claimed
    assert await store.claimed([]) == frozenset()


async def test_open_jobs_are_listed_oldest_first(
    store: SqliteJobStore, ask: Ask, walk: Walk, now: datetime
) -> None:
    """Open are all that are not closed, in whatever state; a late success is open again."""
    jobs = [(await store.accept(ask(), now))[0] for _ in range(5)]
    jobs[0] = await walk(store, jobs[0], *TO_FINISHED)
    await walk(store, jobs[1], *TO_FINISHED, State.DELIVERED)
    jobs[2] = await walk(store, jobs[2], State.SUBMITTING, State.LOST, State.FINISHED)
    await walk(store, jobs[3], State.CANCELLED)
    untold = jobs[4].evolve(State.EXPIRED, ended_at=now)
    await store.save(jobs[4], untold, now)
    assert await store.list_open() == [jobs[0], jobs[2], untold]


async def test_many_open_jobs_are_listed_whole(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """More jobs than are read at once come without gap and repetition."""
    accepted = await asyncio.gather(
        *(store.accept(ask(member_id=member), now) for member in range(2 * JOBS_PAGE + 1))
    )
    listed = await store.list_open()
    assert listed == sorted((job for job, _ in accepted), key=lambda job: job.id)


async def test_thousand_requests_at_once_by_a_member_with_twenty_credits(
    database: Database, store: SqliteJobStore, ask: Ask, now: datetime
) -> None:
    """Exactly twenty are accepted; the rest is refused and leaves nothing behind."""
    async with asyncio.timeout(30):
        answers = await asyncio.gather(
            *(store.accept(ask(), now) for _ in range(1000)), return_exceptions=True
        )
    accepted = [answer for answer in answers if isinstance(answer, tuple)]
    refused = [answer for answer in answers if isinstance(answer, AllowanceExceededError)]
    assert (len(accepted), len(refused)) == (20, 980)
    assert [standing.left for _, standing in accepted] == list(range(19, -1, -1))
    counts = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM ledger)"
    assert tuple((await database.read(counts, {}))[0]) == (20, 20)


async def test_secrets_are_in_no_log(
    store: SqliteJobStore, ask: Ask, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where everything is logged, what is stored is not."""
    caplog.set_level(logging.DEBUG)
    await store.accept(ask(interaction_token="s3cret"), now)
    assert len(await store.list_open()) == 1
    assert "s3cret" not in caplog.text


async def test_secrets_are_in_no_error(store: SqliteJobStore, ask: Ask, now: datetime) -> None:
    """A constraint that is violated says which, and not what was to be stored."""
    job, _ = await store.accept(ask(), now)
    with pytest.raises(StorageError) as raised:
        await store.save(
            job, job.with_changes(credits=-1, interaction_token="s3cret", tasktoken="s3cret"), now
        )
    assert "CHECK constraint failed" in str(raised.value)
    assert "s3cret" not in repr(raised.value)
