"""Replies are made with a nonce that was stored before: no fault, kill or retry makes two, or loses one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.members import Message
from tests.support.clock import Clock
from tests.support.reactions import REROLL, replies_to, reply_to, result
from tests.support.stage import PAID, REFUNDED, UNLIMITED, Stage, eventually, staged

POSTS = "/channels/{channel_id}/messages"
NONCES_ARE_FORGOTTEN = timedelta(minutes=4)


@pytest.fixture
def looked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let replies that were not confirmed be made again at once: for tests of what happens, not of when."""
    monkeypatch.setattr("bot.jobs.recovery._NOT_BEFORE", timedelta())
    monkeypatch.setattr("bot.jobs.recovery._FIRST_RETRY_SECONDS", 0.1)


@pytest.fixture
async def process_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and no bot yet."""
    async with staged(tmp_path, discord=UNLIMITED) as ready:
        ready.usual |= {"width": 256, "height": 256}
        yield ready


@pytest.fixture
async def bot(process_stage: Stage) -> AsyncIterator[BotProcess]:
    """A bot in a process of its own, ready."""
    process = process_stage.bot_process()
    try:
        await start(process_stage, process)
        yield process
    finally:
        await process.end()


async def start(stage: Stage, bot: BotProcess) -> None:
    """Start the bot, and wait until it is ready."""
    await bot.start()
    await bot.wait_until_ready()
    await stage.members.wait_until_ready()


async def only_reply(stage: Stage, message: Message) -> Message:
    """Return the one reply to a result, with its picture; there are two jobs in all, each paid once."""
    await stage.closed(2)
    [reply] = await replies_to(stage, message)
    assert len(reply.pictures) == 1
    assert [job["message_id"] for job in stage.jobs()] == [message.id, reply.id]
    assert stage.ledger() == PAID + PAID
    assert stage.calls("Run") == 2
    return reply


@pytest.mark.usefixtures("looked_for_at_once")
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "cut_off"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
@pytest.mark.parametrize("after_effect", [True, False], ids=["after", "before"])
async def test_a_fault_of_the_post_leaves_one_reply(
    quick_stage: Stage, fault: dict[str, str | int], after_effect: bool
) -> None:
    """Whether Discord made the message before the fault or not, there is one reply in the end."""
    message = await result(quick_stage)
    await quick_stage.members.add_fault(method="POST", route=POSTS, after_effect=after_effect, **fault)
    await quick_stage.member("other").react(message, REROLL)
    await only_reply(quick_stage, message)


@pytest.mark.parametrize("after_effect", [True, False], ids=["after", "before"])
async def test_a_kill_between_the_job_and_its_reply_leaves_one_of_each(
    process_stage: Stage, bot: BotProcess, after_effect: bool
) -> None:
    """Killed before it knew of the reply, the bot makes it again: one reply, with its picture."""
    message = await result(process_stage)
    await process_stage.members.add_fault(
        kind="stall", method="POST", route=POSTS, after_effect=after_effect, seconds=30.0
    )
    await process_stage.member("other").react(message, REROLL)
    await eventually(lambda: len(process_stage.jobs()) == 2)
    if after_effect:
        await reply_to(process_stage, message)
    await bot.kill()
    assert process_stage.jobs()[1]["message_id"] is None
    await process_stage.members.clear_faults()
    await start(process_stage, bot)
    await only_reply(process_stage, message)


async def test_a_reply_whose_nonce_is_too_old_is_found(clock: Clock, quick_stage: Stage) -> None:
    """After minutes without the bot Discord has forgotten the nonce: the reply is found in the channel."""
    message = await result(quick_stage)
    await leave_in_doubt(quick_stage, message, after_effect=True)
    await start_minutes_later(quick_stage, clock)
    await only_reply(quick_stage, message)


async def test_a_reply_that_was_never_made_is_withdrawn_when_its_nonce_is_too_old(
    clock: Clock, quick_stage: Stage
) -> None:
    """Minutes later nobody waits for it: no reply, no Run, and the credits are back."""
    message = await result(quick_stage)
    await leave_in_doubt(quick_stage, message, after_effect=False)
    await start_minutes_later(quick_stage, clock)
    jobs = await quick_stage.closed(2)
    assert jobs[1]["state"] == "cancelled"
    assert quick_stage.ledger() == PAID + REFUNDED
    assert (await replies_to(quick_stage, message), quick_stage.calls("Run")) == ([], 1)


async def leave_in_doubt(stage: Stage, message: Message, *, after_effect: bool) -> None:
    """Have a reaction's reply posted, or not, and stop the bot before it knows."""
    await stage.members.add_fault(
        kind="stall", method="POST", route=POSTS, after_effect=after_effect, seconds=30.0
    )
    await stage.member("other").react(message, REROLL)
    await eventually(lambda: len(stage.jobs()) == 2)
    if after_effect:
        await reply_to(stage, message)
    await stage.stop_bot()
    assert stage.jobs()[1]["message_id"] is None


async def start_minutes_later(stage: Stage, clock: Clock) -> None:
    """Start the bot when Discord has forgotten all nonces."""
    clock.ahead = NONCES_ARE_FORGOTTEN
    await stage.members.expire(nonces=True)
    await stage.members.clear_faults()
    await stage.start_bot()
