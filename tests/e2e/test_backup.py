"""`sana-bot backup`: a copy made beside a bot that works, restored, and worked on again."""

import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.checking import sana_bot
from tests.support.stage import UNLIMITED, Stage, eventually, staged

MEMBERS = ("member", "other", "booster", "newcomer")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers; small pictures."""
    async with staged(tmp_path, discord=UNLIMITED) as ready:
        ready.usual |= {"width": 256, "height": 256}
        yield ready


async def started(bot: BotProcess, stage: Stage) -> None:
    """Start a bot, and wait until members can use it."""
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()


async def backed_up(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Run `sana-bot backup`, and return its exit code and what it said."""
    process = sana_bot(stage, "backup", *arguments)
    process.log_path.unlink(missing_ok=True)
    await process.start()
    return await process.wait(60), process.log


async def test_a_backup_of_a_bot_at_work_is_restored_and_goes_on(stage: Stage) -> None:
    """Copied with jobs under way, lost, put back: each message gets its picture, each is paid once."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    bot = stage.bot_process()
    try:
        await started(bot, stage)
        members = [stage.member(name) for name in MEMBERS]
        messages = [await stage.sana(member) for member in members]
        await eventually(lambda: [job["state"] for job in stage.jobs()] == ["running"] * len(MEMBERS))
        code, said = await backed_up(stage, "copy.db")
        copy = stage.folder / "copy.db"
        assert code == 0, said
        assert f"{copy.stat().st_size:,} bytes" in said
        assert "stop the bot" in said
        await bot.kill()
        for file in stage.folder.glob("sana.db*"):
            file.unlink()
        copy.rename(stage.database)
        for task in stage.wiro.tasks:
            stage.wiro.finish(task.taskid)
        await started(bot, stage)
        for member, message in zip(members, messages, strict=True):
            assert len((await stage.end_of(message, member)).pictures) == 1
        await stage.closed(len(MEMBERS))
        assert sorted(stage.ledger()) == [("reserve", 1)] * len(MEMBERS) + [("settle", 1)] * len(MEMBERS)
        assert stage.calls("Run") == len(MEMBERS)
    finally:
        await bot.end()


async def test_a_copy_holds_what_was_only_in_the_log_so_far(stage: Stage) -> None:
    """What was committed a moment ago, and is not in the main file yet, is in the copy, in one file."""
    await stage.start_bot()
    await stage.end_of(await stage.sana())
    await stage.closed()
    code, said = await backed_up(stage, ".")
    (copy,) = stage.folder.glob("sana-2*.db")
    assert (code, copy.name in said) == (0, True)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_bytes()[18:20] == b"\1\1"  # SQLite's file format: no write-ahead log belongs to it
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT state FROM jobs").fetchall() == [("delivered",)]


async def test_nothing_is_replaced_without_being_asked(stage: Stage) -> None:
    """A file that is there is refused with exit code 2, and replaced with `--force`."""
    await stage.start_bot()
    target = stage.folder / "copy.db"
    target.write_text("precious")
    code, said = await backed_up(stage, str(target))
    assert (code, "--force" in said, target.read_text()) == (2, True, "precious")
    code, said = await backed_up(stage, str(target), "--force")
    assert (code, target.read_bytes()[:6]) == (0, b"SQLite")


async def test_a_backup_that_cannot_be_made_says_why(stage: Stage) -> None:
    """No database or wrong settings: exit code 2; a folder that is not there: 1; no traceback."""
    nothing, words = await backed_up(stage, "copy.db")
    assert (nothing, "DATABASE_URL" in words) == (2, True)
    await stage.start_bot()
    nowhere, words = await backed_up(stage, "not/there.db")
    assert (nowhere, "not/there.db" in words, "Traceback" in words) == (1, True, False)
    stage.environment["QUOTA_PERIOD"] = "year"
    wrong, words = await backed_up(stage, "copy.db")
    assert (wrong, "QUOTA_PERIOD" in words) == (2, True)
    assert not list(stage.folder.glob("copy*"))


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
async def test_a_backup_that_is_stopped_leaves_nothing(stage: Stage, signal_number: int) -> None:
    """Ended in the middle of a copy, it takes what it has with it, and exits with 130."""
    await stage.start_bot()
    await stage.stop_bot()
    process = sana_bot(stage, "backup", "copy.db")
    with closing(sqlite3.connect(stage.database)) as holding:
        holding.execute("PRAGMA locking_mode = EXCLUSIVE")
        holding.execute("BEGIN IMMEDIATE")
        await process.start()
        await eventually(lambda: any(stage.folder.glob("*.unfinished")))
        os.kill(process.pid, signal_number)
    code = await process.wait(60)
    assert (code, "Traceback" in process.log) == (130, False)
    assert not list(stage.folder.glob("*copy*"))
