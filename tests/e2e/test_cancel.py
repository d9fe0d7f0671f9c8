"""The Cancel button: whose it is, and what becomes of the job, its task and its credits."""

import pytest

from sandbox.discord.interaction import Deed, InteractionKind
from sandbox.discord.permissions import Permission
from sandbox.members import Interaction, Member, Message
from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage, eventually

REFUSED = (
    "Only moderators and the member who asked for this picture can do that. Nothing was changed or charged."
    " You can ask for a picture of your own with `/sana`."
)


@pytest.fixture
async def narrow_stage(bare_stage: Stage) -> Stage:
    """A bot with one slot, which a job of "booster" holds for ever."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await bare_stage.start_bot(wiro_max_concurrent="1")
    await bare_stage.sana(bare_stage.member("booster"), channel="general")
    await eventually(lambda: bare_stage.jobs()[0]["state"] == "running")
    return bare_stage


async def a_running_job(stage: Stage, *, at: str = "task_output", who: Member | None = None) -> Message:
    """Return the message of a job whose task stays at a status."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at=at)))
    message = await stage.sana(who)
    await stage.wiro.wait_for_task(lambda task: task.status == at)
    await eventually(lambda: stage.jobs()[-1]["state"] == "running")
    return message


async def a_queued_job(stage: Stage) -> Message:
    """Return the message of a job that waits in line."""
    message = await stage.sana()
    await eventually(lambda: stage.jobs()[-1]["message_id"] == message.id)
    return message


async def click_from_elsewhere(stage: Stage, who: Member, message: Message) -> Interaction:
    """Click a message's Cancel button from another server, which no client can."""
    world = stage.discord.world
    data = {"custom_id": message.buttons[0].custom_id, "component_type": 2}
    channel = world.channel_named("general", who.guild)
    sent = stage.discord.interactions.send(
        InteractionKind.COMPONENT,
        world.users[who.id],
        channel,
        Deed(data, "Cancel", world.channels[message.channel_id].messages[message.id]),
    )
    [found] = [each for each in await stage.members.interactions() if each.id == sent.id]
    return await stage.members.wait_for_answer(found)


@pytest.mark.parametrize("who", ["member", "moderator"])
async def test_a_queued_job_leaves_the_line(narrow_stage: Stage, who: str) -> None:
    """Owner or moderator takes it out: Wiro never hears of it, the credits are back, all see by whom."""
    stage, someone = narrow_stage, narrow_stage.member(who)
    message = await stage.sana(size="square-2k")
    clicked = await someone.click(message, label="Cancel")
    assert await stage.note(clicked, someone) == (
        "S-2 is cancelled and costs nothing. Its message will say so in a moment."
    )
    ended = await stage.end_of(message)
    assert ended.text.split("\n")[:4] == [
        f"<@{someone.id}> cancelled this before there was a picture.",
        "Your 4 credits are back.",
        "You can ask for another one with `/sana`.",
        "a red fox",
    ]
    assert ended.text.endswith("-# Reference S-2")
    assert (ended.pings, ended.buttons) == ((), ())
    await stage.closed()
    assert stage.ledger() == [("reserve", 1), ("reserve", 4), ("refund", 4)]
    assert stage.calls("Run") == 1


async def test_the_line_closes_up_behind_a_cancelled_job(narrow_stage: Stage) -> None:
    """Whoever waited behind it is nearer, and told so, but no sooner than 2.5 seconds after the answer."""
    stage = narrow_stage
    message = await stage.sana()
    behind = await stage.sana(stage.member("newcomer"))
    assert "Place 2 in line" in behind.text
    await stage.member().click(message, label="Cancel")
    moved = await stage.member().wait_for_change(behind, lambda shown: "Next in line" in shown.text)
    assert moved.buttons == behind.buttons
    # The bot counts from when it sent the answer, which a busy machine takes in later.
    assert moved.edits[1].monotonic - behind.edits[0].monotonic >= 2.0


@pytest.mark.parametrize(
    ("status", "call"),
    [("task_output", "Task/Kill"), ("task_queue", "Task/Cancel"), ("task_end", "Task/Kill")],
)
@pytest.mark.parametrize("who", ["member", "moderator"])
async def test_a_running_job_is_stopped_at_wiro(stage: Stage, status: str, call: str, who: str) -> None:
    """Its task is cancelled while Wiro has it queued and killed afterwards; refunded, all see by whom."""
    message = await a_running_job(stage, at=status)
    someone = stage.member(who)
    clicked = await someone.click(message, label="Cancel")
    assert await stage.note(clicked, someone) == (
        "I am stopping S-1. If its picture is finished first, it is posted and charged; otherwise it costs"
        " nothing."
    )
    ended = await stage.end_of(message)
    assert ended.text.startswith(
        f"<@{someone.id}> cancelled this before there was a picture.\nYour 1 credit is back.\n"
    )
    [job] = await stage.closed()
    assert (job["state"], job["cancelled_by"]) == ("cancelled", someone.id)
    assert stage.ledger() == [("reserve", 1), ("refund", 1)]
    assert [task.status for task in stage.wiro.tasks] == ["task_cancel"]
    stops = [seen.call for seen in stage.wiro.requests if seen.call in {"Task/Cancel", "Task/Kill"}]
    assert (stops, stage.calls("Run")) == ([call], 1)


async def test_a_slot_is_free_again_after_a_cancelled_task(narrow_stage: Stage) -> None:
    """The next in line starts once the running job was stopped."""
    stage, booster = narrow_stage, narrow_stage.member("booster")
    [holding] = await booster.read("general")
    waiting = await stage.sana(width=256, height=256)
    await booster.click(holding, label="Cancel")
    assert len((await stage.end_of(waiting)).pictures) == 1


@pytest.mark.parametrize("who", ["other", "newcomer"])
@pytest.mark.parametrize("channel", [CHANNEL, "general"], ids=["queued", "running"])
async def test_others_are_refused_politely(narrow_stage: Stage, who: str, channel: str) -> None:
    """Any other member's click is answered for their eyes alone, and changes nothing."""
    stage, stranger = narrow_stage, narrow_stage.member(who)
    await a_queued_job(stage)
    [message] = await stranger.read(channel)
    before = stage.jobs()
    clicked = await stranger.click(message, label="Cancel")
    assert await stage.note(clicked, stranger) == REFUSED
    assert stage.jobs() == before
    assert (await stage.member().message(channel, message.id)).buttons == message.buttons


@pytest.mark.parametrize(
    ("permission", "may"),
    [
        (Permission.MODERATE_MEMBERS, True),
        (Permission.MANAGE_MESSAGES, True),
        (Permission.ADMINISTRATOR, True),
        (Permission.MANAGE_GUILD, False),
        (Permission.MENTION_EVERYONE, False),
    ],
)
async def test_one_of_two_permissions_makes_a_moderator(
    narrow_stage: Stage, permission: Permission, *, may: bool
) -> None:
    """Moderate Members or Manage Messages, each by itself, or all there are; and no other."""
    stage, someone = narrow_stage, narrow_stage.member("other")
    await stage.members.add_role("Helper", permission)
    await stage.members.set_roles(someone, ["Helper"])
    clicked = await someone.click(await a_queued_job(stage), label="Cancel")
    answer = "S-2 is cancelled and costs nothing. Its message will say so in a moment." if may else REFUSED
    assert await stage.note(clicked, someone) == answer
    assert stage.jobs()[-1]["state"] == ("cancelled" if may else "queued")


@pytest.mark.parametrize(("given", "may"), [(CHANNEL, True), ("general", False)])
async def test_a_moderator_of_one_channel_is_one_there(narrow_stage: Stage, given: str, *, may: bool) -> None:
    """What a channel allows somebody counts in that channel, and nowhere else."""
    stage, someone = narrow_stage, narrow_stage.member("other")
    await stage.members.set_overwrite(given, someone, allow=Permission.MANAGE_MESSAGES)
    await someone.click(await a_queued_job(stage), label="Cancel")
    assert stage.jobs()[-1]["state"] == ("cancelled" if may else "queued")


@pytest.mark.parametrize("who", ["outsider", "moderator2"])
async def test_another_server_cannot_cancel(narrow_stage: Stage, who: str) -> None:
    """Members and moderators of another server are refused, should they ever get at the button."""
    stage, stranger = narrow_stage, narrow_stage.member(who, "Second server")
    message = await a_queued_job(stage)
    before = stage.jobs()
    clicked = await click_from_elsewhere(stage, stranger, message)
    assert await stage.note(clicked, stranger) == REFUSED
    assert stage.jobs() == before


async def test_a_second_click_changes_nothing(narrow_stage: Stage) -> None:
    """Owner and moderator at the same time: one refund, and the message names the first of them."""
    stage, moderator = narrow_stage, narrow_stage.member("moderator")
    message = await stage.sana()
    clicks = [await who.click(message, label="Cancel", wait=False) for who in (stage.member(), moderator)]
    assert all([(await stage.members.wait_for_answer(each)).shown == "answered" for each in clicks])
    ended = await stage.end_of(message)
    await stage.closed()
    assert f"<@{stage.member().id}> cancelled this" in ended.text
    assert stage.ledger() == [("reserve", 1), ("reserve", 1), ("refund", 1)]


async def test_a_picture_that_is_finished_already_is_not_cancelled(stage: Stage) -> None:
    """A click while the picture is on its way is answered so, and the picture comes and is paid for."""
    stage.wiro.script.add(Rule(call="file", do=CallFault(delay_seconds=0.5)))
    message = await stage.sana(width=256, height=256)
    await eventually(lambda: stage.jobs()[0]["state"] == "finished")
    clicked = await stage.member().click(message, label="Cancel")
    assert await stage.note(clicked) == (
        "This has ended already, so there is nothing left to cancel. Its message says, or will in a moment,"
        " how it ended and what was charged."
    )
    assert len((await stage.end_of(message)).pictures) == 1
    await stage.closed()
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


async def test_at_the_moment_of_delivery_it_is_too_late(stage: Stage) -> None:
    """A click while Discord takes its time with the picture changes nothing: it comes and is paid for."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana(width=256, height=256)
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await stage.members.add_fault(kind="stall", method="PATCH", route="/webhooks/.*", seconds=0.5)
    stage.wiro.finish(task.taskid)
    await eventually(lambda: stage.jobs()[0]["state"] == "finished")
    clicked = await stage.member().click(message, label="Cancel")
    assert (await stage.note(clicked)).startswith("This has ended already")
    done = await stage.end_of(message)
    [job] = await stage.closed()
    assert (len(done.pictures), job["state"], job["cancelled_by"]) == (1, "delivered", None)
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


@pytest.mark.parametrize("who", ["booster", "moderator"])
async def test_a_reroll_belongs_to_the_one_who_reacted(quick_stage: Stage, who: str) -> None:
    """Its message is a reply, edited without a token: they or a moderator cancel it, not the first owner."""
    stage, someone = quick_stage, quick_stage.member(who)
    result = await stage.end_of(await stage.sana())
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await stage.member("booster").react(result, "\N{CLOCKWISE RIGHTWARDS AND LEFTWARDS OPEN CIRCLE ARROWS}")
    message = await someone.wait_for_message(CHANNEL, lambda shown: shown.reply_to == result.id)
    await eventually(lambda: stage.jobs()[-1]["state"] == "running")
    assert await stage.note(await stage.member().click(message, label="Cancel")) == REFUSED
    await someone.click(message, label="Cancel")
    ended = await stage.end_of(message)
    assert ended.text.startswith(
        f"<@{someone.id}> cancelled this before there was a picture.\nYour 1 credit is back.\n"
    )
    await stage.closed(2)
    assert stage.ledger()[-2:] == [("reserve", 1), ("refund", 1)]


@pytest.mark.usefixtures("quick_progress")
async def test_a_job_that_is_being_stopped_says_so(stage: Stage) -> None:
    """Where Wiro takes its time to stop a task, the message says who asked, and the button is spent."""
    message = await a_running_job(stage)
    shown = await stage.member().wait_for_change(message, lambda shown: "being made" in shown.text)
    stage.wiro.script.add(Rule(call="Task/Kill", do=CallFault(error="busy", error_code=0), times=None))
    await stage.member().click(message, label="Cancel")
    stopping = await stage.member().wait_for_change(shown, lambda shown: "Stopping" in shown.text)
    assert stopping.text.startswith(f"**Stopping, as <@{stage.member().id}> asked.**")
    assert [button.disabled for button in stopping.buttons] == [True]
    stage.wiro.script.clear()
    assert "Your 1 credit is back." in (await stage.end_of(message)).text


async def test_the_button_works_after_a_restart(narrow_stage: Stage) -> None:
    """A message from before the restart is cancelled as any other."""
    stage = narrow_stage
    message = await stage.sana()
    await stage.stop_bot()
    await stage.start_bot()
    clicked = await stage.member().click(message, label="Cancel")
    assert "S-2 is cancelled" in await stage.note(clicked)
    assert "Your 1 credit is back." in (await stage.end_of(message)).text


@pytest.mark.parametrize("number", ["0", "999", "-1", "x", "9" * 40, "1 ", "\N{ARABIC-INDIC DIGIT ONE}"])
async def test_a_forged_button_is_refused(stage: Stage, number: str) -> None:
    """A custom_id that this bot never wrote is no job of anybody's."""
    message = await a_running_job(stage)
    world = stage.discord.world
    real = world.channels[message.channel_id].messages[message.id]
    forged = f"sana:cancel:{number}"
    button = real.body.components[0]["components"][-1]["components"][0]
    button["custom_id"] = forged
    clicked = await stage.member().click(message, custom_id=forged)
    assert await stage.note(clicked) == REFUSED
    assert [job["state"] for job in stage.jobs()] == ["running"]
