"""What the operator is told of a database that fails: at once, and then once a minute."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import StorageError
from storage.connection import Transaction
from storage.database import Database
from storage.failures import TroubleLog

FULL, LOCKED = StorageError("the disk is full"), StorageError("another program has locked it")


class Seconds:
    """A time that a test puts forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_repetitions_are_counted_and_said_once_a_minute() -> None:
    """A thousand refusals in two minutes are three lines, and the next day begins anew."""
    seconds = Seconds()
    troubles = TroubleLog(seconds)
    with capture_logs() as lines:
        for tenth in range(1201):
            seconds.now = tenth / 10
            troubles.note(FULL)
        seconds.now = 86_400.0
        troubles.note(FULL)
    assert [(line["event"], line["error"], line["repeats"]) for line in lines] == [
        ("database.failed", "the disk is full", repeats) for repeats in (0, 599, 599, 0)
    ]
    assert {line["log_level"] for line in lines} == {"error"}


def test_another_trouble_is_said_at_once() -> None:
    """One kind of failure does not hide another, however they alternate."""
    troubles = TroubleLog(Seconds())
    with capture_logs() as lines:
        for error in (FULL, LOCKED, FULL, LOCKED):
            troubles.note(error)
    assert [line["error"] for line in lines] == [str(FULL), str(LOCKED)]


async def test_whoever_asks_the_database_is_counted(database: Database, path: Path) -> None:
    """Reading and writing, short and long: all that fails is said, and raised."""

    def operation(transaction: Transaction) -> None:
        transaction.fetch("SELECT * FROM nowhere", {})

    asking = [database.write, database.look, database.report]
    with capture_logs() as lines:
        for ask in asking:
            with pytest.raises(StorageError, match="nowhere"):
                await ask(operation)
        with pytest.raises(StorageError, match="nowhere"):
            await database.read("SELECT * FROM nowhere", {})
    assert [line["error"] for line in lines] == [f"{path}: SQLite refused (no such table: nowhere)"]


async def test_what_the_operation_itself_raises_is_no_trouble(database: Database) -> None:
    """A mistake of the program is the caller's, and is said by it."""

    def operation(_: Transaction) -> None:
        raise KeyError("a mistake")

    with capture_logs() as lines, pytest.raises(KeyError):
        await database.write(operation)
    assert lines == []
