"""Refusals of reactions: a short reply that pings that member alone and goes away by itself."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.jobs import notices
from sandbox.bot_process import BotProcess
from sandbox.discord.permissions import Permission
from sandbox.members import Message
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.quotas import ask, said
from tests.support.reactions import DELETE, REROLL, calls, replies_to, reply_to, result
from tests.support.stage import CHANNEL, UNLIMITED, Stage, eventually, staged

POSTS = "/channels/{channel_id}/messages"
DELETES = "/channels/{channel_id}/messages/{message_id}"


@pytest.fixture
def short_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let notices stand for a moment."""
    monkeypatch.setattr(notices, "SHOWN_FOR", timedelta(seconds=0.3))


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[tuple[Stage, BotProcess]]:
    """A bot in a process of its own, ready, where members have one credit."""
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        stage.usual |= {"width": 256, "height": 256}
        process = stage.bot_process(quota_credits="1")
        try:
            await start(stage, process)
            yield stage, process
        finally:
            await process.end()


async def start(stage: Stage, bot: BotProcess) -> None:
    """Start the bot, and wait until it is ready."""
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()


def write(stage: Stage, statement: str) -> None:
    """Change the bot's database."""
    with closing(sqlite3.connect(stage.database)) as connection, connection:
        connection.execute(statement)


async def use_up(stage: Stage) -> None:
    """Leave the member without credits."""
    await ask(stage.member("owner"), "quota default", credits="1", period="day")


async def block(stage: Stage) -> None:
    """Block the member."""
    await ask(
        stage.member("moderator"), "quota block", member=str(stage.member().id), duration="2d", reason="rest"
    )


async def take_permission(stage: Stage) -> None:
    """Take a permission from the bot."""
    await stage.members.set_overwrite(CHANNEL, deny=Permission.ATTACH_FILES)


async def take_commands(stage: Stage) -> None:
    """Let the member use no commands in the channel, as moderators do where no pictures are wanted."""
    await stage.members.set_overwrite(CHANNEL, stage.member(), deny=Permission.USE_APPLICATION_COMMANDS)


async def serve_others(stage: Stage) -> None:
    """Serve another server alone from now on."""
    await stage.stop_bot()
    await stage.start_bot(discord_guild_ids=str(stage.members.guild_id("Second server")))


async def break_storage(stage: Stage) -> None:
    """Let no job be stored."""
    write(stage, "CREATE TRIGGER fault BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'a fault'); END")


TROUBLES: dict[str, tuple[Callable[[Stage], Awaitable[None]], str]] = {
    "no credits": (use_up, "and you have 0 of 1 left."),
    "blocked": (block, "; `/usage` says more."),
    "permissions": (take_permission, "I am missing permissions in this channel: **Attach Files**."),
    "commands": (take_commands, "You may not use commands in this channel"),
    "not served": (serve_others, "I do not serve this server"),
    "storage": (break_storage, "I cannot take new pictures"),
}


@pytest.mark.usefixtures("short_notices")
@pytest.mark.parametrize(("trouble", "words"), TROUBLES.values(), ids=TROUBLES)
async def test_a_refusal_is_a_short_reply_that_goes_away(
    quick_stage: Stage, trouble: Callable[[Stage], Awaitable[None]], words: str
) -> None:
    """It says why, and that nothing was charged, and pings that member alone; nothing is left of it."""
    message = await result(quick_stage)
    await trouble(quick_stage)
    await quick_stage.member().react(message, REROLL)
    notice = await reply_to(quick_stage, message)
    assert notice.text.startswith(f"<@{quick_stage.member().id}> ")
    assert words in notice.text
    assert "othing was charged" in notice.text
    assert notice.pings == (str(quick_stage.member().id),)
    await quick_stage.member().wait_until_deleted(notice)
    await eventually(lambda: not quick_stage.rows("SELECT * FROM notices"))
    assert len(quick_stage.jobs()) == 1


async def test_why_somebody_is_blocked_is_read_by_them_alone(quick_stage: Stage) -> None:
    """A notice stands in the channel, so the reason is left to `/usage`, which has it."""
    message = await result(quick_stage)
    await block(quick_stage)
    await quick_stage.member().react(message, REROLL)
    notice = await reply_to(quick_stage, message)
    assert "A moderator blocked you from making pictures until <t:" in notice.text
    assert "rest" not in notice.text
    assert "Reason: rest" in await said(quick_stage.member(), "usage")


async def test_a_refused_deletion_is_said_in_place(quick_stage: Stage) -> None:
    """Somebody else's result cannot be deleted, and they are told so; it stays for fifteen seconds."""
    message = await result(quick_stage)
    other = quick_stage.member("other")
    await other.react(message, DELETE)
    notice = await reply_to(quick_stage, message)
    assert "Only moderators and the member who asked" in notice.text
    await eventually(lambda: bool(quick_stage.rows("SELECT * FROM notices")))
    [row] = quick_stage.rows("SELECT * FROM notices")
    assert row["message_id"] == notice.id
    assert row["remove_at"] / 1000 - notice.created_at.timestamp() == pytest.approx(15, abs=2)
    assert (await quick_stage.member().message(CHANNEL, message.id)).pictures


async def test_a_member_is_told_once_a_minute(quick_stage: Stage, log: Log) -> None:
    """A second refusal within the minute is silent, on whichever result; another member is told."""
    first, second = await result(quick_stage), await result(quick_stage)
    other, booster = quick_stage.member("other"), quick_stage.member("booster")
    await other.react(first, DELETE)
    await reply_to(quick_stage, first)
    await other.react(second, DELETE)
    await log.wait_for("notice.dropped")
    await booster.react(second, DELETE)
    notice = await reply_to(quick_stage, second)
    assert notice.pings == (str(booster.id),)
    assert len(await replies_to(quick_stage, first)) == 1


async def test_after_a_minute_a_member_is_told_again(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause has an end."""
    monkeypatch.setattr(notices, "_PAUSE_SECONDS", 0.0)
    first, second = await result(quick_stage), await result(quick_stage)
    for message in (first, second):
        await quick_stage.member("other").react(message, DELETE)
        await reply_to(quick_stage, message)


async def refused(stage: Stage) -> tuple[Message, Message]:
    """Return a result, and the notice that its owner has no credits left to roll it again."""
    message = await result(stage)
    await stage.member().react(message, REROLL)
    notice = await reply_to(stage, message)
    await eventually(lambda: bool(stage.rows("SELECT * FROM notices")))
    return message, notice


async def test_a_notice_is_gone_although_the_bot_was_killed(bot: tuple[Stage, BotProcess]) -> None:
    """SIGKILL while it stands, and a start when it is overdue: it is deleted, and the result is not."""
    stage, process = bot
    message, notice = await refused(stage)
    await process.kill()
    write(stage, "UPDATE notices SET remove_at = remove_at - 15000")
    await start(stage, process)
    await stage.member().wait_until_deleted(notice)
    assert (await stage.member().message(CHANNEL, message.id)).pictures


async def test_a_notice_is_gone_although_the_bot_was_stopped(clock: Clock, bare_stage: Stage) -> None:
    """After a stop and a start it stands as long as it was to."""
    bare_stage.usual |= {"width": 256, "height": 256}
    await bare_stage.start_bot(quota_credits="1")
    _, notice = await refused(bare_stage)
    await bare_stage.stop_bot()
    assert (await bare_stage.member().message(CHANNEL, notice.id)).id == notice.id
    clock.ahead = timedelta(seconds=14.5)
    await bare_stage.start_bot()
    await bare_stage.member().wait_until_deleted(notice, timeout_seconds=5)
    await eventually(lambda: not bare_stage.rows("SELECT * FROM notices"))


async def test_a_clock_that_was_put_back_keeps_no_notice(
    clock: Clock, bare_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start a notice stands no longer than a new one would."""
    bare_stage.usual |= {"width": 256, "height": 256}
    await bare_stage.start_bot(quota_credits="1")
    _, notice = await refused(bare_stage)
    await bare_stage.stop_bot()
    monkeypatch.setattr(notices, "SHOWN_FOR", timedelta(seconds=0.3))
    clock.ahead = timedelta(hours=-1)
    await bare_stage.start_bot()
    await bare_stage.member().wait_until_deleted(notice)


@pytest.mark.usefixtures("short_notices")
async def test_a_notice_that_cannot_be_deleted_now_is_deleted_later(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of Discord's does not leave it standing."""
    monkeypatch.setattr(notices, "_FIRST_RETRY_SECONDS", 0.1)
    message = await result(quick_stage)
    await quick_stage.members.add_fault(kind="status", method="DELETE", route=DELETES, status=503, times=2)
    await quick_stage.member("other").react(message, DELETE)
    notice = await reply_to(quick_stage, message)
    await quick_stage.member().wait_until_deleted(notice)
    assert await calls(quick_stage, "DELETE", DELETES) == 3


@pytest.mark.usefixtures("short_notices")
async def test_a_notice_that_a_moderator_deleted_is_forgotten(quick_stage: Stage, log: Log) -> None:
    """What is gone is not asked for again."""
    message = await result(quick_stage)
    await quick_stage.member("other").react(message, DELETE)
    notice = await reply_to(quick_stage, message)
    await quick_stage.member("moderator").delete(notice)
    await log.wait_for("notice.gone")
    await eventually(lambda: not quick_stage.rows("SELECT * FROM notices"))


@pytest.mark.usefixtures("short_notices")
async def test_a_notice_whose_post_was_not_confirmed_is_one_and_goes_away(quick_stage: Stage) -> None:
    """The connection breaks after Discord made it: it is not made twice, and not left standing."""
    message = await result(quick_stage)
    await quick_stage.members.add_fault(kind="reset", method="POST", route=POSTS, after_effect=True)
    await quick_stage.member("other").react(message, DELETE)
    notice = await reply_to(quick_stage, message)
    assert len(await replies_to(quick_stage, message)) == 1
    await quick_stage.member().wait_until_deleted(notice)
    assert await replies_to(quick_stage, message) == []


async def test_where_nothing_can_be_said_nothing_breaks(quick_stage: Stage, log: Log) -> None:
    """Without the permission to write the refusal is dropped, and with it the bot works again."""
    message = await result(quick_stage)
    await quick_stage.members.set_overwrite(CHANNEL, deny=Permission.SEND_MESSAGES)
    await quick_stage.member("other").react(message, REROLL)
    await log.wait_for("notice.not_posted")
    assert not [line for line in log.lines if line["log_level"] == "error"]
    await quick_stage.members.set_overwrite(CHANNEL)
    await quick_stage.member("booster").react(message, REROLL)
    assert (await quick_stage.end_of(await reply_to(quick_stage, message))).pictures
