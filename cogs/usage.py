"""`/usage` for members, and the same about somebody else for moderators: the context menu "Sana usage"."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.present.answers import show
from bot.present.usage import usage
from bot.quotas.service import QuotaService
from cogs.guard import Interaction
from cogs.people import Person, actor_of, moderator_of, names_here, role_ids_of


class UsageCog(commands.Cog):
    """The command and the menu.

    Args:
        bot: gets the menu, which discord.py does not find in a cog by itself.
        quotas: knows the figures.
    """

    def __init__(self, bot: commands.AutoShardedBot, quotas: QuotaService) -> None:
        self._bot = bot
        self._quotas = quotas

    async def cog_load(self) -> None:
        """Add the menu."""
        self._bot.tree.add_command(_menu(self._quotas))

    @app_commands.command(name="usage", description="See what you have used, what is left, and why")
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    async def usage(self, interaction: Interaction) -> None:
        """Show members their own credits."""
        actor = actor_of(interaction)
        view = await self._quotas.usage(actor.guild_id, actor.member_id, actor.role_ids)
        await show(interaction, usage(view, names_here(interaction), own=True))


async def show_usage(interaction: Interaction, quotas: QuotaService, person: Person) -> None:
    """Show a moderator somebody's credits.

    Raises:
        NotModeratorError: they are none.
    """
    view = await quotas.show(moderator_of(interaction), person.id, role_ids_of(person))
    await show(interaction, usage(view, names_here(interaction, person), own=False))


def _menu(quotas: QuotaService) -> app_commands.ContextMenu:
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(moderate_members=True)
    async def open_menu(interaction: Interaction, person: discord.User | discord.Member) -> None:
        await show_usage(interaction, quotas, person)

    return app_commands.ContextMenu(name="Sana usage", callback=open_menu)
