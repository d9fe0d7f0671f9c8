"""🔁 on a result: a new job with the same parameters and a new seed, at the reactor's cost, as a reply."""

import asyncio
from typing import Any

import pytest

from bot.parameters import SanaParameters
from sandbox.members import Reacting
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from storage.jobs import SqliteJobStore
from tests.support.log import Log
from tests.support.reactions import (
    DELETE,
    MAIL,
    REROLL,
    allow_managing,
    calls,
    free_again,
    replies_to,
    reply_to,
    result,
)
from tests.support.stage import CHANNEL, PAID, Stage, eventually

TAKE_OFF = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/{user_id}"


@pytest.fixture
def short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a member's reactions count again after less than a second."""
    monkeypatch.setattr("cogs.windows.WINDOW_SECONDS", 0.8)


@pytest.fixture
def look_ups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every message that is looked up, as it is looked up."""
    seen: list[int] = []
    look_up = SqliteJobStore.find_by_message

    async def counting(store: SqliteJobStore, message_id: int) -> Any:  # noqa: ANN401 - what it returns
        seen.append(message_id)
        return await look_up(store, message_id)

    monkeypatch.setattr(SqliteJobStore, "find_by_message", counting)
    return seen


def parameters(job: dict[str, Any]) -> SanaParameters:
    """Return what a job was asked for."""
    return SanaParameters.from_json(job["parameters"])


async def test_a_reaction_rolls_again_at_the_reactors_cost(quick_stage: Stage) -> None:
    """The reply holds a picture of the same parameters and another seed; the job is the reactor's."""
    booster = quick_stage.member("booster")
    quick_stage.usual |= {"steps": 7, "scale": 2.5, "negative_prompt": "rain", "spoiler": True, "seed": 5}
    message = await result(quick_stage)
    await booster.react(message, REROLL)
    reply = await reply_to(quick_stage, message)
    done = await quick_stage.end_of(reply)
    assert (done.id, len(done.pictures), done.pings) == (reply.id, 1, ())
    assert f"<@{booster.id}>" in done.text
    first, second = await quick_stage.closed(2)
    assert parameters(second).model_copy(update={"seed": 5}) == parameters(first)
    assert parameters(second).seed != parameters(first).seed
    assert (second["member_id"], second["parent_id"]) == (booster.id, first["id"])
    assert (second["message_id"], second["reply_to_id"]) == (reply.id, message.id)
    assert str(quick_stage.members.role_id("Booster")) in second["role_ids"]
    assert (second["interaction_token"], len(second["nonce"])) == (None, 24)
    assert quick_stage.ledger() == PAID + PAID
    paid_by = quick_stage.rows("SELECT DISTINCT member_id FROM ledger WHERE job_id = ?", second["id"])
    assert paid_by == [{"member_id": booster.id}]


async def test_a_reply_can_be_rolled_again_itself(quick_stage: Stage) -> None:
    """What came of a reaction is a result as any other: the bot invites to react on it, and it works."""
    message = await result(quick_stage)
    await quick_stage.member("other").react(message, REROLL)
    reply = await quick_stage.end_of(await reply_to(quick_stage, message))
    await quick_stage.member().wait_for_change(reply, lambda shown: shown.reactions == {REROLL: 1})
    await quick_stage.member().react(reply, REROLL)
    assert (await quick_stage.end_of(await reply_to(quick_stage, reply))).pictures
    assert [job["parent_id"] for job in await quick_stage.closed(3)] == [None, 1, 2]


async def test_it_works_after_a_restart(quick_stage: Stage) -> None:
    """A result from before the last start, which no cache of the bot knows, is rolled again."""
    message = await result(quick_stage)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    await quick_stage.member("other").react(message, REROLL)
    assert (await quick_stage.end_of(await reply_to(quick_stage, message))).pictures


async def test_it_works_in_threads(quick_stage: Stage) -> None:
    """In a thread the reply comes in the thread, after a restart too."""
    message = await result(quick_stage, channel="thread")
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    await quick_stage.member("other").react(message, REROLL)
    done = await quick_stage.end_of(await reply_to(quick_stage, message))
    assert done.channel_id == quick_stage.members.channel_id("thread")
    assert done.pictures


async def test_it_works_in_a_thread_that_was_made_meanwhile(quick_stage: Stage) -> None:
    """A thread that came after the start is as good."""
    thread = await quick_stage.members.add_channel("new thread", under=CHANNEL)
    message = await result(quick_stage, channel=thread)
    await quick_stage.member("other").react(message, REROLL)
    assert (await quick_stage.end_of(await reply_to(quick_stage, message))).channel_id == thread


async def test_whatever_else_members_react_with_or_on_starts_nothing(
    bare_stage: Stage, look_ups: list[int]
) -> None:
    """Other emoji and bots cost nothing; other and pending messages one look-up; nobody is answered."""
    bare_stage.usual |= {"width": 256, "height": 256}
    await bare_stage.start_bot()
    member, other = bare_stage.member(), bare_stage.member("other")
    message = await result(bare_stage)
    [robot] = await bare_stage.members.add_members("robot", 1, bots=True)
    chatter = await member.write("nice weather", channel=CHANNEL)
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    pending = await bare_stage.sana()
    assert not look_ups  # the bot's own first reaction cost none
    await robot.react(message, REROLL)
    await other.react(message, "👍")
    await other.react(message, "🔄")
    await other.react(chatter, REROLL)
    await other.react(chatter, DELETE)
    await other.react(chatter, MAIL)
    await other.react(pending, REROLL)
    await member.react(message, REROLL)  # the first that counts, and the last to be heard
    reply = await bare_stage.end_of(await reply_to(bare_stage, message))
    assert sorted(look_ups) == sorted([chatter.id] * 3 + [pending.id, message.id])
    assert len(bare_stage.jobs()) == 3
    assert [each.id for each in await replies_to(bare_stage, message)] == [reply.id]
    assert await calls(bare_stage, "POST", "/channels/{channel_id}/messages") == 1


@pytest.mark.usefixtures("short_window")
async def test_a_hasty_member_gets_one_job_and_later_another(quick_stage: Stage) -> None:
    """Fifty times added and taken away at once are one; once the window is over, one more is one more."""
    await allow_managing(quick_stage)
    other, message = quick_stage.member("other"), await result(quick_stage)
    clicks = [
        Reacting(member=other, message=message, emoji=REROLL, remove=bool(number % 2)) for number in range(99)
    ]
    await quick_stage.members.react_many(clicks)
    first = await reply_to(quick_stage, message)
    await free_again(quick_stage, message)
    assert len(quick_stage.jobs()) == 2
    await other.react(message, REROLL)
    second = await reply_to(quick_stage, message, after=first)
    await quick_stage.closed(3)
    assert [each.id for each in await replies_to(quick_stage, message)] == [first.id, second.id]
    assert len(quick_stage.jobs()) == 3


async def test_two_members_at_once_each_get_theirs(quick_stage: Stage) -> None:
    """Two reactions in the same moment are two jobs, each its own member's."""
    message = await result(quick_stage)
    pair = [quick_stage.member("other"), quick_stage.member("booster")]
    await quick_stage.members.react_many(
        Reacting(member=each, message=message, emoji=REROLL) for each in pair
    )
    jobs = await quick_stage.closed(3)
    assert {job["member_id"] for job in jobs[1:]} == {each.id for each in pair}
    assert len(await replies_to(quick_stage, message)) == 2


async def test_fifty_reactions_by_ten_members_are_ten_jobs(stage: Stage) -> None:
    """Ten members, five reactions each, all at once, with Discord's limits: ten jobs, replies and charges."""
    stage.usual |= {"width": 256, "height": 256}
    message = await result(stage)
    crowd = await stage.members.add_members("fan", 10)
    await stage.members.react_many(
        Reacting(member=each, message=message, emoji=REROLL, remove=remove)
        for remove in (False, True, False, True, False, True, False, True, False)
        for each in crowd
    )
    jobs = (await stage.closed(11, timeout_seconds=40))[1:]
    assert sorted(job["member_id"] for job in jobs) == sorted(each.id for each in crowd)
    replies = await replies_to(stage, message)
    assert sorted(job["message_id"] for job in jobs) == sorted(each.id for each in replies)
    assert all(len(each.pictures) == 1 for each in replies)
    assert sorted(stage.ledger()) == sorted(PAID * 11)


@pytest.mark.usefixtures("short_window")
async def test_a_reaction_is_taken_off_where_the_bot_may(quick_stage: Stage) -> None:
    """With Manage Messages the member's reaction goes once it is handled, and can be clicked again."""
    await allow_managing(quick_stage)
    other, message = quick_stage.member("other"), await result(quick_stage)
    await other.react(message, REROLL)
    await other.react(message, "👍")
    first = await reply_to(quick_stage, message)
    shown = await free_again(quick_stage, message)
    assert shown.reactions == {REROLL: 1, "👍": 1}
    await other.react(message, REROLL)
    await reply_to(quick_stage, message, after=first)


@pytest.mark.usefixtures("short_window")
@pytest.mark.parametrize("emoji", [REROLL, DELETE, MAIL])
async def test_a_reaction_that_came_too_soon_is_taken_off(quick_stage: Stage, emoji: str) -> None:
    """On a message that waits for its picture it does nothing but go, and works once that is there."""
    await allow_managing(quick_stage)
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    pending = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[0]["state"] == "running")
    await quick_stage.member().react(pending, emoji)
    await free_again(quick_stage, pending, emoji, left=0)
    assert quick_stage.jobs()[0]["state"] == "running"
    assert await replies_to(quick_stage, pending) == []
    quick_stage.wiro.finish("1")
    message = await quick_stage.end_of(pending)
    assert message.pictures
    await quick_stage.member().react(message, emoji)
    if emoji == REROLL:
        await reply_to(quick_stage, message)
    elif emoji == DELETE:
        await quick_stage.member().wait_until_deleted(message)
    else:
        await quick_stage.member().wait_for_message(
            await quick_stage.member().dm(), lambda shown: bool(shown.pictures)
        )


@pytest.mark.usefixtures("short_window")
async def test_without_manage_messages_the_reaction_stays(quick_stage: Stage, log: Log) -> None:
    """Nobody tries to take it off, nothing fails, and taking it off oneself makes it work again."""
    other, message = quick_stage.member("other"), await result(quick_stage)
    await other.react(message, REROLL)
    first = await reply_to(quick_stage, message)
    done = await quick_stage.end_of(first)
    assert done.pictures
    async with asyncio.timeout(20):
        while len(await replies_to(quick_stage, message)) == 1:  # until the window is over
            await other.unreact(message, REROLL)
            await other.react(message, REROLL)
    assert await calls(quick_stage, "DELETE", TAKE_OFF) == 0
    assert not [line for line in log.lines if line["log_level"] in {"warning", "error"}]


@pytest.mark.usefixtures("short_window")
async def test_a_reaction_that_cannot_be_taken_off_breaks_nothing(quick_stage: Stage, log: Log) -> None:
    """Discord knows it no more, or the permission went in that moment: the next one is heard all the same."""
    await allow_managing(quick_stage)
    other, message = quick_stage.member("other"), await result(quick_stage)
    await quick_stage.members.add_fault(kind="status", method="DELETE", route=TAKE_OFF, status=404)
    await other.react(message, REROLL)
    first = await reply_to(quick_stage, message)
    await log.wait_for("reaction.dropped")
    await other.unreact(message, REROLL)
    await other.react(message, REROLL)
    await reply_to(quick_stage, message, after=first)


async def test_a_result_that_was_deleted_in_the_channel_is_rolled_all_the_same(quick_stage: Stage) -> None:
    """The message goes between the reaction and the reply: the picture comes in a message of its own."""
    message = await result(quick_stage)
    await quick_stage.members.add_fault(
        kind="stall", method="POST", route="/channels/{channel_id}/messages", seconds=0.5
    )
    await quick_stage.member("other").react(message, REROLL)
    await quick_stage.member("moderator").delete(message)
    jobs = await quick_stage.closed(2)
    assert jobs[1]["state"] == "delivered"
    assert (await quick_stage.member().message(CHANNEL, jobs[1]["message_id"])).pictures


async def test_a_reply_that_discord_refuses_costs_nothing(quick_stage: Stage) -> None:
    """The channel is closed to the bot in that very moment: no job, no charge, and the bot goes on."""
    message = await result(quick_stage)
    await quick_stage.members.add_fault(
        kind="status", method="POST", route="/channels/{channel_id}/messages", status=404
    )
    await quick_stage.member("other").react(message, REROLL)
    jobs = await quick_stage.closed(2)
    assert (jobs[1]["state"], jobs[1]["refunded"]) == ("cancelled", 1)
    await quick_stage.member("booster").react(message, REROLL)
    await quick_stage.closed(3)
    assert [job["state"] for job in quick_stage.jobs()] == ["delivered", "cancelled", "delivered"]
