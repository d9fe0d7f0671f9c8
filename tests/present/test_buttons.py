"""Buttons as members click them, before and after a restart."""

import pytest
from discord.ext import commands

from bot.errors import JobOverError, NotAllowedError, Refusal
from bot.jobs.model import Job
from bot.parameters import INSPIRES
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members
from tests.present.support import Notes, answer_to, parameters_of, running_bot

pytestmark = pytest.mark.usefixtures("bot")


async def test_ideas_are_shown_and_made(member: Member, service: Notes) -> None:
    """/inspire shows all ideas to the member alone, and the chosen one becomes a message for everybody."""
    sent = await member.type("inspire", channel="pictures")
    page = await answer_to(member, sent)
    assert page.ephemeral
    assert [button.label for button in page.buttons] == ["Make this"] * 4
    for idea in INSPIRES:
        assert idea.title in page.text
    chosen = await member.click(page, custom_id="sana:inspire:2")
    job = await service.until_told("acknowledged")
    assert job.message_id == chosen.message_id
    assert parameters_of(job).prompt == INSPIRES[1].prompt
    assert parameters_of(job).negative_prompt == INSPIRES[1].negative_prompt
    message = await answer_to(member, chosen)
    assert not message.ephemeral
    assert [button.custom_id for button in message.buttons] == [f"sana:cancel:{job.id}"]


@pytest.mark.parametrize(
    ("who", "role"), [("member", "member"), ("other", "member"), ("moderator", "moderator")]
)
async def test_cancelling(
    members: Members, member: Member, service: Notes, job: Job, who: str, role: str
) -> None:
    """A click is handed on with who it was and answered for them alone; the message stays as it was."""
    message = await member.message("pictures", job.message_id)
    clicker = members.of(who)
    sent = await clicker.click(message, label="Cancel")
    assert service.told[-1] == (f"cancel for {role} {clicker.id} of {job.guild_id}, {job.channel_id}", job.id)
    note = await answer_to(clicker, sent)
    assert note.ephemeral
    assert f"S-{job.id} is cancelled" in note.text
    assert (await member.message("pictures", job.message_id)).text == message.text


@pytest.mark.parametrize(
    ("refusal", "words"),
    [(NotAllowedError(), "Only moderators and the member"), (JobOverError(), "has ended already")],
    ids=["not allowed", "over"],
)
async def test_cancelling_that_is_refused(
    member: Member, service: Notes, job: Job, refusal: Refusal, words: str
) -> None:
    """A click that changes nothing is explained to whoever clicked."""
    service.refuse_with = refusal
    sent = await member.click(await member.message("pictures", job.message_id), label="Cancel")
    note = await answer_to(member, sent)
    assert note.ephemeral
    assert words in note.text


async def test_a_restart_leaves_buttons_working(
    bot: commands.AutoShardedBot, server: DiscordServer, members: Members, service: Notes, job: Job
) -> None:
    """Nothing that a click needs is in the memory of the process that sent the button."""
    member = members.of("member")
    page = await answer_to(member, await member.type("inspire", channel="pictures"))
    await bot.close()
    async with running_bot(server, service, members):
        await member.click(await member.message("pictures", job.message_id), label="Cancel")
        assert service.told[-1] == (
            f"cancel for member {member.id} of {job.guild_id}, {job.channel_id}",
            job.id,
        )
        await member.click(page, custom_id="sana:inspire:4")
        assert parameters_of(service.jobs[job.id + 1]).prompt == INSPIRES[3].prompt
