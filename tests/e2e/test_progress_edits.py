"""Progress edits never cost a picture: not by coming late, and not by using up the channel's few calls."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.jobs.model import Job
from bot.jobs.ports import Stage as Shown
from bot.jobs.waiting import wait_for
from bot.present.messenger import DiscordMessenger
from sandbox.member import Option
from sandbox.members import Typing
from sandbox.shown import Edit, Message
from sandbox.wiro import Rule, TaskScript, WiroConfig
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.reactions import REROLL, reply_to, result
from tests.support.stage import CHANNEL, PAID, Stage, eventually

TOKEN_EDIT = r"/webhooks/.*"
PAUSE_SECONDS = 0.4


@pytest.mark.usefixtures("quick_progress")
async def test_an_edit_that_comes_after_the_pictures_does_not_take_them_away(
    quick_stage: Stage, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit that shows "being made" times out, and Discord applies it after the delivery."""
    monkeypatch.setattr("bot.present.messenger._CALL_SECONDS", 0.3)
    monkeypatch.setattr("bot.jobs.progress.MAY_COME_LATE_SECONDS", 2.5)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await quick_stage.members.add_fault(kind="stall", method="PATCH", route=TOKEN_EDIT, seconds=1.5)
    message = await quick_stage.sana()
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await log.wait_for("progress.dropped")
    quick_stage.wiro.finish(task.taskid)
    await log.wait_for("deliver.unsure")
    taken_away = await quick_stage.member().wait_for_change(
        await quick_stage.member().message("pictures", message.id),
        lambda shown: any(edit.pictures for edit in shown.edits) and not shown.pictures,
    )
    assert "being made" in taken_away.text
    done = await quick_stage.end_of(taken_away)
    assert done.pictures
    [job] = await quick_stage.closed()
    assert job["state"] == "delivered"
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_progress")
async def test_pictures_that_were_confirmed_are_paid_although_the_message_is_deleted(
    quick_stage: Stage, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is not sure yet that they stay, a moderator deletes the message that holds them."""
    monkeypatch.setattr("bot.present.messenger._CALL_SECONDS", 0.3)
    monkeypatch.setattr("bot.jobs.progress.MAY_COME_LATE_SECONDS", 2.5)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await quick_stage.members.add_fault(kind="reset", method="PATCH", route=TOKEN_EDIT)
    message = await quick_stage.sana()
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await log.wait_for("progress.dropped")
    quick_stage.wiro.finish(task.taskid)
    done = await quick_stage.end_of(message)
    await log.wait_for("deliver.unsure")
    assert [job["closed_at"] for job in quick_stage.jobs()] == [None]
    await quick_stage.member("moderator").delete(done)
    [job] = await quick_stage.closed()
    assert job["state"] == "delivered"
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_progress")
async def test_a_picture_comes_after_an_edit_that_is_under_way(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit that shows "being made" takes its time; the picture is not posted before it, and stays."""
    is_begun, is_delivered = asyncio.Event(), asyncio.Event()
    show, deliver = DiscordMessenger.show, DiscordMessenger.deliver

    async def show_late(messenger: DiscordMessenger, job: Job, shown: Shown) -> None:
        is_begun.set()
        await wait_for(is_delivered, 0.5)
        await show(messenger, job, shown)

    async def deliver_and_tell(messenger: DiscordMessenger, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        await deliver(messenger, *args, **kwargs)
        is_delivered.set()

    monkeypatch.setattr(DiscordMessenger, "show", show_late)
    monkeypatch.setattr(DiscordMessenger, "deliver", deliver_and_tell)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await quick_stage.sana()
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await is_begun.wait()
    quick_stage.wiro.finish(task.taskid)
    await quick_stage.closed()
    done = await quick_stage.member().message(CHANNEL, message.id)
    assert [edit.pictures for edit in done.edits] == [0, 0, 1]


@pytest.mark.usefixtures("quick_progress")
async def test_a_message_that_shows_the_same_is_not_edited(bare_stage: Stage) -> None:
    """Who is next in line stays so when somebody behind leaves it: that is no news, and costs no call."""
    await bare_stage.start_bot(wiro_max_concurrent="1")
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await bare_stage.sana(bare_stage.member("booster"))
    following, last = await bare_stage.sana(), await bare_stage.sana()
    await bare_stage.member().click(last, label="Cancel")
    await bare_stage.end_of(last)
    bare_stage.wiro.finish("1")
    done = await bare_stage.end_of(following)
    assert sum("Next in line." in edit.text for edit in done.edits) == 1


@pytest.mark.usefixtures("quick_progress")
@pytest.mark.parametrize("wiro_config", [WiroConfig(balance_usd=10.0)])
async def test_old_messages_are_not_edited_through_the_channel_before_they_are_done(
    clock: Clock, quick_stage: Stage
) -> None:
    """Once the token is too old, the channel's few calls are left to the pictures."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    messages = [await quick_stage.sana() for _ in range(4)]
    task = await quick_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await eventually(lambda: "running" in [job["state"] for job in quick_stage.jobs()])
    clock.ahead += timedelta(minutes=15)
    quick_stage.wiro.finish(task.taskid)
    assert (await quick_stage.end_of(messages[0])).pictures
    await quick_stage.wiro.wait_for_task(lambda other: other is not task and other.status == "task_output")
    now = [await quick_stage.member().message("pictures", message.id) for message in messages]
    ways = [edit.way for message in now for edit in message.edits]
    assert ways.count("channel") == 1


async def test_a_quick_job_is_not_edited_before_its_picture(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes less than the pause, a long one here, costs two calls: the answer and the picture."""
    monkeypatch.setattr("bot.jobs.progress._PAUSE", timedelta(seconds=20))
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=1.5)))
    done = await quick_stage.end_of(await quick_stage.sana())
    assert [edit.pictures for edit in done.edits] == [0, 1]


async def test_the_edits_of_many_jobs_keep_the_budget(bare_stage: Stage) -> None:
    """Of 200 that run at once, ten messages a second are edited at most, and none twice before all others."""
    await bare_stage.start_bot(quota_credits="1000", wiro_max_concurrent="200")
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=9.0), times=None))
    options: dict[str, Option] = {"prompt": "a red fox", "width": 256, "height": 256, "steps": 10}
    typing = Typing(member=bare_stage.member(), command="sana", channel=CHANNEL, options=options)
    for _ in range(10):
        for sent in await bare_stage.members.type_many([typing] * 20):
            await bare_stage.members.wait_for_answer(sent)
    await bare_stage.closed(200, timeout_seconds=60)
    messages = await bare_stage.member().read(CHANNEL)
    assert sum(len(message.pictures) for message in messages) == 200
    edits = [progress_edits(message) for message in messages]
    assert max(len(each) for each in edits) == 1
    assert any("%" in edit.text for each in edits for edit in each)
    times = sorted(edit.monotonic for each in edits for edit in each)
    assert len(times) >= 30
    assert max(bisect_left(times, time + 1) - n for n, time in enumerate(times)) <= 10


@pytest.mark.usefixtures("quick_progress")
async def test_pictures_do_not_wait_for_the_edits_of_others(quick_stage: Stage) -> None:
    """While Discord takes its time over as many edits as there may be, a picture is posted at once."""
    message = await result(quick_stage)
    slow = Rule(call="task", do=TaskScript(seconds=30.0), prompt_contains="slow", times=None)
    quick_stage.wiro.script.add(slow)
    await quick_stage.members.add_fault(
        kind="stall", method="PATCH", route=TOKEN_EDIT, seconds=30.0, times=None
    )
    for name in ("member", "booster", "moderator"):
        for _ in range(12):
            await quick_stage.sana(quick_stage.member(name), prompt="slow")
    await eventually(lambda: edits_under_way() == 32)
    await quick_stage.member("newcomer").react(message, REROLL)
    reply = await reply_to(quick_stage, message)
    done = await quick_stage.end_of(reply, timeout_seconds=20)
    assert len(done.pictures) == 1


async def test_replies_share_the_edits_of_their_channel(
    monkeypatch: pytest.MonkeyPatch, quick_stage: Stage
) -> None:
    """Rerolls by reaction are edited through the channel: one in a pause, and each in its turn."""
    monkeypatch.setattr("bot.jobs.progress._PAUSE", timedelta(seconds=PAUSE_SECONDS))
    replies = await rerolls(quick_stage, ["member", "booster", "moderator"], seconds=4.0)
    done = [await quick_stage.end_of(reply) for reply in replies]
    edits = [progress_edits(message) for message in done]
    assert {edit.way for each in edits for edit in each} == {"channel"}
    assert min(len(each) for each in edits) >= 2
    assert max(len(each) for each in edits) - min(len(each) for each in edits) <= 1
    times = sorted(edit.monotonic for each in edits for edit in each)
    assert min(later - earlier for earlier, later in pairwise(times)) > PAUSE_SECONDS - 0.05
    assert all("%" in each[-1].text for each in edits)


@pytest.mark.usefixtures("quick_progress")
async def test_a_channel_is_left_to_the_pictures(quick_stage: Stage) -> None:
    """While one reply's picture is being fetched and posted, the other's progress is not shown."""
    message = await result(quick_stage)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs="slow", slow_seconds=1.5)))
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=5.0)))
    await quick_stage.member("booster").react(message, REROLL)
    first = await reply_to(quick_stage, message)
    fetching = await quick_stage.wiro.wait_for_task(lambda task: task.taskid == "2" and task.ended)
    await quick_stage.member("moderator").react(message, REROLL)
    second = await reply_to(quick_stage, message, after=first)
    posted = (await quick_stage.end_of(first)).edits[-1].monotonic
    shown = progress_edits(await quick_stage.end_of(second))
    assert fetching.ended
    assert shown
    assert posted <= shown[0].monotonic


@pytest.mark.usefixtures("quick_progress")
async def test_replies_are_edited_for_an_hour(clock: Clock, bare_stage: Stage) -> None:
    """They need no token, which would be too old after 15 minutes; but nobody watches for ever."""
    await bare_stage.start_bot(job_timeout_seconds="7200")
    bare_stage.usual |= {"width": 256, "height": 256, "steps": 10}
    [reply] = await rerolls(bare_stage, ["booster"], seconds=6.0)
    member = bare_stage.member()
    clock.ahead += timedelta(minutes=15)
    later = await member.wait_for_change(reply, lambda shown: "%" in shown.text)
    clock.ahead += timedelta(minutes=46)
    done = await bare_stage.end_of(later)
    assert len(progress_edits(done)) - len(progress_edits(later)) <= 1  # what was under way
    assert len(done.pictures) == 1


async def rerolls(stage: Stage, names: Sequence[str], *, seconds: float) -> list[Message]:
    """Have members react on a result, so that their tasks take so long, and return the replies."""
    message = await result(stage)
    stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=seconds), times=None))
    replies: list[Message] = []
    for name in names:
        await stage.member(name).react(message, REROLL)
        replies.append(await reply_to(stage, message, after=replies[-1] if replies else None))
    return replies


def edits_under_way() -> int:
    """Return how many progress edits the bot has under way, or is about to make."""
    return sum(task.get_name().startswith("show ") for task in asyncio.all_tasks())


def progress_edits(message: Message) -> list[Edit]:
    """Return the edits between the first message and the pictures."""
    return [edit for edit in message.edits[1:] if not edit.pictures]
