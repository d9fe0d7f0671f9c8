"""`/sana-check`: what a moderator can see of the bot's health in their own server."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.jobs.service import JobService
from bot.present.answers import show
from bot.present.permissions import missing_permissions
from bot.present.server_check import Gap, ServerView, server_check
from cogs.guard import Interaction
from cogs.people import lacking_here, moderator_of, upload_limit_here


class CheckCog(commands.Cog):
    """The command.

    Args:
        service: tells how the work stands.
    """

    def __init__(self, service: JobService) -> None:
        self._service = service

    @app_commands.command(name="sana-check", description="See whether I can work in this server")
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(moderate_members=True)
    async def check(self, interaction: Interaction) -> None:
        """Show a moderator what is missing, and how the work stands."""
        moderator_of(interaction)
        view = ServerView(
            missing_here=lacking_here(interaction),
            others=_gaps(interaction),
            upload_limit_bytes=upload_limit_here(interaction),
            condition=self._service.condition(),
        )
        await show(interaction, server_check(view))


def _gaps(interaction: Interaction) -> list[Gap]:
    """Return what the bot lacks in other channels; those that the moderator does not see stay unnamed."""
    guild, moderator = interaction.guild, interaction.user
    if guild is None or not isinstance(moderator, discord.Member):
        return []
    gaps = [
        Gap(channel.id, missing_permissions(channel.permissions_for(guild.me)))
        for channel in guild.text_channels
        if channel.id != interaction.channel_id and channel.permissions_for(moderator).view_channel
    ]
    return [gap for gap in gaps if gap.missing]
