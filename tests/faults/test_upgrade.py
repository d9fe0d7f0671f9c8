"""Databases of earlier versions: the bot brings them up to date and goes on, or changes nothing."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.model import State
from bot.jobs.ports import Request
from bot.quotas.model import EntryKind
from sandbox.bot_process import BotProcess
from sandbox.shown import Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from storage.migrate import migrate
from tests.support.disk import BLOCK_BYTES, SmallDisk, damage_page_of, faults_in, locked, small_disk
from tests.support.earlier import NEWEST, add_jobs_in_every_state, rows_of, set_back, version_of
from tests.support.quotas import said
from tests.support.stage import UNLIMITED, Stage, eventually, staged
from tests.support.starts import why_not

DISK_BYTES = 4 * 1024 * 1024
INDEX_BYTES = 32 * 1024
"""What SQLite makes beside a database as soon as it is read."""

FIRST = 1

SETTLED = "SELECT credits FROM ledger WHERE job_id = 2 AND kind = 'settle'"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk."""
    with small_disk(tmp_path / "disk", size_bytes=DISK_BYTES) as disk:
        yield disk


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers."""
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        yield stage


async def fill(stage: Stage) -> Message:
    """Let a bot serve a community for a while; return the message of a job that runs when it is stopped."""
    stage.usual |= {"width": 256, "height": 256}
    await stage.start_bot()
    owner, member, other = stage.member("owner"), stage.member(), str(stage.member("newcomer").id)
    await said(owner, "quota default", {"credits": "500", "period": "week"})
    await said(owner, "quota role", {"role": str(stage.members.role_id("Booster")), "credits": "unlimited"})
    await said(owner, "quota grant", {"member": str(member.id), "credits": 10, "reason": "a reason"})
    await said(owner, "quota reset", {"member": str(member.id), "reason": "a reason"})
    await said(owner, "quota block", {"member": other, "duration": "2d", "reason": "a reason"})
    await stage.end_of(await stage.sana())
    await stage.closed()
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await stage.stop_bot()
    (job,) = [job for job in stage.jobs() if job["state"] == "running"]
    same = ("guild_id", "channel_id", "member_id", "upload_limit_bytes", "parameters")
    like = Request(**{name: job[name] for name in same}, interaction_token="gone", credits=1)
    await add_jobs_in_every_state(stage.database, like)
    return message


async def ends_well(stage: Stage, message: Message, log: Path) -> None:
    """Prove that a start brings the database up to date, and the open job to its end."""
    bot = BotProcess(stage.environment, log, folder=log.parent)
    await bot.start()
    try:
        await bot.wait_until_ready()
        await stage.members.wait_until_ready()
        (task,) = [task for task in stage.wiro.tasks if task.status == "task_output"]
        stage.wiro.finish(task.taskid)
        done = await stage.end_of(message)
        assert (len(done.pictures), stage.calls("Run")) == (1, 2)
        assert (await stage.end_of(await stage.sana())).pictures
        await eventually(
            lambda: stage.rows("SELECT * FROM ledger WHERE job_id = 2 AND kind = 'settle'") != []
        )
        assert await bot.stop() == 0
    finally:
        await bot.end()
    assert version_of(stage.database) == NEWEST
    assert faults_in(stage.database) == []
    assert [row["credits"] for row in stage.rows(SETTLED)] == [1]


@pytest.mark.parametrize("version", range(FIRST, NEWEST))
async def test_an_upgrade(stage: Stage, tmp_path: Path, version: int) -> None:
    """From each earlier version: a copy, every row as it was, and the job that was open gets its picture."""
    message = await fill(stage)
    columns = set_back(stage.database, version)
    before = rows_of(stage.database, columns)
    assert {row[columns["jobs"].index("state")] for row in before["jobs"]} == set(State)
    assert {row[columns["ledger"].index("kind")] for row in before["ledger"]} == set(EntryKind)
    twin = Path(shutil.copy(stage.database, tmp_path / "twin.db"))
    migrate(twin)
    assert rows_of(twin, columns) == before
    assert faults_in(twin) == []

    await ends_well(stage, message, tmp_path / "bot.log")
    copy = tmp_path / f"sana.db.schema-{version}"
    assert (version_of(copy), rows_of(copy, columns), faults_in(copy)) == (version, before, [])
    after = rows_of(stage.database, columns)
    assert after["ledger"][: len(before["ledger"])] == before["ledger"]
    closed = columns["jobs"].index("closed_at")
    assert {row for row in before["jobs"] if row[closed] is not None} <= set(after["jobs"])


async def test_an_upgrade_that_fails_in_its_midst(stage: Stage, tmp_path: Path) -> None:
    """All migrations or none: the old database stays, with a copy, and the reason is said in one sentence."""
    message = await fill(stage)
    columns = set_back(stage.database, FIRST)
    before = rows_of(stage.database, columns)
    with closing(sqlite3.connect(stage.database)) as connection:
        connection.execute("CREATE TABLE notices (in_the_way TEXT)")  # the third migration makes one, too
    said = await why_not(stage, tmp_path / "bot.log")
    assert said == f"{kept(stage)}: SQLite refused (table notices already exists)"
    for path in (stage.database, tmp_path / f"sana.db.schema-{FIRST}"):
        assert (version_of(path), rows_of(path, columns), faults_in(path)) == (FIRST, before, [])
    with closing(sqlite3.connect(stage.database)) as connection:
        connection.execute("DROP TABLE notices")
    await ends_well(stage, message, tmp_path / "bot.log")


@pytest.mark.parametrize("has_room_for_a_copy", [False, True])
async def test_an_upgrade_on_a_full_disk(
    disk: SmallDisk, tmp_path: Path, *, has_room_for_a_copy: bool
) -> None:
    """Where the copy does not fit, or what comes after it, the old database stays, and no half of a copy."""
    async with staged(disk.folder, discord=UNLIMITED) as stage:
        message = await fill(stage)
        columns = set_back(stage.database, FIRST)
        before = rows_of(stage.database, columns)
        room = stage.database.stat().st_size if has_room_for_a_copy else 0
        with disk.filled(but_bytes=INDEX_BYTES + room + 2 * BLOCK_BYTES):
            said = await why_not(stage, tmp_path / "bot.log")
        assert said == f"{kept(stage)}: the disk is full (database or disk is full)"
        copy = disk.folder / f"sana.db.schema-{FIRST}"
        assert {path.name for path in disk.folder.glob("sana.db*schema*")} == (
            {copy.name} if has_room_for_a_copy else set()
        )
        assert (version_of(stage.database), rows_of(stage.database, columns)) == (FIRST, before)
        await ends_well(stage, message, tmp_path / "bot.log")


async def test_an_upgrade_of_a_locked_database(stage: Stage, tmp_path: Path) -> None:
    """While another program works on it nothing is changed; afterwards it is."""
    message = await fill(stage)
    set_back(stage.database, FIRST)
    with locked(stage.database):
        said = await why_not(stage, tmp_path / "bot.log")
    assert said == f"{kept(stage)}: another program has locked it (database is locked)"
    assert version_of(stage.database) == FIRST
    await ends_well(stage, message, tmp_path / "bot.log")


async def test_an_upgrade_of_a_damaged_database(stage: Stage, tmp_path: Path) -> None:
    """It is neither changed nor copied, so that an older copy that is sound stays."""
    await fill(stage)
    set_back(stage.database, FIRST)
    damage_page_of(stage.database, "ledger")
    sound = tmp_path / f"sana.db.schema-{FIRST}"
    sound.write_text("a sound copy")
    before = stage.database.read_bytes()
    assert f"{stage.database}: it is damaged (" in await why_not(stage, tmp_path / "bot.log")
    assert (stage.database.read_bytes(), sound.read_text()) == (before, "a sound copy")


def kept(stage: Stage) -> str:
    """Return how a sentence begins that says why there was no upgrade."""
    return f"{stage.database} keeps schema {FIRST}, for it could not be brought to {NEWEST}"
