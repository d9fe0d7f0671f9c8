import asyncio
from typing import Any

import discord

from sandbox.discord import DiscordConfig, DiscordServer, Fault
from sandbox.members import Members, Message
from tests.sandbox.discord_support import commands, logged_in, picture

Interaction = discord.Interaction[Any]


async def test_a_dropped_connection_is_resumed() -> None:
    """What happens while a connection is down arrives after the RESUME; an invalid session logs in anew."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        await interaction.response.send_message("here")

    async with (
        DiscordServer() as server,
        Members(server.origin) as members,
        logged_in(server, commands(go)) as bot,
    ):
        member = members.of("member")
        resumed = asyncio.create_task(bot.wait_for("shard_resumed", timeout=10))
        await asyncio.sleep(0)
        await members.trouble_gateway(drop=4000)
        answer = await member.type("go", channel="general")
        assert answer.shown == "answered"
        await resumed
        again = asyncio.create_task(bot.wait_for("shard_ready", timeout=10))
        await asyncio.sleep(0)
        await members.trouble_gateway(invalidate_resumable=False)
        await again
        assert (await member.type("go", channel="general")).shown == "answered"


async def test_two_shards_share_the_guilds() -> None:
    """With two shards each guild is on its own, and both are served."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        assert interaction.guild is not None
        await interaction.response.send_message(f"shard {interaction.guild.shard_id}")

    async with (
        DiscordServer(DiscordConfig(shards=2)) as server,
        Members(server.origin) as members,
        logged_in(server, commands(go)) as bot,
    ):
        assert bot.shard_count == 2
        answers = set()
        for name, guild in (("member", "Sandbox"), ("outsider", "Second server")):
            person = members.of(name, guild)
            answer = await person.type("go", channel="general")
            answers.add((await person.message("general", answer.message_id)).text)
        assert answers == {"shard 0", "shard 1"}


async def test_the_library_waits_out_a_429() -> None:
    """A 429 with Via makes the library wait and try again; one without makes it give up."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        await interaction.response.send_message("a")
        await interaction.channel.send("b")  # type: ignore[union-attr] # a text channel
        try:
            await interaction.channel.send("c")  # type: ignore[union-attr] # a text channel
        except discord.HTTPException as error:
            await interaction.edit_original_response(content=f"refused {error.status}")

    async with DiscordServer() as server, Members(server.origin) as members:
        route = "/channels/{channel_id}/messages"
        fault: dict[str, Any] = {
            "kind": "rate_limit",
            "method": "POST",
            "route": route.replace("{", r"\{"),
            "seconds": 0.05,
        }
        async with logged_in(server, commands(go)):
            await members.add_fault(**fault)
            await members.add_fault(**fault, skip=1, via=False)
            member = members.of("member")
            await member.type("go", channel="general")

            def refused(seen: Message) -> bool:
                return seen.text == "refused 429"

            await member.wait_for_message("general", refused)
            assert [call.status for call in server.requests.of("POST", route)] == [429, 200, 429]
            assert server.requests.refused[429] == 2


async def test_a_late_server_error_is_retried() -> None:
    """A 502 after the effect makes the library repeat an edit, which changes nothing more."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        await interaction.response.send_message("a")
        await interaction.edit_original_response(content="b")
        await interaction.edit_original_response(content="c")

    async with DiscordServer() as server, Members(server.origin) as members:
        server.faults.add(Fault(kind="status", status=502, method="PATCH", after_effect=True))
        async with logged_in(server, commands(go)):
            member = members.of("member")
            await member.type("go", channel="general")
            message = await member.wait_for_message("general", lambda seen: seen.text == "c")
            assert [edit.text for edit in message.edits] == ["a", "b", "b", "c"]


async def test_direct_messages() -> None:
    """A bot opens a direct message and sends a file; to someone who takes none it may not."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        try:
            await interaction.user.send("for you", file=picture())
        except discord.Forbidden as error:
            await interaction.response.send_message(f"no: {error.code}")
        else:
            await interaction.response.send_message("sent")

    async with DiscordServer() as server, Members(server.origin) as members, logged_in(server, commands(go)):
        member, other = members.of("member"), members.of("other")
        await member.type("go", channel="general")
        (message,) = await member.read(await member.dm())
        assert (message.text, len(message.pictures)) == ("for you", 1)
        await members.call("PATCH", f"/users/{other.id}", {"takes_dms": False})
        answer = await other.type("go", channel="general")
        assert (await other.message("general", answer.message_id)).text == "no: 50007"
