"""A full, locked, read-only or damaged database: one clear error, nothing half-written, and no end."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.allowance import Allowance, Period
from bot.errors import SchemaError, StorageError
from bot.jobs.model import Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from storage.connection import Transaction
from storage.database import Database
from storage.jobs import SqliteJobStore

NOBODY = 65534


async def _pragma(database: Database, text: str) -> int:
    """Set or read a pragma of the writer's connection."""

    def operation(transaction: Transaction) -> int:
        rows = transaction.fetch(f"PRAGMA {text}", {})
        return rows[0][0] if rows else 0

    return await database.write(operation)


async def _counts(database: Database) -> tuple[int, int]:
    (row,) = await database.read("SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM ledger)", {})
    return row[0], row[1]


async def test_full_disk_is_said_and_nothing_is_half_written(
    database: Database, store: SqliteJobStore, ask: Callable[..., Request], now: datetime, path: Path
) -> None:
    """A request that does not fit leaves neither job nor reserve; once there is room, the next is taken."""
    await store.accept(ask(), now)
    await _pragma(database, f"max_page_count = {await _pragma(database, 'page_count')}")
    too_large = ask(parameters="x" * 100_000)
    for _ in range(2):
        with pytest.raises(StorageError, match=rf"^{path}: the disk is full \(.*full\)$"):
            await store.accept(too_large, now)
        assert await _counts(database) == (1, 1)
    await _pragma(database, "max_page_count = 100000")
    await store.accept(too_large, now)
    assert await _counts(database) == (2, 2)
    ((verdict,),) = await database.read("PRAGMA integrity_check", {})
    assert verdict == "ok"


async def test_what_still_fits_is_written_beside_what_does_not(
    database: Database, store: SqliteJobStore, ask: Callable[..., Request], now: datetime
) -> None:
    """On a full disk, small requests are stored although a large one in the same transaction is not."""
    await store.accept(ask(), now)
    await _pragma(database, f"max_page_count = {await _pragma(database, 'page_count')}")
    asked = [ask(), ask(parameters="x" * 100_000), ask()]
    answers = await asyncio.gather(*(store.accept(request, now) for request in asked), return_exceptions=True)
    assert [isinstance(answer, StorageError) for answer in answers] == [False, True, False]
    assert await _counts(database) == (3, 3)


async def test_full_disk_while_saving_leaves_the_job_as_it_was(
    database: Database,
    store: SqliteJobStore,
    ask: Callable[..., Request],
    walk: Callable[..., Awaitable[Job]],
    now: datetime,
) -> None:
    """A transition whose facts do not fit changes neither state nor ledger, and can be repeated."""
    job, _ = await store.accept(ask(), now)
    job = await walk(store, job, State.SUBMITTING, State.RUNNING)
    await _pragma(database, f"max_page_count = {await _pragma(database, 'page_count')}")
    failed = job.evolve(State.FAILED, detail="x" * 100_000, closed_at=now, interaction_token=None)
    with pytest.raises(StorageError, match="the disk is full"):
        await store.save(job, failed, now)
    assert await store.get(job.id) == job
    assert await _counts(database) == (1, 1)
    await _pragma(database, "max_page_count = 100000")
    await store.save(job, failed, now)
    assert await store.get(job.id) == failed
    assert await _counts(database) == (1, 2)


@pytest.mark.parametrize("kind", ["reserve", "refund"])
async def test_job_and_ledger_change_together_or_not_at_all(
    database: Database, store: SqliteJobStore, ask: Callable[..., Request], now: datetime, kind: str
) -> None:
    """Where the ledger's entry cannot be made, the job is neither stored nor changed."""

    def break_ledger(transaction: Transaction) -> None:
        transaction.fetch(
            f"CREATE TRIGGER fault BEFORE INSERT ON ledger WHEN new.kind = '{kind}' "
            "BEGIN SELECT raise(ABORT, 'a fault'); END",
            {},
        )

    job, _ = await store.accept(ask(), now)
    await database.write(break_ledger)
    cancelled = job.evolve(State.CANCELLED, closed_at=now, interaction_token=None)
    change = store.accept(ask(), now) if kind == "reserve" else store.save(job, cancelled, now)
    with pytest.raises(StorageError, match="a fault"):
        await change
    assert await store.list_open() == [job]
    assert await _counts(database) == (1, 1)


async def test_locked_database_is_said_and_can_be_read(
    database: Database, store: SqliteJobStore, ask: Callable[..., Request], now: datetime, path: Path
) -> None:
    """While another program writes, however many ask are refused before Discord gives up; reading goes on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(2.5):
            answers = await asyncio.gather(
                *(store.accept(ask(), now) for _ in range(500)), return_exceptions=True
            )
        assert {str(answer) for answer in answers} == {
            f"{path}: another program has locked it (database is locked)"
        }
        assert await store.list_open() == []
        other.execute("ROLLBACK")
    await store.accept(ask(), now)
    assert await _counts(database) == (1, 1)


async def test_database_that_became_read_only_is_said(
    database: Database, store: SqliteJobStore, ask: Callable[..., Request], now: datetime
) -> None:
    """A connection that may not write any more refuses, and can still be read from."""
    await _pragma(database, "query_only = ON")
    with pytest.raises(StorageError, match="it cannot be written to"):
        await store.accept(ask(), now)
    assert await _counts(database) == (0, 0)


@pytest.fixture
def folder_of_a_user() -> Iterator[Path]:
    """A folder of an ordinary user, whom the test then runs as: to root, nothing is read-only."""
    with TemporaryDirectory() as name:
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(name, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            Path(name).chmod(0o700)
            if is_root:
                os.seteuid(0)


@pytest.mark.parametrize("locked_up", ["sana.db", "."])
async def test_read_only_files_are_said_when_opening(folder_of_a_user: Path, locked_up: str) -> None:
    """A file or a folder that cannot be written to is named by the one error that opening ends with."""
    url = f"sqlite:///{folder_of_a_user}/sana.db"
    async with Database.open(url):
        pass
    (folder_of_a_user / "sana.db.lock").unlink()
    target = folder_of_a_user / locked_up
    target.chmod(0o500)
    with pytest.raises(StorageError, match=rf"{target}.*: Permission denied"):
        async with Database.open(url):
            pass
    target.chmod(0o700)
    async with Database.open(url):
        pass


async def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """Where a file stands in the folder's place, opening says so."""
    in_the_way = tmp_path / "data"
    in_the_way.touch()
    with pytest.raises(StorageError, match=str(tmp_path / "data")):
        async with Database.open(f"sqlite:///{tmp_path}/data/sana.db"):
            pass


@pytest.fixture
def other_file(path: Path) -> Path:
    """A file that is no database, under the database's name."""
    path.parent.mkdir()
    path.write_text("something else " * 1000)
    return path


async def test_file_that_is_no_database_is_said(url: str, other_file: Path) -> None:
    """Something else under the database's name is refused, and left as it is."""
    with pytest.raises(SchemaError, match="it is no SQLite database"):
        async with Database.open(url):
            pass
    assert await asyncio.to_thread(other_file.read_text) == "something else " * 1000


async def test_damaged_page_is_said(url: str, path: Path, ask: Callable[..., Request], now: datetime) -> None:
    """Reading what lies on a damaged page is a SchemaError, not an answer."""
    async with Database.open(url) as database:
        store = SqliteJobStore(database, OwnerTerms(Allowance(20, Period.DAY)))
        await store.accept(ask(), now)
        root_page, page_size = await _root_page(database, "jobs"), await _pragma(database, "page_size")
    with path.open("r+b") as file:
        file.seek((root_page - 1) * page_size)
        file.write(b"\xff" * page_size)
    async with Database.open(url) as database:
        store = SqliteJobStore(database, OwnerTerms(Allowance(20, Period.DAY)))
        with pytest.raises(SchemaError, match="it is damaged"):
            await store.get(1)
        with pytest.raises(SchemaError, match="it is damaged"):
            await store.accept(ask(), now)


async def _root_page(database: Database, table: str) -> int:
    statement = "SELECT rootpage FROM sqlite_schema WHERE name = :table"
    ((page,),) = await database.read(statement, {"table": table})
    return int(page)
