"""Opening a database: where it lies, who may read it, how durable it is, that one process has it alone."""

import asyncio
import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from bot.errors import AlreadyRunningError, SettingsError, StorageError
from storage.connection import Transaction
from storage.database import Database

HOLDER = """
import asyncio, sys
from storage.database import Database

async def hold():
    async with Database.open(sys.argv[1]):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


async def _pragma(database: Database, name: str) -> str:
    def operation(transaction: Transaction) -> str:
        ((value,),) = transaction.fetch(f"PRAGMA {name}", {})
        return str(value)

    return await database.write(operation)


async def test_folder_and_file_are_made_for_their_owner_alone(url: str, path: Path) -> None:
    """Whatever the umask, only the owner reads the database, its side files and its lock."""
    before = os.umask(0)
    try:
        async with Database.open(url):
            names = {"sana.db", "sana.db-wal", "sana.db-shm", "sana.db.lock"}
            assert {child.name for child in path.parent.iterdir()} == names
            for child in path.parent.iterdir():
                assert stat.S_IMODE(child.stat().st_mode) == 0o600, child.name
    finally:
        os.umask(before)


async def test_relative_address_is_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three slashes are a relative path, four an absolute one."""
    monkeypatch.chdir(tmp_path)
    async with Database.open("sqlite:///data/sana.db") as database:
        assert database.path == tmp_path / "data" / "sana.db"
        assert database.path.exists()


@pytest.mark.parametrize(
    "url", ["postgresql://host/sana", "sqlite://data/sana.db", "sqlite:///", "data/sana.db", ""]
)
async def test_other_addresses_are_refused(url: str) -> None:
    """An address of another kind names the variable and shows what would do."""
    with pytest.raises(SettingsError, match=r"DATABASE_URL .* sqlite:///data/sana\.db"):
        async with Database.open(url):
            pass


async def test_commits_are_durable(database: Database) -> None:
    """The write-ahead log is on, every commit waits for the disk, and foreign keys hold."""
    assert await _pragma(database, "journal_mode") == "wal"
    assert await _pragma(database, "synchronous") == "2"
    assert await _pragma(database, "foreign_keys") == "1"


async def test_what_is_forgotten_is_overwritten(url: str, path: Path) -> None:
    """What a row does not hold any more is overwritten where it was, whatever SQLite does by itself."""
    secret = "a-token-that-a-job-forgot"

    def operation(transaction: Transaction) -> None:
        transaction.fetch("CREATE TABLE probe (id INTEGER PRIMARY KEY, token TEXT)", {})
        for number in range(50):
            transaction.fetch("INSERT INTO probe VALUES (:id, :token)", {"id": number, "token": secret * 9})

    def forget(transaction: Transaction) -> None:
        transaction.fetch("UPDATE probe SET token = NULL WHERE id > 9", {})
        transaction.fetch("DELETE FROM probe WHERE id <= 9", {})

    async with Database.open(url) as database:
        await database.write(operation)
    assert secret.encode() in await asyncio.to_thread(path.read_bytes)
    async with Database.open(url) as database:
        await database.write(forget)
    assert secret.encode() not in await asyncio.to_thread(path.read_bytes)


async def test_reader_cannot_write(database: Database) -> None:
    """A statement that writes is refused outside of the writer."""
    with pytest.raises(StorageError, match="cannot be written to"):
        await database.read("DELETE FROM jobs", {})


async def test_reader_does_not_wait_for_the_writer(database: Database) -> None:
    """While a transaction is under way, reading goes on and sees what was committed before it."""
    begun, go_on = threading.Event(), threading.Event()

    def operation(transaction: Transaction) -> None:
        transaction.fetch("CREATE TABLE probe (id INTEGER)", {})
        begun.set()
        assert go_on.wait(5)

    probe = "SELECT count(*) FROM sqlite_schema WHERE name = 'probe'"
    writing = asyncio.create_task(database.write(operation))
    async with asyncio.timeout(30):
        await asyncio.to_thread(begun.wait)
        assert tuple((await database.read(probe, {}))[0]) == (0,)
        go_on.set()
        await writing
        assert tuple((await database.read(probe, {}))[0]) == (1,)


async def test_closed_database_takes_nothing(url: str) -> None:
    """What comes after the end is refused, not forgotten and not waited for."""
    async with Database.open(url) as database:
        pass
    async with asyncio.timeout(30):
        with pytest.raises(StorageError, match="closed"):
            await _pragma(database, "user_version")


async def test_what_waits_is_done_before_closing(url: str, path: Path) -> None:
    """Operations that were asked for before the end are committed."""

    def operation(transaction: Transaction) -> None:
        transaction.fetch("CREATE TABLE probe (id INTEGER)", {})

    async with Database.open(url) as database:
        waiting = asyncio.create_task(database.write(operation))
        await asyncio.sleep(0)
    await waiting
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM probe").fetchone() == (0,)
    connection.close()


async def test_second_opening_is_refused(database: Database, url: str, path: Path) -> None:
    """One process a database, this one included; the message names the file that says so."""
    with pytest.raises(AlreadyRunningError, match=str(path.with_name("sana.db.lock"))):
        async with Database.open(url):
            pass
    assert await _pragma(database, "journal_mode") == "wal"


async def test_lock_ends_with_its_process(url: str) -> None:
    """Another process's lock keeps this one out; killed without a chance to tidy up, it does so no longer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"open\n"
        with pytest.raises(AlreadyRunningError):
            async with Database.open(url):
                pass
    finally:
        process.kill()
        await process.wait()
    async with Database.open(url):
        pass


async def test_opening_again_keeps_everything(url: str, path: Path) -> None:
    """A clean end leaves one file that holds all, and the next opening finds it."""

    def operation(transaction: Transaction) -> None:
        transaction.fetch("CREATE TABLE probe (id INTEGER)", {})

    async with Database.open(url) as database:
        await database.write(operation)
    assert {child.name for child in path.parent.iterdir()} == {"sana.db", "sana.db.lock"}
    async with Database.open(url) as database:
        assert await database.read("SELECT * FROM probe", {}) == []
