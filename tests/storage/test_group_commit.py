"""Group commit: operations share transactions, and nothing that one of them does harms another."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime

import pytest

from bot.errors import StorageError
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from storage.connection import Operation, Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.writer import LARGEST_BATCH, MOST_WAITING


@pytest.fixture
async def numbers(database: Database) -> Database:
    """A database with a table of numbers."""
    await database.write(_statement("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"))
    return database


def _statement(text: str) -> Operation[None]:
    def operation(transaction: Transaction) -> None:
        transaction.fetch(text, {})

    return operation


def _insert(number: int) -> Operation[int]:
    def operation(transaction: Transaction) -> int:
        transaction.fetch("INSERT INTO numbers VALUES (:number)", {"number": number})
        return number

    return operation


async def _numbers(database: Database) -> list[int]:
    return [number for (number,) in await database.read("SELECT number FROM numbers ORDER BY number", {})]


async def test_concurrent_saves_share_commits(
    database: Database,
    store: SqliteJobStore,
    ask: Callable[..., Request],
    walk: Callable[..., Awaitable[Job]],
    now: datetime,
) -> None:
    """A hundred saves at the same moment need a few commits, not a hundred."""
    accepted = await asyncio.gather(*(store.accept(ask(member_id=member), now) for member in range(100)))
    before = database.commits
    await asyncio.gather(*(walk(store, job, State.SUBMITTING) for job, _ in accepted))
    assert database.commits - before <= 100 // LARGEST_BATCH + 2
    assert {job.state for job in await store.list_open()} == {State.SUBMITTING}


async def test_single_operation_is_one_commit(numbers: Database) -> None:
    """Alone, an operation costs one commit."""
    before = numbers.commits
    await numbers.write(_insert(1))
    assert numbers.commits - before == 1


async def test_results_reach_their_callers(numbers: Database) -> None:
    """Each caller gets what its own operation returned, and it is committed by then."""
    expected = list(range(MOST_WAITING + 500))
    async with asyncio.timeout(30):
        assert await asyncio.gather(*(numbers.write(_insert(number)) for number in expected)) == expected
    assert await _numbers(numbers) == expected


async def test_failing_operation_harms_no_other(numbers: Database) -> None:
    """What fails in a shared transaction fails alone: its own work is gone, the others' is there."""
    mistake = ValueError("a mistake of the program")

    def failing(transaction: Transaction) -> None:
        transaction.fetch("INSERT INTO numbers VALUES (1000)", {})
        raise mistake

    operations = [_insert(1), _insert(2), failing, _insert(3), _insert(2), _insert(4)]
    answers = await asyncio.gather(*map(numbers.write, operations), return_exceptions=True)
    assert answers[:2] + answers[3:4] + answers[5:] == [1, 2, 3, 4]
    assert answers[2] is mistake
    assert isinstance(answers[4], StorageError)
    assert "UNIQUE constraint failed: numbers.number" in str(answers[4])
    assert await _numbers(numbers) == [1, 2, 3, 4]


async def test_nobody_writes_between_what_is_read_and_what_is_written(numbers: Database) -> None:
    """A transaction has the right to write from its beginning, so that what an operation read stays true."""

    def operation(transaction: Transaction) -> str:
        transaction.fetch("SELECT count(*) FROM numbers", {})
        with closing(sqlite3.connect(numbers.path, timeout=0)) as other:
            try:
                other.execute("INSERT INTO numbers VALUES (1)")
            except sqlite3.OperationalError as exc:
                return str(exc)
        return "it was written"

    assert await numbers.write(operation) == "database is locked"


async def test_refusal_does_not_repeat_the_others(numbers: Database) -> None:
    """A refusal is a result: the transaction that it is part of is committed once, and nothing runs twice."""
    runs = 0

    def refusing(_transaction: Transaction) -> StorageError:
        nonlocal runs
        runs += 1
        return StorageError("no")

    before = numbers.commits
    answers = await asyncio.gather(numbers.write(refusing), numbers.write(_insert(1)))
    assert isinstance(answers[0], StorageError)
    assert (runs, numbers.commits - before) == (1, 1)


async def test_cancelled_while_waiting_is_not_done(numbers: Database) -> None:
    """An operation whose caller gave up before its turn is left out."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(_transaction: Transaction) -> None:
        begun.set()
        assert go_on.wait(5)

    async with asyncio.timeout(30):
        first = asyncio.create_task(numbers.write(slow))
        await asyncio.to_thread(begun.wait)
        given_up = asyncio.create_task(numbers.write(_insert(1)))
        kept = asyncio.create_task(numbers.write(_insert(2)))
        await asyncio.sleep(0)
        given_up.cancel()
        go_on.set()
        await asyncio.gather(first, kept)
        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert await _numbers(numbers) == [2]


async def test_cancelled_while_running_is_done_whole(numbers: Database) -> None:
    """An operation whose caller gave up in its midst is finished, and so are those beside it."""
    begun, go_on = threading.Event(), threading.Event()

    def two_steps(transaction: Transaction) -> None:
        transaction.fetch("INSERT INTO numbers VALUES (1)", {})
        begun.set()
        assert go_on.wait(5)
        transaction.fetch("INSERT INTO numbers VALUES (2)", {})

    async with asyncio.timeout(30):
        given_up = asyncio.create_task(numbers.write(two_steps))
        other = asyncio.create_task(numbers.write(_insert(3)))
        await asyncio.to_thread(begun.wait)
        given_up.cancel()
        go_on.set()
        assert await other == 3
        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert await _numbers(numbers) == [1, 2, 3]


async def test_end_of_the_writer_leaves_nobody_waiting(url: str) -> None:
    """Should anything end the writer early, those that wait are told, and so are those that come."""

    class FatalError(BaseException):
        """Nothing that a caller can be expected to handle."""

    def fatal(_transaction: Transaction) -> None:
        raise FatalError

    answers: list[object] = []

    async def use_until_the_end() -> None:
        async with Database.open(url) as database, asyncio.timeout(30):
            operations = [fatal, _statement("SELECT 1"), fatal]
            answers.extend(await asyncio.gather(*map(database.write, operations), return_exceptions=True))
            later = asyncio.gather(database.write(_statement("SELECT 1")), return_exceptions=True)
            answers.extend(await later)

    with pytest.raises(FatalError):
        await use_until_the_end()
    assert [str(answer) for answer in answers] == ["the database is closed"] * 4


async def test_those_without_room_are_refused_at_the_end(url: str) -> None:
    """Callers that still wait for room when the database closes get an answer; those with room are served."""
    async with Database.open(url) as database:
        await database.write(_statement("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"))
        callers = [
            asyncio.create_task(database.write(_insert(number))) for number in range(MOST_WAITING + 10)
        ]
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*callers, return_exceptions=True)
    assert answers[:MOST_WAITING] == list(range(MOST_WAITING))
    assert all(isinstance(answer, StorageError) for answer in answers[MOST_WAITING:])
