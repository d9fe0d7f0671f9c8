"""The bot as a process whose database cannot be written to: it says so, loses nothing, and goes on.

What a full disk stops is a real file system with no block left, which takes the rights to mount one; a disk
that fails is a process that may not make its files any longer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from sandbox.shown import Interaction
from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.script import Rule
from tests.support.disk import SmallDisk, failing_writes, faults_in, locked, small_disk
from tests.support.stage import CHANNEL, PAID, UNLIMITED, Stage, eventually, staged

SMALL = {"width": 256, "height": 256}
DISK_BYTES = 4 * 1024 * 1024
HELD_SECONDS = 1.0
NOT_NOW = "I cannot take new pictures or change anything right now. Nothing was charged."
Trouble = Callable[[], AbstractContextManager[None]]
STATES = ["queued", "back in line", "submitting", "running", "finished"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk that is soon full."""
    with small_disk(tmp_path / "disk", size_bytes=DISK_BYTES) as disk:
        yield disk


@asynccontextmanager
async def a_stage(folder: Path) -> AsyncIterator[Stage]:
    """Both servers, and small pictures."""
    async with staged(folder, discord=UNLIMITED) as stage:
        stage.usual |= SMALL
        yield stage


@asynccontextmanager
async def a_bot(stage: Stage, log: Path) -> AsyncIterator[BotProcess]:
    """A bot in a process of its own, ready, whose log does not lie on the database's disk."""
    bot = BotProcess(stage.environment, log, folder=stage.folder)
    try:
        await start(stage, bot)
        yield bot
    finally:
        await bot.end()


async def start(stage: Stage, bot: BotProcess) -> None:
    """Start the bot and wait until it is ready."""
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()


async def ask_and_hold(stage: Stage, state: str) -> Interaction:
    """Type `/sana`, and return it once its job is stored in a state that it leaves only after a moment."""
    if state == "queued":  # Discord took the answer, and does not confirm it yet
        await hold(stage, "POST", "/interactions/.*")
    elif state == "back in line":  # Wiro refused it for now, and is asked again in a moment
        stage.wiro.script.add(Rule(call="Run", do=CallFault(http_status=429)))
    elif state == "submitting":  # Wiro began the task, and does not answer yet
        stage.wiro.script.add(Rule(call="Run", do=CallFault(after_effect=True, delay_seconds=HELD_SECONDS)))
    elif state == "running":
        stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=HELD_SECONDS)))
    else:  # Discord took the picture, and does not confirm it yet
        await hold(stage, "PATCH", "/webhooks/.*")
    typed = await stage.member().type("sana", channel=CHANNEL, options=stage.usual, wait=False)
    await eventually(lambda: [state_of(job) for job in stage.jobs()] == [state])
    return typed


def state_of(job: dict[str, Any]) -> str:
    """Return the state of a stored job, and whether it came back to it."""
    is_back = job["state"] == "queued" and job["submitted_at"] is not None
    return "back in line" if is_back else job["state"]


async def hold(stage: Stage, method: str, route: str) -> None:
    """Let one call take effect and be answered late."""
    await stage.members.add_fault(
        kind="stall", method=method, route=route, after_effect=True, seconds=HELD_SECONDS
    )


async def is_refused(stage: Stage) -> bool:
    """Tell whether `/sana` is answered with a polite no now."""
    typed = await stage.member("booster").type("sana", channel=CHANNEL, options=stage.usual)
    return NOT_NOW in await stage.note(typed, stage.member("booster"))


async def ends_well(stage: Stage, typed: Interaction) -> None:
    """Prove that a job ends with one picture of one task, in one message, and paid once."""
    typed = await stage.members.wait_for_answer(typed)
    done = await stage.end_of(await stage.member().message(CHANNEL, typed.message_id))
    await stage.closed()
    shown = await stage.member("owner").read(CHANNEL)
    assert [message.id for message in shown] == [done.id]
    assert (len(done.pictures), len(stage.wiro.tasks), stage.ledger()) == (1, 1, PAID)


def errors(bot: BotProcess) -> list[str]:
    """Return the lines of the log that call an operator."""
    assert "Traceback" not in bot.log
    return [line for line in bot.log.splitlines() if "[error" in line or "[critical" in line]


async def endure(stage: Stage, bot: BotProcess, state: str, trouble: Trouble, said: str) -> None:
    """Prove that trouble with the database while a job is in a state is said once, and harms nothing."""
    typed = await ask_and_hold(stage, state)
    with trouble():
        before = stage.jobs()
        await eventually(lambda: "database.failed" in bot.log)
        for _ in range(2):
            assert await is_refused(stage)
        assert (stage.jobs(), stage.ledger()) == (before, PAID[:1])
    await ends_well(stage, typed)
    (error,) = errors(bot)
    assert f"{stage.database}: {said}" in error
    assert await bot.stop() == 0
    assert faults_in(stage.database) == []


@pytest.mark.parametrize("state", STATES)
async def test_a_full_disk(disk: SmallDisk, tmp_path: Path, state: str) -> None:
    """In each state of a job: commands are refused politely, one line is logged, and the job goes on."""
    async with a_stage(disk.folder) as stage, a_bot(stage, tmp_path / "bot.log") as bot:
        await endure(stage, bot, state, disk.filled, "the disk is full")


async def test_a_database_that_another_program_has_locked(tmp_path: Path) -> None:
    """However long it works on it, all goes on afterwards."""
    async with a_stage(tmp_path) as stage, a_bot(stage, tmp_path / "bot.log") as bot:
        await endure(stage, bot, "finished", partial(locked, stage.database), "another program has locked it")


async def test_a_disk_that_fails(tmp_path: Path) -> None:
    """Writes that fail for another reason than room, as on a disk that the system made read-only."""
    async with a_stage(tmp_path) as stage, a_bot(stage, tmp_path / "bot.log") as bot:

        def trouble() -> AbstractContextManager[None]:
            written = stage.database.with_name("sana.db-wal").stat().st_size
            return failing_writes(bot.pid, beyond_bytes=written)

        await endure(stage, bot, "running", trouble, "the disk failed")


async def test_whatever_members_click_on_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    """Buttons, forms and reactions are refused as politely as commands, with one line for all."""
    async with a_stage(disk.folder) as stage, a_bot(stage, tmp_path / "bot.log") as bot:
        member = stage.member()
        result = await stage.end_of(await stage.sana())
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        pending = await stage.sana()
        await stage.closed()
        await eventually(lambda: [job["state"] for job in stage.jobs()] == ["delivered", "running"])
        before = stage.jobs()
        with disk.filled():
            assert NOT_NOW in await stage.note(await member.click(pending, label="Cancel"))
            assert NOT_NOW in await stage.note(await member.click(result, label="Reroll"))
            form = await member.click(result, label="Edit")
            assert NOT_NOW in await stage.note(await member.submit(form, {}))
            await member.react(result, "🔁")
            await member.wait_for_message(
                CHANNEL, lambda shown: NOT_NOW in shown.text and not shown.ephemeral
            )
        assert stage.jobs() == before
        assert len(errors(bot)) == 1
        assert await bot.stop() == 0
        assert faults_in(stage.database) == []


@pytest.mark.parametrize(("state", "end"), [("running", BotProcess.kill), ("finished", BotProcess.stop)])
async def test_an_end_on_a_full_disk(
    disk: SmallDisk, tmp_path: Path, state: str, end: Callable[[BotProcess], Awaitable[int | None]]
) -> None:
    """Killed, or stopped in time, with what it could not store: the next start goes on."""
    async with a_stage(disk.folder) as stage, a_bot(stage, tmp_path / "bot.log") as bot:
        typed = await ask_and_hold(stage, state)
        with disk.filled():
            await eventually(lambda: "database.failed" in bot.log)
            assert not await end(bot)
        await start(stage, bot)
        await ends_well(stage, typed)
        assert len(errors(bot)) == 1
        assert await bot.stop() == 0
        assert faults_in(stage.database) == []


async def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """Nothing of the work depends on it."""
    async with a_stage(tmp_path) as stage, a_bot(stage, Path("/dev/full")):
        await ends_well(stage, await ask_and_hold(stage, "finished"))
