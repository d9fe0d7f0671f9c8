"""The bot as a process: started from its environment, killed, stopped, and started again."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.discord import DiscordConfig
from sandbox.wiro import TaskScript, WiroConfig
from sandbox.wiro.script import Rule
from tests.support.stage import Stage, eventually, staged

FINAL_EDIT = "/webhooks/{application_id}/{token}/messages/{message_id}"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and no bot yet."""
    async with staged(tmp_path) as ready:
        yield ready


@pytest.fixture
async def bot(stage: Stage) -> AsyncIterator[BotProcess]:
    """A bot in a process of its own, ready."""
    async with stage.working_process() as process:
        yield process


async def start_again(stage: Stage, bot: BotProcess) -> None:
    """Start the bot once more, and wait until it is ready."""
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()


def runs(stage: Stage) -> int:
    """Return how many Run calls Wiro has seen."""
    return sum(seen.call == "Run" for seen in stage.wiro.requests)


def messages_posted(calls: list[dict[str, object]]) -> int:
    """Return how many messages the bot has posted."""
    return sum(call["method"] == "POST" and "interactions" in str(call["route"]) for call in calls)


async def test_killed_while_a_task_runs(stage: Stage, bot: BotProcess) -> None:
    """SIGKILL and a new start: one picture, in the same message, and one Run in all."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await bot.kill()
    stage.wiro.finish(task.taskid)
    await start_again(stage, bot)
    done = await stage.end_of(message)
    assert (done.id, len(done.pictures), runs(stage)) == (message.id, 1, 1)
    await stage.closed()
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]
    assert messages_posted(await stage.members.requests()) == 1


async def test_killed_before_the_answers_message_was_stored(stage: Stage, bot: BotProcess) -> None:
    """Discord took the answer, and the bot died before it knew: the message is adopted."""
    await stage.members.add_fault(
        kind="stall", method="POST", route="/interactions/.*", after_effect=True, seconds=30.0
    )
    typed = await stage.member().type("sana", channel="pictures", prompt="a red fox", wait=False)
    answered = await stage.members.wait_for_answer(typed)
    await bot.kill()
    assert [job["message_id"] for job in stage.jobs()] == [None]
    await start_again(stage, bot)
    message = await stage.member().message("pictures", answered.message_id)
    done = await stage.end_of(message)
    assert (len(done.pictures), runs(stage)) == (1, 1)


async def test_killed_before_the_answer_reached_discord(stage: Stage, bot: BotProcess) -> None:
    """The member saw that the command failed: nothing is run, and the credits are back."""
    await stage.members.add_fault(kind="stall", method="POST", route="/interactions/.*", seconds=30.0)
    await stage.member().type("sana", channel="pictures", prompt="a red fox", wait=False)
    async with asyncio.timeout(60):
        while not stage.jobs():  # noqa: ASYNC110 - the file tells nobody that it changed
            await asyncio.sleep(0.01)
    await bot.kill()
    await stage.members.clear_faults()
    await start_again(stage, bot)
    [job] = await stage.closed()
    assert (job["state"], runs(stage)) == ("cancelled", 0)
    assert stage.ledger() == [("reserve", 1), ("refund", 1)]


async def test_killed_between_finished_and_delivered(stage: Stage, bot: BotProcess) -> None:
    """The picture was taken, and the bot died before it knew: the message is edited again."""
    await stage.members.add_fault(
        kind="stall", method="PATCH", route="/webhooks/.*", after_effect=True, seconds=30.0
    )
    message = await stage.sana()
    done = await stage.end_of(message)
    assert [job["state"] for job in stage.jobs()] == ["finished"]
    await bot.kill()
    await stage.members.clear_faults()
    await start_again(stage, bot)
    [job] = await stage.closed()
    assert job["state"] == "delivered"
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]
    everything = await stage.member().read("pictures")
    assert [shown.id for shown in everything if shown.pictures] == [done.id]


async def test_a_token_that_died_meanwhile_is_not_needed(stage: Stage, bot: BotProcess) -> None:
    """Down for longer than the interaction's token lives, the bot puts the picture into the same message."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await bot.kill()
    await stage.members.expire(tokens=True)
    stage.wiro.finish(task.taskid)
    await start_again(stage, bot)
    done = await stage.end_of(message)
    assert (done.id, len(done.pictures)) == (message.id, 1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_stop_is_clean_and_open_jobs_go_on(
    stage: Stage, bot: BotProcess, how: signal.Signals
) -> None:
    """Within five seconds, exit code 0, no traceback; the next start delivers what was open."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    assert await bot.stop(with_signal=how, timeout_seconds=5) == 0
    assert "Traceback" not in bot.log
    stage.wiro.finish(task.taskid)
    await start_again(stage, bot)
    done = await stage.end_of(message)
    assert (len(done.pictures), runs(stage)) == (1, 1)


async def test_a_second_bot_on_the_same_database_refuses(stage: Stage, bot: BotProcess) -> None:
    """It says so in one line and exits with 2; the first one is not disturbed."""
    second = BotProcess(bot.environment | {"CALLBACK_PORT": "0"}, stage.folder / "second.log")
    await second.start()
    assert await second.wait() == 2
    assert "sana.db" in second.log
    assert "Traceback" not in second.log
    assert (await stage.end_of(await stage.sana())).pictures


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": "wrong"}, "DISCORD_TOKEN"),
        ({"WIRO_API_KEY": ""}, "WIRO_API_KEY"),
        ({"QUOTA_PERIOD": "year"}, "QUOTA_PERIOD"),
        ({"DATABASE_URL": "sqlite:////proc/sana.db"}, "/proc"),
        ({"CALLBACK_HOST": "203.0.113.1"}, "CALLBACK_HOST"),
    ],
)
async def test_a_wrong_setting_is_named_and_ends_the_start(
    stage: Stage, changes: dict[str, str], names: str
) -> None:
    """Exit code 2 for configuration (1 where the machine fails), the setting's name, and no traceback."""
    bot = stage.bot_process(**changes)
    await bot.start()
    assert await bot.wait() in {1, 2}
    assert names in bot.log
    assert "Traceback" not in bot.log


async def test_health_follows_the_connection_to_discord(stage: Stage, bot: BotProcess) -> None:
    """Not ready while no shard is connected, and ready again once one is."""
    await bot.wait_until_ready()
    await stage.members.trouble_gateway(refuses_logins=True, invalidate_resumable=False, drop=4000)
    async with asyncio.timeout(10):
        while await bot.is_ready():  # noqa: ASYNC110 - a process tells nobody
            await asyncio.sleep(0.02)
    await stage.members.trouble_gateway(refuses_logins=False)
    await bot.wait_until_ready()


async def test_a_small_account_survives_a_kill_with_a_line(tmp_path: Path) -> None:
    """One task at a time, five jobs, a kill in the middle: five pictures and five Runs that were accepted."""
    async with staged(tmp_path, wiro=WiroConfig(balance_usd=10.0, seconds=0.3)) as stage:
        bot = stage.bot_process(wiro_max_concurrent="1")
        await bot.start()
        try:
            await bot.wait_until_ready()
            await stage.members.wait_until_ready()
            messages = [await stage.sana(prompt=f"a fox, number {number}") for number in range(5)]
            await stage.wiro.wait_for_requests("Run", 3)
            await bot.kill()
            await start_again(stage, bot)
            for message in messages:
                assert len((await stage.end_of(message)).pictures) == 1
            await stage.closed(5)
            assert sorted(stage.ledger()) == [("reserve", 1)] * 5 + [("settle", 1)] * 5
            assert len(stage.wiro.tasks) == 5
        finally:
            await bot.end()


async def test_ready_means_every_shard(tmp_path: Path) -> None:
    """With two shards the bot is ready after the second one's READY, and serves the servers of both."""
    async with staged(tmp_path, discord=DiscordConfig(shards=2)) as stage:
        bot = stage.bot_process()
        await bot.start()
        try:
            await bot.wait_until_ready(20)
            shards = {(stage.members.guild_id(guild) >> 22) % 2 for guild in ("Sandbox", "Second server")}
            assert shards == {0, 1}
            assert (await stage.end_of(await stage.sana())).pictures
            outsider = stage.member("outsider", "Second server")
            message = await stage.sana(outsider, channel="general")
            assert (await stage.end_of(message, outsider)).pictures
        finally:
            await bot.end()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_start_can_be_stopped(stage: Stage, how: signal.Signals) -> None:
    """A bot that waits for a Discord that does not answer stops as quickly as any other."""
    await stage.members.add_fault(kind="stall", route="/users/@me", seconds=30.0)
    bot = stage.bot_process()
    await bot.start()
    try:
        await eventually(lambda: "listener.started" in bot.log)  # Discord is called next
        assert await bot.stop(with_signal=how, timeout_seconds=5) == 0
        assert "Traceback" not in bot.log
    finally:
        await bot.end()


async def test_a_port_that_is_free_again_soon_stops_no_start(bare_stage: Stage) -> None:
    """`sana-bot check` listens for seconds; a bot that starts meanwhile waits, and says so once."""
    port = int(bare_stage.environment["CALLBACK_PORT"])
    bot = bare_stage.bot_process()
    with socket.create_server(("127.0.0.1", port)):
        await bot.start()
        await eventually(lambda: "listener.waits" in bot.log or not bot.is_running)
    try:
        await bot.wait_until_ready()
        assert bot.log.count("listener.waits") == 1
    finally:
        await bot.end()
