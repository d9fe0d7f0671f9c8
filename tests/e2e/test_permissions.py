"""Where the bot may work: what it lacks in a channel is named first, and other servers are not served."""

import asyncio
import contextlib

import pytest

from bot.present.messenger import TOKEN_WAY_LASTS
from bot.present.permissions import PRIVATE_THREAD
from sandbox.discord.permissions import Permission
from sandbox.members import Refused
from sandbox.wiro import Rule, TaskScript
from tests.support.clock import Clock
from tests.support.stage import CHANNEL, PATIENCE_SECONDS, REFUNDED, Stage, eventually

NEEDED = {
    Permission.VIEW_CHANNEL: "View Channel",
    Permission.SEND_MESSAGES: "Send Messages",
    Permission.ATTACH_FILES: "Attach Files",
    Permission.READ_MESSAGE_HISTORY: "Read Message History",
}


async def deny(stage: Stage, permissions: int) -> None:
    """Take permissions from the bot in the channel of pictures; 0 gives all of them back."""
    target = f"/channels/{stage.members.channel_id(CHANNEL)}/overwrites/{stage.discord.bot_user_id}"
    await stage.members.call("PUT", target, {"deny": str(int(permissions)), "allow": "0"})


async def register_elsewhere(stage: Stage) -> None:
    """Register `/sana` for all servers, as an older bot has left it behind."""
    url = f"{stage.discord.api_base}/applications/{stage.discord.application_id}/commands"
    headers = {"Authorization": f"Bot {stage.environment['DISCORD_TOKEN']}"}
    command = {"type": 1, "name": "sana", "description": "Make a picture from words"}
    async with stage.members.session.put(url, json=[command], headers=headers) as answered:
        assert answered.ok


def named(note: str) -> list[str]:
    """Return the permissions that a note names."""
    return note.split("**")[1::2]


@pytest.mark.parametrize(("permission", "name"), NEEDED.items(), ids=NEEDED.values())
async def test_a_missing_permission_is_named_before_anything_is_reserved(
    stage: Stage, permission: Permission, name: str
) -> None:
    """Each permission that a late delivery would need is asked for by the name that Discord shows."""
    await deny(stage, permission)
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox")
    note = await stage.note(typed)
    assert name in named(note)
    assert "Nothing was charged." in note
    assert await stage.nothing_happened()
    await deny(stage, 0)
    assert (await stage.end_of(await stage.sana(width=256, height=256))).pictures


@pytest.mark.parametrize("permission", [Permission.ATTACH_FILES, Permission.READ_MESSAGE_HISTORY])
async def test_only_what_is_missing_is_named(stage: Stage, permission: Permission) -> None:
    """A moderator reads exactly what to give."""
    await deny(stage, permission)
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox")
    assert named(await stage.note(typed)) == [NEEDED[permission]]


async def test_a_thread_needs_its_own_permission(stage: Stage) -> None:
    """In a thread it is Send Messages in Threads that counts, and Send Messages does not."""
    await deny(stage, Permission.SEND_MESSAGES_IN_THREADS)
    typed = await stage.member().type("sana", channel="thread", prompt="a red fox")
    assert named(await stage.note(typed)) == ["Send Messages in Threads"]
    assert await stage.nothing_happened(channel="thread")
    await deny(stage, Permission.SEND_MESSAGES)
    done = await stage.end_of(await stage.sana(channel="thread", width=256, height=256))
    assert done.channel_id == stage.members.channel_id("thread")
    assert len(done.pictures) == 1


async def test_the_chat_of_a_voice_channel_needs_connect(clock: Clock, quick_stage: Stage) -> None:
    """Without it a late picture would be refused there: it is asked for first."""
    stage = quick_stage
    voice = await stage.members.add_channel("voice", voice=True)
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana(channel=voice)
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    clock.ahead += TOKEN_WAY_LASTS
    stage.wiro.finish(task.taskid)
    done = await stage.end_of(message)
    assert len(done.pictures) == 1
    await stage.members.set_overwrite(voice, deny=Permission.CONNECT)
    typed = await stage.member().type("sana", channel=voice, prompt="a red fox")
    assert named(await stage.note(typed)) == ["Connect"]
    assert len(stage.jobs()) == 1


async def test_a_private_thread_without_the_bot_is_refused(stage: Stage) -> None:
    """A command reaches the bot from there, but its late edits would not: somebody must add it first."""
    member = stage.member()
    alone = await stage.members.add_channel("alone", under=CHANNEL, invited=[member.id])
    typed = await member.type("sana", channel=alone, prompt="a red fox")
    assert named(await stage.note(typed)) == [PRIVATE_THREAD]
    assert await stage.nothing_happened(channel=alone)
    invited = [member.id, stage.discord.bot_user_id]
    together = await stage.members.add_channel("together", under=CHANNEL, invited=invited)
    done = await stage.end_of(await stage.sana(channel=together, width=256, height=256))
    assert (done.channel_id, len(done.pictures)) == (together, 1)


async def test_a_private_thread_is_not_refused_before_discord_told_of_the_server(quick_stage: Stage) -> None:
    """After a start the bot does not know yet which threads it is in: nobody is asked to add it again."""
    stage = quick_stage
    invited = [stage.member().id, stage.discord.bot_user_id]
    together = await stage.members.add_channel("together", under=CHANNEL, invited=invited)
    await stage.stop_bot()
    await stage.members.trouble_gateway(withholds_guilds=True)
    await stage.start_bot()
    assert (await stage.end_of(await stage.sana(channel=together))).pictures


@pytest.mark.parametrize("channel", ["no-files", "hidden"])
async def test_channels_that_the_bot_cannot_use_are_refused(stage: Stage, channel: str) -> None:
    """A channel without files and one that the bot does not see are no places for pictures."""
    typed = await stage.member().type("sana", channel=channel, prompt="a red fox")
    note = await stage.note(typed)
    assert note.startswith("I am missing permissions in this channel: ")
    assert note.endswith("Please ask a moderator to give them to me, or use `/sana` in another channel.")
    assert await stage.nothing_happened(channel=channel)


@pytest.mark.parametrize("permission", [Permission.ADD_REACTIONS, Permission.EMBED_LINKS])
async def test_what_is_not_needed_is_not_asked_for(stage: Stage, permission: Permission) -> None:
    """The picture comes all the same without the right to react or to embed links."""
    await deny(stage, permission)
    assert (await stage.end_of(await stage.sana(width=256, height=256))).pictures
    [job] = await stage.closed()
    assert job["state"] == "delivered"


async def test_only_the_named_servers_are_served(stage: Stage) -> None:
    """With `DISCORD_GUILD_IDS`, commands and buttons that are left over elsewhere are refused."""
    outsider = stage.member("outsider", "Second server")
    ideas = await outsider.type("inspire", channel="general")
    shown = await outsider.message("general", ideas.message_id)
    await stage.stop_bot()
    await stage.start_bot(discord_guild_ids=str(stage.members.guild_id("Sandbox")))
    await register_elsewhere(stage)
    typed = await outsider.type("sana", channel="general", prompt="a red fox", raw=True)
    clicked = await outsider.click(shown, custom_id=shown.buttons[0].custom_id)
    for refused in (typed, clicked):
        assert await stage.note(refused, outsider) == (
            "I do not serve this server, so nothing was started and nothing was charged. Please use me in a"
            " server that I was set up for."
        )
    assert await stage.nothing_happened(outsider, channel="general")
    assert (await stage.end_of(await stage.sana(width=256, height=256))).pictures


async def test_the_commands_exist_in_the_named_servers_alone(bare_stage: Stage) -> None:
    """With `DISCORD_GUILD_IDS`, members of other servers are not even offered the command."""
    stage, outsider = bare_stage, bare_stage.member("outsider", "Second server")
    await stage.start_bot(discord_guild_ids=str(stage.members.guild_id("Sandbox")))
    with pytest.raises(Refused, match="There is no command 'sana' here"):
        await outsider.type("sana", channel="general", prompt="a red fox")
    assert (await stage.sana()).buttons


async def test_naming_servers_takes_the_commands_back_elsewhere(bare_stage: Stage) -> None:
    """Whoever served everybody before leaves no second `/sana` behind, and none where nobody is served."""
    stage = bare_stage
    for servers in ("", str(stage.members.guild_id("Sandbox"))):
        await stage.start_bot(discord_guild_ids=servers)
        await stage.stop_bot()
    for channel, guild, expected in (
        (
            CHANNEL,
            "Sandbox",
            ["Sana details", "Sana usage", "inspire", "quota", "sana", "sana-check", "usage"],
        ),
        ("general", "Second server", []),
    ):
        channel_id = stage.members.channel_id(channel, guild)
        offered = await stage.members.call("GET", f"/channels/{channel_id}/commands")
        assert sorted(command["name"] for command in offered) == expected


async def test_a_named_server_that_invites_the_bot_again_gets_its_commands(bare_stage: Stage) -> None:
    """Discord forgets a server's own commands with the bot: they are there again without a restart."""
    stage, guild = bare_stage, bare_stage.discord.world.guild_named("Sandbox")
    await stage.start_bot(discord_guild_ids=str(guild.id))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:  # until two seconds after the last, discord.py takes servers for those that were there
            stage.discord.changes.remove_member(guild, stage.discord.world.bot)
            assert not stage.discord.commands.all_of(guild.id)
            stage.discord.changes.invite_bot(guild)
            with contextlib.suppress(TimeoutError):
                await eventually(lambda: bool(stage.discord.commands.all_of(guild.id)), 3.0)
                break
    assert (await stage.end_of(await stage.sana(width=256, height=256))).pictures


async def test_there_are_no_commands_in_direct_messages(stage: Stage) -> None:
    """A picture is always made in a server: nobody is offered the command in direct messages."""
    channel = await stage.member().dm()
    with pytest.raises(Refused, match="There is no command 'sana' here"):
        await stage.member().type("sana", channel=channel, prompt="a red fox")


async def test_pictures_that_discord_no_longer_takes_are_told_of(clock: Clock, quick_stage: Stage) -> None:
    """Attach Files is taken away while a long task runs: its message says so, and whom to ask."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await deny(stage, Permission.ATTACH_FILES)
    clock.ahead += TOKEN_WAY_LASTS
    stage.wiro.finish(task.taskid)
    ended = await stage.end_of(message)
    assert ended.text.startswith(
        "The picture was made, but Discord does not take it here.\nYour 1 credit is back.\n"
    )
    [job] = await stage.closed()
    assert (job["state"], job["interaction_token"]) == ("undeliverable", None)
    assert stage.ledger() == REFUNDED
