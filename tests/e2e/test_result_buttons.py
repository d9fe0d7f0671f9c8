"""Reroll and Delete below a result, by whom, after how long, and what is answered where they are refused."""

from typing import Any

import pytest

from sandbox.discord.interaction import Deed, InteractionKind
from sandbox.discord.permissions import Permission
from sandbox.members import Interaction, Member, Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage, eventually

GONE = (
    "These pictures are not here any more, or never were. Nothing was charged. You can ask for new ones with"
    " `/sana`."
)


async def a_result(stage: Stage, who: Member | None = None, *, channel: str = CHANNEL) -> Message:
    """Return a message with pictures, its job closed."""
    before = sum(job["closed_at"] is not None for job in stage.jobs())
    message = await stage.end_of(await stage.sana(who, channel=channel), who)
    await stage.closed(before + 1)
    return message


async def click(stage: Stage, message: Message, label: str, who: Member | None = None) -> Interaction:
    """Click a button of a result."""
    return await (who or stage.member()).click(message, label=label)


async def restart(stage: Stage) -> None:
    """Stop the bot and start it again."""
    await stage.stop_bot()
    await stage.start_bot()


def button_of(stage: Stage, message: Message, custom_id: str) -> dict[str, Any]:
    """Return a button as the message has it, to be forged."""
    [container] = stage.discord.world.channels[message.channel_id].messages[message.id].body.components
    buttons: list[dict[str, Any]] = container["components"][-1]["components"]
    return next(button for button in buttons if button["custom_id"] == custom_id)


async def click_from_elsewhere(stage: Stage, who: Member, message: Message, custom_id: str) -> Interaction:
    """Click a message's button from another server, which no client can."""
    world = stage.discord.world
    sent = stage.discord.interactions.send(
        InteractionKind.COMPONENT,
        world.users[who.id],
        world.channel_named("general", who.guild),
        Deed(
            {"custom_id": custom_id, "component_type": 2},
            "Button",
            world.channels[message.channel_id].messages[message.id],
        ),
    )
    [found] = [each for each in await stage.members.interactions() if each.id == sent.id]
    return await stage.members.wait_for_answer(found)


@pytest.mark.parametrize("channel", [CHANNEL, "thread"])
@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
async def test_anybody_rerolls(quick_stage: Stage, channel: str, *, is_restarted: bool) -> None:
    """A click makes a new message for everybody: same parameters, a new seed, paid by whoever clicked."""
    stage, other = quick_stage, quick_stage.member("other")
    stage.usual |= {"negative_prompt": "cars", "steps": 7, "scale": 4.5, "seed": 7, "samples": 2}
    message = await a_result(stage, channel=channel)
    if is_restarted:
        await restart(stage)
    clicked = await click(stage, message, "Reroll", other)
    answer = await stage.member().message(channel, clicked.message_id)
    assert not answer.ephemeral
    assert answer.id != message.id
    assert len((await stage.end_of(answer)).pictures) == 2
    first, second = await stage.closed(2)
    assert (second["parent_id"], second["member_id"], second["guild_id"]) == (1, other.id, first["guild_id"])
    ran, again = [dict(task.sent) for task in stage.wiro.tasks]
    assert (ran.pop("seed"), ran.pop("callbackUrl")) != (again.pop("seed"), again.pop("callbackUrl"))
    assert ran == again
    assert stage.ledger() == [("reserve", 2), ("settle", 2)] * 2
    assert len((await stage.member().message(channel, message.id)).pictures) == 2


async def test_two_clicks_are_two_jobs(quick_stage: Stage) -> None:
    """Each click is a wish of its own, with its own seed, and the generations go on."""
    message = await a_result(quick_stage)
    for _ in range(2):
        await click(quick_stage, message, "Reroll")
    jobs = await quick_stage.closed(3)
    child = await quick_stage.member().message(CHANNEL, jobs[1]["message_id"])
    await click(quick_stage, child, "Reroll")
    jobs = await quick_stage.closed(4)
    assert [job["parent_id"] for job in jobs] == [None, 1, 1, 2]
    assert len({task.inputs.seed for task in quick_stage.wiro.tasks}) == 4


async def test_a_message_from_last_month_rerolls(quick_stage: Stage) -> None:
    """The token of the interaction that made the result is long gone; the click brings its own."""
    message = await a_result(quick_stage)
    await quick_stage.members.expire(tokens=True, nonces=True)
    await restart(quick_stage)
    clicked = await click(quick_stage, message, "Reroll")
    answer = await quick_stage.member().message(CHANNEL, clicked.message_id)
    assert (await quick_stage.end_of(answer)).pictures


async def test_a_reroll_without_credits_is_refused(quick_stage: Stage) -> None:
    """The one who clicked is told alone; nothing is begun, and the owner's credits are not touched."""
    stage = quick_stage
    message = await a_result(stage)
    other = stage.member("other")
    await stage.member("moderator").type("quota member", channel=CHANNEL, member=str(other.id), credits="0")
    clicked = await click(stage, message, "Reroll", other)
    assert "There is no allowance for you in this server" in await stage.note(clicked, other)
    assert len(stage.jobs()) == 1


async def test_a_blocked_member_is_refused(quick_stage: Stage) -> None:
    """The reason is told to them alone, after a restart as well."""
    stage = quick_stage
    message = await a_result(stage)
    other = stage.member("other")
    await stage.member("moderator").type(
        "quota block", channel=CHANNEL, member=str(other.id), reason="too many pictures"
    )
    await restart(stage)
    clicked = await click(stage, message, "Reroll", other)
    assert "too many pictures" in await stage.note(clicked, other)
    assert len(stage.jobs()) == 1


async def test_who_may_use_no_commands_rerolls_nothing(quick_stage: Stage) -> None:
    """Discord holds commands to that permission and no buttons, which cost the server as much."""
    message = await a_result(quick_stage)
    other = quick_stage.member("other")
    await quick_stage.members.set_overwrite(CHANNEL, other, deny=Permission.USE_APPLICATION_COMMANDS)
    note = await quick_stage.note(await click(quick_stage, message, "Reroll", other), other)
    assert note.startswith("You may not use commands in this channel")
    assert len(quick_stage.jobs()) == 1
    await quick_stage.members.set_overwrite(CHANNEL, other)
    assert (await click(quick_stage, message, "Reroll", other)).shown == "answered"
    assert len(await quick_stage.closed(2)) == 2


async def test_a_reroll_needs_the_bots_permissions(quick_stage: Stage) -> None:
    """Where the bot may no longer attach files it says so, before anything is reserved."""
    stage = quick_stage
    message = await a_result(stage)
    world = stage.discord.world
    world.deny(world.channel_named(CHANNEL), world.bot.id, 1 << 15)
    clicked = await click(stage, message, "Reroll")
    assert "**Attach Files**" in await stage.note(clicked)
    assert len(stage.jobs()) == 1


@pytest.mark.parametrize("who", ["member", "moderator"])
@pytest.mark.parametrize("channel", [CHANNEL, "thread"])
@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
async def test_owner_or_moderator_deletes(
    quick_stage: Stage, who: str, channel: str, *, is_restarted: bool
) -> None:
    """The message and Wiro's files go, what it cost stays charged, and the one who clicked is told."""
    stage, someone = quick_stage, quick_stage.member(who)
    message = await a_result(stage, channel=channel)
    if is_restarted:
        await restart(stage)
    clicked = await click(stage, message, "Delete", someone)
    assert await stage.note(clicked, someone) == (
        "I am deleting S-1: its message here, and its files at the picture service. What it cost stays"
        " charged."
    )
    await eventually(lambda: stage.jobs()[0]["removed_at"] is not None)
    assert stage.jobs()[0]["removed_by"] == someone.id
    assert [each.id for each in await stage.member().read(channel) if not each.ephemeral] == []
    assert stage.calls("Task/InputOutputDelete") == 1
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
async def test_others_cannot_delete(quick_stage: Stage, *, is_restarted: bool) -> None:
    """Any other member is told why not, and everything stays."""
    stage, other = quick_stage, quick_stage.member("other")
    message = await a_result(stage)
    if is_restarted:
        await restart(stage)
    clicked = await click(stage, message, "Delete", other)
    assert await stage.note(clicked, other) == (
        "Only moderators and the member who asked for this picture can do that. Nothing was changed or"
        " charged. You can ask for a picture of your own with `/sana`."
    )
    assert stage.jobs()[0]["removed_by"] is None
    assert (await stage.member().message(CHANNEL, message.id)).pictures


async def test_what_is_being_deleted_is_gone_for_everybody(quick_stage: Stage) -> None:
    """A click between the wish and its end is told so; Edit needs no picture and opens its form."""
    stage = quick_stage
    message = await a_result(stage)
    await stage.members.add_fault(
        kind="status", method="DELETE", route="/channels/[^/]*/messages/[^/]*", times=None
    )
    await click(stage, message, "Delete")
    for label in ("Reroll", "Delete"):
        clicked = await click(stage, message, label)
        assert await stage.note(clicked) == GONE
    assert (await click(stage, message, "Edit")).modal is not None
    assert len(stage.jobs()) == 1


@pytest.mark.parametrize("action", ["reroll", "edit", "details", "delete"])
@pytest.mark.parametrize(
    "number", ["2", "0", "-1", "x", "", "9" * 19, "9" * 80, "1 ", "\N{ARABIC-INDIC DIGIT ONE}"]
)
async def test_forged_buttons_are_refused(quick_stage: Stage, action: str, number: str) -> None:
    """A button that this bot never wrote gets a polite no, and nothing happens."""
    stage = quick_stage
    message = await a_result(stage)
    forged = f"sana:{action}:{number}"
    button_of(stage, message, f"sana:{action}:1")["custom_id"] = forged
    clicked = await stage.member().click(message, custom_id=forged)
    assert await stage.note(clicked) == GONE
    assert len(stage.jobs()) == 1
    assert stage.jobs()[0]["removed_by"] is None


@pytest.mark.parametrize("action", ["reroll", "edit", "details", "delete"])
async def test_results_of_another_server_are_not_there(quick_stage: Stage, action: str) -> None:
    """A moderator of another server reaches nothing of this one."""
    stage = quick_stage
    message = await a_result(stage)
    stranger = stage.member("moderator2", "Second server")
    clicked = await click_from_elsewhere(stage, stranger, message, f"sana:{action}:1")
    assert await stage.note(clicked, stranger) == GONE
    assert len(stage.jobs()) == 1
    assert stage.jobs()[0]["removed_by"] is None


@pytest.mark.parametrize("action", ["reroll", "delete"])
async def test_pending_jobs_are_no_results(stage: Stage, action: str) -> None:
    """A forged button of a job without pictures is refused."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    forged = f"sana:{action}:1"
    button_of(stage, message, "sana:cancel:1")["custom_id"] = forged
    clicked = await stage.member().click(message, custom_id=forged)
    assert await stage.note(clicked) == GONE
    assert len(stage.jobs()) == 1


@pytest.mark.parametrize("label", ["Reroll", "Edit", "Details", "Delete"])
async def test_servers_that_are_not_served_are_refused(quick_stage: Stage, label: str) -> None:
    """Buttons in a server that the owner took off the list say so."""
    stage = quick_stage
    message = await a_result(stage)
    await stage.stop_bot()
    await stage.start_bot(discord_guild_ids=str(stage.discord.world.guild_named("Second server").id))
    clicked = await click(stage, message, label)
    assert "I do not serve this server" in await stage.note(clicked)
    assert len(stage.jobs()) == 1
