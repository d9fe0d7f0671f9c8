"""`/sana-check`: what a moderator reads about the bot in their own server, and what they do not."""

import asyncio

import pytest

from sandbox.discord.permissions import Permission
from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.script import Rule
from tests.support.log import Log
from tests.support.stage import CHANNEL, PATIENCE_SECONDS, Stage

COMMAND = "sana-check"


async def shown(stage: Stage, channel: str | int = CHANNEL) -> str:
    """Return what the moderator reads, and nobody else."""
    moderator = stage.member("moderator")
    return await stage.note(await moderator.type(COMMAND, channel=channel), moderator)


async def test_a_moderator_reads_what_there_is_to_know(quick_stage: Stage) -> None:
    """This channel, the others with what they lack, the upload limit, Wiro, callbacks and the line."""
    stage = quick_stage
    text = await shown(stage)
    assert "This channel: I can do all that a picture needs." in text
    for channel, missing in (("no-files", "Attach Files"), ("hidden", "View Channel")):
        assert f"<#{stage.members.channel_id(channel)}>: **{missing}**" in text
    assert "Upload limit: 10 MiB" in text
    assert "Wiro takes pictures on." in text
    assert "Callbacks: Wiro tells me" in text
    assert "Line: 0 waiting, 0 at Wiro" in text


async def test_what_this_channel_lacks_comes_first(quick_stage: Stage) -> None:
    """In a channel where `/sana` is refused it is said what to allow."""
    text = await shown(quick_stage, "no-files")
    assert "This channel: I lack **Attach Files**" in text
    assert f"<#{quick_stage.members.channel_id('no-files')}>" not in text


async def test_channels_that_a_moderator_does_not_see_stay_unnamed(quick_stage: Stage) -> None:
    """A hidden channel is not given away because the bot lacks something in it."""
    stage = quick_stage
    channel_id = stage.members.channel_id("general")
    await stage.members.set_overwrite("general", deny=Permission.ATTACH_FILES)
    assert f"<#{channel_id}>" in await shown(stage)
    everyone = stage.members.role_id("@everyone")
    await stage.members.set_overwrite("general", everyone, deny=Permission.VIEW_CHANNEL)
    assert f"<#{channel_id}>" not in await shown(stage)


async def test_a_server_in_which_nothing_is_missing_is_told_so(quick_stage: Stage) -> None:
    """Where the bot has all it needs, no channel is listed."""
    stage = quick_stage
    for channel in ("no-files", "hidden"):
        await stage.members.set_overwrite(channel)
    assert "Other channels: nothing is missing" in await shown(stage)


async def test_a_boosted_server_has_its_own_limit(quick_stage: Stage) -> None:
    """The limit is that of the server's boost tier."""
    await quick_stage.members.set_boost_tier(2)
    assert "Upload limit: 50 MiB" in await shown(quick_stage)


async def test_trouble_with_the_account_is_said_without_its_details(quick_stage: Stage, log: Log) -> None:
    """A held line is told, and whom to tell; why, and what Wiro said, is the owner's."""
    stage = quick_stage
    fault = CallFault(error="Insufficient balance: 0.02 dollars.", error_code=97)
    stage.wiro.script.add(Rule(call="Run", do=fault, times=None))
    await stage.sana()
    await log.wait_for("line.held")
    text = await shown(stage)
    assert "Wiro refuses the account." in text
    assert "tell the bot's owner" in text
    assert "balance" not in text


async def test_the_line_is_counted(polling_stage: Stage) -> None:
    """What waits and what Wiro has are numbers, and a bot without callbacks says that it asks."""
    stage = polling_stage
    await stage.stop_bot()
    await stage.start_bot(wiro_max_concurrent="1")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    for _ in range(3):
        await stage.sana()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "Line: 2 waiting, 1 at Wiro" not in (text := await shown(stage)):
            assert "Line: " in text
    assert "Callbacks: none" in text


async def test_nothing_of_the_owners_is_in_it(quick_stage: Stage) -> None:
    """No setting's value that is an address, a path or a secret."""
    text = await shown(quick_stage)
    private = [value for value in quick_stage.environment.values() if len(value) > len("8080x")]
    assert private
    assert [value for value in private if value in text] == []


@pytest.mark.parametrize("who", ["member", "booster"])
async def test_members_are_refused(quick_stage: Stage, who: str) -> None:
    """Discord hides the command from them, and the bot refuses whoever gets past that."""
    member = quick_stage.member(who)
    typed = await member.type(COMMAND, channel=CHANNEL, raw=True)
    assert "**Moderate Members**" in await quick_stage.note(typed, member)
