"""Databases on which the bot does not start: one sentence, exit code 1, and nothing touched."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from tests.support.disk import SmallDisk, damage_page_of, faults_in, locked, overwrite, small_disk
from tests.support.earlier import NEWEST
from tests.support.stage import CHANNEL, UNLIMITED, Stage, staged
from tests.support.starts import why_not

DISK_BYTES = 4 * 1024 * 1024


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers, and a database with a job that was delivered."""
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        await fill(stage)
        yield stage


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk."""
    with small_disk(tmp_path / "disk", size_bytes=DISK_BYTES) as disk:
        yield disk


async def fill(stage: Stage) -> None:
    """Let a bot make a picture, and stop it."""
    stage.usual |= {"width": 256, "height": 256}
    await stage.start_bot()
    await stage.end_of(await stage.sana())
    await stage.closed()
    await stage.stop_bot()


async def starts(stage: Stage, log: Path) -> None:
    """Prove that the bot starts, makes a picture and stops, and leaves all in order."""
    bot = BotProcess(stage.environment, log, folder=log.parent)
    await bot.start()
    try:
        await bot.wait_until_ready()
        await stage.members.wait_until_ready()
        assert (await stage.end_of(await stage.sana())).pictures
        assert await bot.stop() == 0
    finally:
        await bot.end()
    assert faults_in(stage.database) == []


def make_newer(path: Path) -> None:
    """Let a later program have changed it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")


def damage_beginning(path: Path) -> None:
    """Overwrite what makes it a database."""
    overwrite(path, 0, b"\xff" * 100)


def damage_jobs(path: Path) -> None:
    """Overwrite the index of open jobs, which every start reads."""
    damage_page_of(path, "jobs_open")


def cut_off(path: Path) -> None:
    """Lose the second half."""
    os.truncate(path, path.stat().st_size // 2)


def replace(path: Path) -> None:
    """Put something else in its place."""
    path.write_text("something else " * 1000)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (make_newer, f" has schema {NEWEST + 1} and this program knows {NEWEST}: a newer program made it"),
        (damage_beginning, ": it is no SQLite database (file is not a database)"),
        (cut_off, ": it is damaged (database disk image is malformed)"),
        (damage_jobs, ": it is damaged (database disk image is malformed)"),
        (replace, ": it is no SQLite database (file is not a database)"),
    ],
)
async def test_a_database_that_is_not_as_it_should_be(
    stage: Stage, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    """Newer than the program, damaged, or something else: it is named and left as it is."""
    spoil(stage.database)
    before = stage.database.read_bytes()
    assert await why_not(stage, tmp_path / "bot.log") == f"{stage.database}{said}"
    assert stage.database.read_bytes() == before


async def test_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    """Without room for SQLite's own files there is no start; with room, all is as it was."""
    async with staged(disk.folder, discord=UNLIMITED) as stage:
        await fill(stage)
        with disk.filled():
            said = await why_not(stage, tmp_path / "bot.log")
        assert said == f"{stage.database}: the disk is full, or failed (disk I/O error)"
        await starts(stage, tmp_path / "bot.log")


async def test_a_read_only_disk(disk: SmallDisk, tmp_path: Path) -> None:
    """It is said which file cannot be written to; once it can, all is as it was."""
    async with staged(disk.folder, discord=UNLIMITED) as stage:
        await fill(stage)
        with disk.read_only():
            said = await why_not(stage, tmp_path / "bot.log")
        assert said == f"{stage.database}: Read-only file system ({stage.database}.lock)"
        await starts(stage, tmp_path / "bot.log")


async def test_a_locked_database(stage: Stage, tmp_path: Path) -> None:
    """To start, nothing need be written: commands are refused until the other program is done."""
    with locked(stage.database):
        bot = stage.bot_process()
        await bot.start()
        try:
            await bot.wait_until_ready()
            assert await bot.stop() == 0
        finally:
            await bot.end()
    await starts(stage, tmp_path / "bot.log")


async def test_damage_that_a_start_does_not_meet(stage: Stage) -> None:
    """Where the ledger turns out to be damaged, commands are refused politely; the log says why, once."""
    damage_page_of(stage.database, "ledger")
    bot = stage.bot_process()
    await bot.start()
    try:
        await bot.wait_until_ready()
        await stage.members.wait_until_ready()
        for command in ("sana", "usage", "sana"):
            options = stage.usual if command == "sana" else {}
            typed = await stage.member().type(command, channel=CHANNEL, options=options)
            assert "I cannot take new pictures or change anything right now." in await stage.note(typed)
        assert await bot.stop() == 0
    finally:
        await bot.end()
    assert len(stage.jobs()) == 1
    assert bot.log.count("[error") == bot.log.count("it is damaged") == 1
