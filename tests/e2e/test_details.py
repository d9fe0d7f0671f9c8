"""Details tell all about a job: below its pictures, and by the menu on any of its messages."""

import re

import pytest

from sandbox.members import Member, Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage, eventually

MENU = "Sana details"
NONE_OF_MINE = (
    "That message is none of my pictures, so I know nothing about it. Nothing was charged. Please choose one"
    " that I posted for `/sana`."
)


async def a_result(stage: Stage, *, channel: str = CHANNEL) -> Message:
    """Return a message with pictures, its job closed."""
    message = await stage.end_of(await stage.sana(channel=channel))
    await stage.closed(len(stage.jobs()))
    return message


async def clicked(stage: Stage, message: Message, who: Member | None = None) -> str:
    """Return what the button shows."""
    someone = who or stage.member()
    return await stage.note(await someone.click(message, label="Details"), someone)


async def from_menu(stage: Stage, message: Message, who: Member | None = None) -> str:
    """Return what the menu shows."""
    someone = who or stage.member()
    channel = message.channel_id
    return await stage.note(await someone.open_menu(MENU, message, channel=channel), someone)


async def child_of(stage: Stage, message: Message, who: Member | None = None) -> Message:
    """Reroll a result, and return the new one."""
    someone = who or stage.member()
    rerolled = await someone.click(message, label="Reroll")
    child = await stage.end_of(await someone.message(message.channel_id, rerolled.message_id))
    await stage.closed(len(stage.jobs()))
    return child


def link(stage: Stage, message: Message) -> str:
    """Return a message's address."""
    guild = stage.discord.world.guild_named("Sandbox")
    return f"https://discord.com/channels/{guild.id}/{message.channel_id}/{message.id}"


@pytest.mark.parametrize("channel", [CHANNEL, "thread"])
@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
async def test_button_and_menu_tell_the_same(quick_stage: Stage, channel: str, *, is_restarted: bool) -> None:
    """Every parameter, the line to copy, the times and the cost, for the eyes of whoever asks."""
    stage = quick_stage
    stage.usual |= {"negative_prompt": "cars", "seed": 7, "samples": 2}
    message = await a_result(stage, channel=channel)
    if is_restarted:
        await stage.members.expire(tokens=True)
        await stage.stop_bot()
        await stage.start_bot()
    text = await clicked(stage, message, stage.member("other"))
    assert await from_menu(stage, message, stage.member("other")) == text
    seconds = r"\d+\.\d seconds"
    assert re.fullmatch(
        rf"\*\*S-1\*\*, asked for by <@{stage.member().id}> <t:\d+:f>\n"
        rf"\*\*Time:\*\* {seconds} in line, {seconds} of work, {seconds} from request to picture\n"
        r"\*\*Cost:\*\* 2 credits\n"
        r"\*\*Prompt:\*\* a red fox\n"
        r"\*\*Negative prompt:\*\* cars\n"
        r"\*\*Seed:\*\* 7 · \*\*Size:\*\* 256 × 256 · \*\*Steps:\*\* 25 · \*\*Scale:\*\* 3\.5"
        r" · \*\*Pictures:\*\* 2 · \*\*Spoiler:\*\* no\n"
        r"Copy this into the message box to make it again:\n"
        r"```\n/sana prompt:a red fox negative_prompt:cars width:256 height:256 samples:2 seed:7\n```",
        text,
    ), text


async def test_moderators_read_what_the_owner_paid(quick_stage: Stage) -> None:
    """In dollars, as Wiro billed it; nobody else reads it."""
    message = await a_result(quick_stage)
    paid = quick_stage.jobs()[0]["cost_usd"]
    assert f"the owner paid ${float(paid):.6f}" in await clicked(
        quick_stage, message, quick_stage.member("moderator")
    )
    assert "$" not in await clicked(quick_stage, message)


async def test_the_family_over_two_generations(quick_stage: Stage) -> None:
    """Each one names what it was made from and what was made from it, with links, after a restart too."""
    stage = quick_stage
    first = await a_result(stage)
    second = await child_of(stage, first)
    third = await child_of(stage, second, stage.member("other"))
    fourth = await child_of(stage, second)
    for _ in range(2):
        assert (await clicked(stage, first)).endswith(f"**Made from this:** [S-2]({link(stage, second)})")
        assert (await clicked(stage, second)).endswith(
            f"**Made from:** [S-1]({link(stage, first)})\n"
            f"**Made from this:** [S-3]({link(stage, third)}), [S-4]({link(stage, fourth)})"
        )
        assert (await clicked(stage, third)).endswith(f"**Made from:** [S-2]({link(stage, second)})")
        await stage.stop_bot()
        await stage.start_bot()
    await stage.member().click(second, label="Delete")
    await stage.member().wait_until_deleted(second)
    assert (await clicked(stage, first)).endswith("**Made from this:** S-2 (deleted)")
    assert (await clicked(stage, third)).endswith("**Made from:** S-2 (deleted)")


async def test_ten_of_a_large_family_are_named(quick_stage: Stage) -> None:
    """The newest ones, and how many there are in all."""
    stage = quick_stage
    await stage.member("moderator").type("quota default", channel=CHANNEL, credits="unlimited", period="day")
    first = await a_result(stage)
    for _ in range(12):
        await stage.member().click(first, label="Reroll")
    await stage.closed(13)
    *_, last = (await clicked(stage, first)).split("\n")
    assert last.startswith("**Made from this:** 12 in all; the newest: [S-4](")
    assert re.findall(r"\[S-(\d+)\]", last) == [str(number) for number in range(4, 14)]


async def test_what_did_not_come_was_not_charged(quick_stage: Stage) -> None:
    """Of four pictures three came: the page says so, after a restart too."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(fewer_outputs=3)))
    stage.usual |= {"samples": 4}
    message = await a_result(stage)
    for _ in range(2):
        assert "**Cost:** 3 credits (3 of 4 pictures came)" in await clicked(stage, message)
        await stage.stop_bot()
        await stage.start_bot()


async def test_the_menu_tells_about_pending_jobs(stage: Stage) -> None:
    """One that is being made has no pictures yet, and all its parameters."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    await eventually(lambda: stage.jobs()[0]["state"] == "running")
    for _ in range(2):
        text = await from_menu(stage, message)
        assert "It is being made." in text
        assert "**Cost:** 1 credit, charged only if a picture comes" in text
        assert "/sana prompt:a red fox seed:" in text
        await stage.stop_bot()
        await stage.start_bot()


async def test_the_menu_tells_about_jobs_without_pictures(quick_stage: Stage) -> None:
    """What happened, and that it cost nothing."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    await stage.member().click(message, label="Cancel")
    await stage.closed()
    text = await from_menu(stage, message)
    assert f"<@{stage.member().id}> cancelled this before there was a picture." in text
    assert "**Cost:** nothing" in text


async def test_other_messages_are_none_of_its_pictures(quick_stage: Stage) -> None:
    """A member's message, and the bot's own that is no job's, get a polite no."""
    stage = quick_stage
    written = await stage.member().write("a red fox", channel=CHANNEL)
    assert await from_menu(stage, written) == NONE_OF_MINE
    ideas = await stage.member().type("inspire", channel=CHANNEL)
    shown = await stage.member().message(CHANNEL, ideas.message_id)
    assert await from_menu(stage, shown) == NONE_OF_MINE
    assert stage.jobs() == []


async def test_the_longest_job_has_details(quick_stage: Stage) -> None:
    """The line is whole beside the longest prompts, and Discord takes the page, with a family as well."""
    stage = quick_stage
    stage.usual |= {"prompt": "`" * 1999 + "x", "negative_prompt": "x" + "*" * 999, "seed": 2**32 - 1}
    message = await a_result(stage)
    child = await child_of(stage, message)
    text = await clicked(stage, message, stage.member("moderator"))
    line = f"/sana prompt:{chr(39) * 1999}x negative_prompt:x{'*' * 999} width:256 height:256 seed:4294967295"
    assert (
        f"```\n{line}\n```\n-# It differs a little: a command cannot hold all of it as it was."
        "\n-# This is longer than Discord's message box takes; press Edit below the picture instead."
    ) in text
    assert link(stage, child) in text
    stage.usual["prompt"] = "seed:" * 400
    assert "/sana prompt:seed\uff1aseed\uff1a" in await clicked(stage, await a_result(stage))
