"""The end of a bot: what a stop leaves for the next start, and that none lives on with a part dead."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.discord.gateway import SocketConnection
from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.stage import CHANNEL, PAID, REFUNDED, UNLIMITED, Stage, eventually, staged

HELD_SECONDS = 60.0
STOPS_WITHIN_SECONDS = 10.0
MOST_PATIENT_SECONDS = 60.0
ENTRY = """
import importlib, sys
from bot.__main__ import main

module, _, attribute = sys.argv.pop(1).partition(":")
name, _, method = attribute.partition(".")

async def die(*_, **__):
    raise RuntimeError(f"planted in {name}")

setattr(getattr(importlib.import_module(module), name), method, die)
main()
"""
"""The bot's own entry, one of whose parts was replaced by one that dies."""

PARTS = (
    "bot.jobs.submit:Submitter.run",
    "bot.jobs.search:Search.run",
    "bot.jobs.tracker:Tracker.run",
    "bot.jobs.live:Live.run",
    "bot.wiro.socket:WiroSocket.run",
    "bot.jobs.deliver:Deliverer.run",
    "bot.jobs.progress:Progress.run",
    "bot.jobs.recovery:Adopter.run",
    "bot.jobs.removal:Remover.run",
    "bot.jobs.notices:Notices.run",
    "bot.client:SanaClient.connect",
    "storage.writer:Writer.run",
)

Scene = Callable[[Stage, BotProcess], Awaitable[None]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and no bot yet."""
    async with staged(tmp_path, discord=UNLIMITED) as ready:
        ready.usual |= {"width": 256, "height": 256}
        yield ready


async def start(stage: Stage, bot: BotProcess) -> None:
    """Start the bot, and wait until it is ready."""
    await bot.start()
    await bot.wait_until_ready(MOST_PATIENT_SECONDS)
    await stage.members.wait_until_ready()


async def while_it_answers(stage: Stage, _: BotProcess) -> None:
    """Discord took the answer, and has not said so yet."""
    await stage.members.add_fault(
        kind="stall", method="POST", route="/interactions/.*", after_effect=True, seconds=HELD_SECONDS
    )
    typed = await stage.member().type("sana", channel=CHANNEL, options=stage.usual, wait=False)
    await stage.members.wait_for_answer(typed)


async def while_the_line_is_held(stage: Stage, bot: BotProcess) -> None:
    """Nothing can be started, as the account is empty."""
    stage.wiro.set_balance(0)
    await stage.sana()
    await eventually(lambda: "line.held" in bot.log)


async def while_run_is_unanswered(stage: Stage, _: BotProcess) -> None:
    """The task was started, and Wiro has not said so yet."""
    held = CallFault(after_effect=True, delay_seconds=HELD_SECONDS)
    stage.wiro.script.add(Rule(call="Run", do=held))
    await stage.sana()
    await stage.wiro.wait_for_task(lambda _: True)


async def while_the_task_runs(stage: Stage, _: BotProcess) -> None:
    """Wiro works on it."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await stage.sana()
    await eventually(lambda: [job["state"] for job in stage.jobs()] == ["running"])


async def while_pictures_are_fetched(stage: Stage, _: BotProcess) -> None:
    """The task is done, and its picture does not come."""
    stage.wiro.script.add(Rule(call="file", do=CallFault(delay_seconds=HELD_SECONDS)))
    await stage.sana()
    await eventually(lambda: [job["state"] for job in stage.jobs()] == ["finished"])


async def while_it_delivers(stage: Stage, _: BotProcess) -> None:
    """Discord took the picture, and has not said so yet."""
    await stage.members.add_fault(
        kind="stall", method="PATCH", route="/webhooks/.*", after_effect=True, seconds=HELD_SECONDS
    )
    assert (await stage.end_of(await stage.sana())).pictures


async def while_it_tells_an_end(stage: Stage, _: BotProcess) -> None:
    """The task failed, and Discord has not confirmed the message that says so."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
    await stage.members.add_fault(
        kind="stall", method="PATCH", route="/webhooks/.*", after_effect=True, seconds=HELD_SECONDS
    )
    assert "Your 1 credit is back." in (await stage.end_of(await stage.sana())).text


async def while_it_cancels(stage: Stage, bot: BotProcess) -> None:
    """Wiro was told to stop the task, and has not said what became of that."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    await eventually(lambda: [job["state"] for job in stage.jobs()] == ["running"])
    held = CallFault(after_effect=True, delay_seconds=HELD_SECONDS)
    for call in ("Task/Kill", "Task/Cancel"):
        stage.wiro.script.add(Rule(call=call, do=held))
    await stage.member().click(message, label="Cancel")
    await eventually(lambda: "job.cancel" in bot.log)


async def while_it_removes(stage: Stage, _: BotProcess) -> None:
    """The message is gone, and Wiro has not said that the files are."""
    message = await stage.end_of(await stage.sana())
    await stage.closed()
    held = CallFault(after_effect=True, delay_seconds=HELD_SECONDS)
    stage.wiro.script.add(Rule(call="Task/InputOutputDelete", do=held))
    await stage.member().click(message, label="Delete")
    await stage.member().wait_until_deleted(message)
    assert stage.jobs()[0]["removed_at"] is None


@pytest.mark.parametrize(
    ("scene", "ledger"),
    [
        (while_it_answers, PAID),
        (while_the_line_is_held, PAID),
        (while_run_is_unanswered, PAID),
        (while_the_task_runs, PAID),
        (while_pictures_are_fetched, PAID),
        (while_it_delivers, PAID),
        (while_it_tells_an_end, REFUNDED),
        (while_it_cancels, REFUNDED),
        (while_it_removes, PAID),
    ],
)
async def test_a_stop_leaves_the_rest_for_the_next_start(
    stage: Stage, scene: Scene, ledger: list[tuple[str, int]]
) -> None:
    """Whatever is not answered yet: SIGTERM ends the bot with 0 within ten seconds, and the next goes on."""
    bot = stage.bot_process(log_level="DEBUG")
    try:
        await start(stage, bot)
        await scene(stage, bot)
        assert await bot.stop(with_signal=signal.SIGTERM, timeout_seconds=STOPS_WITHIN_SECONDS) == 0
        assert "Traceback" not in bot.log
        await stage.members.clear_faults()
        stage.wiro.script.clear()
        stage.wiro.set_balance(1000)
        for task in stage.wiro.tasks:
            stage.wiro.finish(task.taskid)
        await start(stage, bot)
        [job] = await stage.closed(timeout_seconds=MOST_PATIENT_SECONDS)
        if job["removed_by"] is not None:
            await eventually(lambda: stage.jobs()[0]["removed_at"] is not None, MOST_PATIENT_SECONDS)
        assert stage.ledger() == ledger
        assert len(stage.wiro.tasks) == 1
        shown = [message for message in await stage.member().read(CHANNEL) if not message.ephemeral]
        assert len(shown) == (0 if job["removed_by"] is not None else 1)
    finally:
        await bot.end()


async def test_a_stop_while_discord_does_not_say_a_word(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard that is connecting again is given up within ten seconds, although discord.py forgets to."""
    bot = stage.bot_process()
    connected, silence = asyncio.Event(), asyncio.Event()

    async def say_nothing(_: SocketConnection) -> None:
        connected.set()
        await silence.wait()

    try:
        await start(stage, bot)
        monkeypatch.setattr(SocketConnection, "serve", say_nothing)
        await stage.members.trouble_gateway(reconnect=True)
        async with asyncio.timeout(MOST_PATIENT_SECONDS):
            await connected.wait()
        assert await bot.stop(with_signal=signal.SIGTERM, timeout_seconds=STOPS_WITHIN_SECONDS) == 0
        assert "Traceback" not in bot.log
    finally:
        silence.set()
        await bot.end()


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_that_dies_takes_the_bot_with_it(stage: Stage, part: str) -> None:
    """The process ends by itself with 1, so that a supervisor starts it again, and the log says why."""
    bot = BotProcess(
        stage.environment,
        stage.folder / "bot.log",
        folder=stage.folder,
        arguments=("-c", ENTRY, part, "run"),
    )
    await bot.start()
    try:
        assert await bot.wait(MOST_PATIENT_SECONDS) == 1
    finally:
        await bot.end()
    name = part.partition(":")[2].partition(".")[0]
    assert f"planted in {name}" in bot.log
