"""Clicks, submissions and reactions that no honest client sends: a polite no, and nothing happens."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sandbox.discord.interaction import Deed, InteractionKind
from sandbox.discord.model import Message as Posted
from sandbox.members import Interaction, Member, Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.quotas import ask, said
from tests.support.reactions import DELETE, MAIL, REROLL
from tests.support.stage import CHANNEL, Stage

SECOND = "Second server"
ACTIONS = ["cancel", "reroll", "edit", "details", "delete"]
NO = {
    "cancel": "Only moderators and the member who asked for this picture can do that.",
    "delete": "Only moderators and the member who asked for this picture can do that.",
    "elsewhere": "These pictures are not here any more, or never were. Nothing was charged.",
    "unknown": "That is nothing that I know, or know any more. Nothing was changed or charged.",
}
BUTTON, SELECT = 2, 3


async def a_job(stage: Stage, *, running: bool = False) -> Message:
    """Return the message of a member's job: a result, or one that runs for as long as it may."""
    if running:
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        message = await stage.sana()
        return await stage.member().wait_for_change(message, lambda shown: "being made" in shown.text)
    message = await stage.end_of(await stage.sana())
    await stage.closed()
    return message


async def click(
    stage: Stage, who: Member, custom_id: str, *, channel: str, on: Posted | None, kind: int = BUTTON
) -> Interaction:
    """Send a click as a forger does: any id, on any message, in any channel."""
    deed = Deed({"custom_id": custom_id, "component_type": kind}, "forged", on)
    return await send(stage, who, InteractionKind.COMPONENT, deed, channel)


async def send(stage: Stage, who: Member, kind: InteractionKind, deed: Deed, channel: str) -> Interaction:
    """Send an interaction to the bot and return what became of it."""
    world = stage.discord.world
    place = world.channel_named(channel, who.guild)
    sent = stage.discord.interactions.send(kind, world.users[who.id], place, deed)
    [found] = [each for each in await stage.members.interactions() if each.id == sent.id]
    return await stage.members.wait_for_answer(found)


def posted(stage: Stage, message: Message) -> Posted:
    """Return a message as Discord keeps it."""
    return stage.discord.world.channels[message.channel_id].messages[message.id]


def with_button(message: Posted, custom_id: str) -> Posted:
    """Let a message have a button of this id."""
    row = {"type": 1, "id": 90, "components": [{"type": BUTTON, "id": 91, "style": 2, "label": "x"}]}
    row["components"][0]["custom_id"] = custom_id  # type: ignore[index] # a list of objects, as above
    container = {**message.body.components[0]}
    container["components"] = [*container["components"], row]
    message.body = replace(message.body, components=(container,))
    return message


def everything(stage: Stage) -> Mapping[str, object]:
    """Return what a forger could change."""
    return {"jobs": stage.jobs(), "ledger": stage.ledger(), "runs": stage.calls("Run")}


async def is_refused(stage: Stage, answered: Interaction, who: Member, why: str) -> bool:
    """Tell whether the answer was this no, for the eyes of the one who tried it alone."""
    return (await stage.note(answered, who)).startswith(NO[why])


@pytest.mark.parametrize("who", ["other", "booster", "newcomer"])
async def test_nobody_ends_or_deletes_what_is_anothers(quick_stage: Stage, who: str) -> None:
    """Each way to end a job or to delete a result is refused to all members but its own."""
    stage, someone = quick_stage, quick_stage.member(who)
    done = await a_job(stage)
    running = await a_job(stage, running=True)
    before = everything(stage)
    assert await is_refused(stage, await someone.click(running, label="Cancel"), someone, "cancel")
    assert await is_refused(stage, await someone.click(done, label="Delete"), someone, "delete")
    await someone.react(done, DELETE)
    notice = await someone.wait_for_message(
        CHANNEL, lambda shown: shown.reply_to == done.id and not shown.ephemeral
    )
    assert notice.text.startswith(f"<@{someone.id}> {NO['delete']}")
    assert notice.pings == (str(someone.id),)
    assert everything(stage) == before


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_server_reaches_anothers_jobs(quick_stage: Stage, action: str) -> None:
    """A moderator's forged button in another server does nothing to a job, and shows nothing of it."""
    stage, stranger = quick_stage, quick_stage.member("moderator2", SECOND)
    await a_job(stage, running=action == "cancel")
    before = everything(stage)
    theirs = await stranger.type("inspire", channel="general")
    page = posted(stage, await stranger.message("general", theirs.message_id))
    forged = f"sana:{action}:1"
    clicked = await click(stage, stranger, forged, channel="general", on=with_button(page, forged))
    assert await is_refused(stage, clicked, stranger, "cancel" if action == "cancel" else "elsewhere")
    assert everything(stage) == before


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ["member", "moderator"])
async def test_no_channel_reaches_anothers_jobs(quick_stage: Stage, action: str, who: str) -> None:
    """Permissions and sight are a channel's: a forged button works in no other, not even for the owner."""
    stage, someone = quick_stage, quick_stage.member(who)
    await a_job(stage, running=action == "cancel")
    before = everything(stage)
    here = await someone.type("inspire", channel="general")
    page = posted(stage, await someone.message("general", here.message_id))
    forged = f"sana:{action}:1"
    clicked = await click(stage, someone, forged, channel="general", on=with_button(page, forged))
    assert await is_refused(stage, clicked, someone, "cancel" if action == "cancel" else "elsewhere")
    assert everything(stage) == before


@pytest.mark.parametrize(("guild", "channel"), [("Sandbox", "general"), (SECOND, "general")])
async def test_a_forged_modal_reaches_no_other_place(quick_stage: Stage, guild: str, channel: str) -> None:
    """A submission about a job of another channel or server is refused, and nothing of it is shown."""
    stage = quick_stage
    await a_job(stage)
    before = everything(stage)
    someone = stage.member("owner" if guild == "Sandbox" else "moderator2", guild)
    value = {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "mine"}}
    deed = Deed({"custom_id": "sana:edit:1", "components": [value]}, "forged")
    submitted = await send(stage, someone, InteractionKind.MODAL_SUBMIT, deed, channel)
    assert await is_refused(stage, submitted, someone, "elsewhere")
    assert everything(stage) == before


@pytest.mark.parametrize("emoji", [REROLL, DELETE, MAIL])
async def test_a_reaction_from_another_server_is_about_nothing(quick_stage: Stage, emoji: str) -> None:
    """A reaction that names a result as if it were in another server is none on a result."""
    stage = quick_stage
    done = await a_job(stage)
    before = everything(stage)
    second, stranger = stage.discord.world.guild_named(SECOND), stage.member("moderator2", SECOND)
    there = stage.discord.world.channel_named("general", SECOND)
    forged = Posted(done.id, there.id, second.id, stage.discord.world.bot, posted(stage, done).body)
    stage.discord.messages.react(forged, emoji, stage.discord.world.users[stranger.id])
    assert (await stage.end_of(await stage.sana())).pictures  # by then the reaction was heard
    await stage.closed(2)
    assert everything(stage)["jobs"] == [*before["jobs"], stage.jobs()[1]]  # type: ignore[misc] # a list
    assert await stranger.read("general") == []
    assert await stranger.read(await stranger.dm()) == []


@pytest.mark.parametrize(
    "custom_id",
    [
        "x",
        "sana",
        "sana:",
        "sana:delete",
        "sana:everything:1",
        "SANA:delete:1",
        "sana:delete:1\n",
        "\nsana:delete:1",
        "sana:history",
        "a" * 100,
        "\u202e1:eteled:anas",
        "🔁" * 50,
    ],
)
async def test_ids_that_no_part_knows(quick_stage: Stage, custom_id: str) -> None:
    """Whatever a button or a modal says, it is answered: with a no, and once."""
    stage, someone = quick_stage, quick_stage.member()
    done = await a_job(stage)
    before = everything(stage)
    message = with_button(posted(stage, done), custom_id)
    for sent in (
        await click(stage, someone, custom_id, channel=CHANNEL, on=message),
        await send(
            stage,
            someone,
            InteractionKind.MODAL_SUBMIT,
            Deed({"custom_id": custom_id, "components": []}, "forged"),
            CHANNEL,
        ),
    ):
        assert await is_refused(stage, sent, someone, "unknown")
    assert everything(stage) == before
    answers = [each for each in await stage.members.requests() if each["route"].startswith("/interactions")]
    assert [each["status"] for each in answers if each["status"] != 200] == []


@pytest.mark.parametrize("kind", [BUTTON, SELECT])
@pytest.mark.parametrize("action", [*ACTIONS, "inspire", "history:"])
async def test_a_click_on_what_a_message_does_not_have(quick_stage: Stage, action: str, kind: int) -> None:
    """A well-formed id that is not on the message, or not of that kind, is a no as well."""
    stage, someone = quick_stage, quick_stage.member()
    done = await a_job(stage)
    before = everything(stage)
    page = posted(
        stage, await someone.message(CHANNEL, (await someone.type("usage", channel=CHANNEL)).message_id)
    )
    of_kind = posted(stage, done) if kind == SELECT else page
    clicked = await click(stage, someone, f"sana:{action}:1", channel=CHANNEL, on=of_kind, kind=kind)
    assert await is_refused(stage, clicked, someone, "unknown")
    assert everything(stage) == before


async def test_every_real_button_is_answered_by_its_own_part(quick_stage: Stage) -> None:
    """What looks after unknown clicks answers none of the others."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    await said(moderator, "quota default", credits="500", period="day")
    ideas = await ask(moderator, "inspire")
    await moderator.click(ideas, custom_id="sana:inspire:1")
    await stage.closed()
    done = await stage.end_of(await stage.sana(moderator))
    await stage.closed(2)
    opened = await moderator.click(done, label="Edit")
    await moderator.submit(opened, {"prompt": "a blue fox"})
    for label in ("Reroll", "Details", "Delete"):
        await moderator.click(done, label=label)
    for number in range(12):
        await said(moderator, "quota grant", member=str(stage.member().id), credits=1, reason=f"{number}")
    history = await ask(moderator, "quota history")
    await moderator.click(history, label="Older")
    await moderator.click(await a_job(stage, running=True), label="Cancel")
    assert [
        shown.text for shown in await moderator.read(CHANNEL) if shown.text.startswith(NO["unknown"])
    ] == []
    assert len(stage.jobs()) == 5
