"""Copies of a database: whole, sound, private, or not there at all."""

import asyncio
import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.errors import BackupRefusedError, SchemaError, StorageError
from storage.backup import back_up
from storage.checkup import inspect
from storage.connection import Transaction
from storage.database import Database


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A new database's address."""
    address = f"sqlite:///{tmp_path / 'sana.db'}"
    async with Database.open(address):
        return address


def add_pair(do: Transaction, *, number: int) -> None:
    """Write two rows that belong together."""
    for side in ("left", "right"):
        do.fetch("INSERT INTO pairs VALUES (:number, :side)", {"number": number, "side": side})


async def test_a_copy_is_of_one_moment_while_the_bot_writes(url: str, tmp_path: Path) -> None:
    """Two rows that are always written together are never apart in a copy, however often it is made."""
    async with Database.open(url) as database:
        await database.write(lambda do: do.fetch("CREATE TABLE pairs (number, side)", {}))
        stop = asyncio.Event()

        async def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                await database.write(partial(add_pair, number=number))

        writing = asyncio.create_task(write())
        counts = []
        for number in range(5):
            copy = await asyncio.to_thread(back_up, url, tmp_path / f"{number}.db")
            with closing(sqlite3.connect(copy.path)) as connection:
                left, right = connection.execute(
                    "SELECT sum(side = 'left'), sum(side = 'right') FROM pairs"
                ).fetchone()
            assert left == right
            counts.append(left or 0)
        stop.set()
        await writing
    assert counts == sorted(counts)


async def test_a_copy_in_the_place_of_the_database_works(url: str, tmp_path: Path) -> None:
    """It can be opened as any database, and has this program's schema."""
    copy = back_up(url, tmp_path / "copy.db")
    async with Database.open(f"sqlite:///{copy.path}") as database:
        assert await database.read("SELECT id FROM jobs", {}) == []
    state = inspect(f"sqlite:///{copy.path}")
    assert state.version == state.newest_version


@pytest.mark.parametrize("mode", ["itself", "a link to it"])
def test_the_database_is_never_its_own_copy(url: str, tmp_path: Path, mode: str) -> None:
    """Not even if a file may be replaced, and by no other name."""
    target = tmp_path / "sana.db"
    if mode == "a link to it":
        target = tmp_path / "other.db"
        target.symlink_to(tmp_path / "sana.db")
    with pytest.raises(BackupRefusedError, match="itself"):
        back_up(url, target, overwrite=True)
    assert inspect(url).size_bytes


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal", ".lock"])
@pytest.mark.parametrize("way", ["plain", "through a linked folder", "of a linked database"])
def test_no_copy_takes_the_place_of_what_belongs_to_the_database(
    url: str, tmp_path: Path, suffix: str, way: str
) -> None:
    """Neither its logs nor its lock, there or not, by whatever path; force or no force."""
    database, folder = tmp_path / "sana.db", tmp_path
    if way == "through a linked folder":
        folder = tmp_path / "elsewhere"
        folder.symlink_to(tmp_path)
    elif way == "of a linked database":
        database = tmp_path / "link.db"
        database.symlink_to(tmp_path / "sana.db")
    before = sorted(tmp_path.iterdir())
    for overwrite in (False, True):
        with pytest.raises(BackupRefusedError, match="itself"):
            back_up(f"sqlite:///{database}", folder / f"sana.db{suffix}", overwrite=overwrite)
    assert sorted(tmp_path.iterdir()) == before
    assert inspect(url).size_bytes


def test_a_link_to_nowhere_is_something_that_is_there(url: str, tmp_path: Path) -> None:
    """It is not replaced, with force or without, and nothing is made where it leads."""
    link = tmp_path / "copy.db"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BackupRefusedError, match="--force"):
        back_up(url, link)
    with pytest.raises(BackupRefusedError, match="no regular file"):
        back_up(url, link, overwrite=True)
    assert link.is_symlink()
    assert not link.exists()


def test_force_replaces_files_alone(url: str, tmp_path: Path) -> None:
    """A pipe that somebody waits at stays one."""
    pipe = tmp_path / "copy.db"
    os.mkfifo(pipe)
    with pytest.raises(BackupRefusedError, match="no regular file"):
        back_up(url, pipe, overwrite=True)
    assert pipe.is_fifo()


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    """What got the copy's name while it was made keeps it, also where the file system has no hard links."""
    target = tmp_path / "copy.db"

    def look_through(*_: object) -> None:
        target.write_text("precious")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("storage.backup.check", look_through)
    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(BackupRefusedError, match="--force"):
        back_up(url, target)
    assert target.read_text() == "precious"
    assert not list(tmp_path.glob(".*"))


def test_no_hard_links_are_needed(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory stick's file system, which has none, takes a copy."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    assert back_up(url, tmp_path / "copy.db").path.read_bytes()[:6] == b"SQLite"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "error"), [("a\0b", BackupRefusedError), ("x" * 300, StorageError)], ids=["nul", "long"]
)
def test_a_name_that_no_file_can_have(url: str, tmp_path: Path, name: str, error: type[Exception]) -> None:
    """It is refused in a sentence."""
    with pytest.raises(error):
        back_up(url, tmp_path / name)


def test_a_damaged_database_takes_no_sound_copys_place(url: str, tmp_path: Path) -> None:
    """The older copy stays, and nothing unfinished is left."""
    older = back_up(url, tmp_path / "copy.db").path.read_bytes()
    with (tmp_path / "sana.db").open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(SchemaError, match="damaged"):
        back_up(url, tmp_path / "copy.db", overwrite=True)
    assert (tmp_path / "copy.db").read_bytes() == older
    assert not list(tmp_path.glob(".*"))


def test_an_empty_file_is_no_database(tmp_path: Path) -> None:
    """What holds nothing is not worth a copy: it would only look like one."""
    (tmp_path / "sana.db").touch()
    with pytest.raises(StorageError, match="empty"):
        back_up(f"sqlite:///{tmp_path / 'sana.db'}", tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))
