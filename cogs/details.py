"""The button Details below a job's pictures, and the message menu "Sana details", which does the same."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.jobs.model import Job
from bot.jobs.results import Results
from bot.present.answers import show, tell
from bot.present.buttons import DETAILS_TEMPLATE
from bot.present.details import details
from bot.present.notes import NO_PICTURE_OF_MINE
from cogs.guard import Interaction, clickable, number_in
from cogs.people import moderates, place_of, server_of


class DetailsCog(commands.Cog):
    """Hears the clicks, and has the menu.

    Args:
        bot: passes clicks on, and gets the menu, which discord.py does not find in a cog by itself.
        results: knows the jobs.
    """

    def __init__(self, bot: commands.AutoShardedBot, results: Results) -> None:
        self._bot = bot
        self._results = results

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too, and add the menu."""
        self._bot.add_dynamic_items(clickable(DETAILS_TEMPLATE, self.open, number_in))
        self._bot.tree.add_command(_menu(self))

    async def open(self, interaction: Interaction, job_id: int | None) -> None:
        """Show a job to the member alone."""
        await self._show(interaction, await self._results.get_any(*place_of(interaction), job_id))

    async def open_for_message(self, interaction: Interaction, message_id: int) -> None:
        """Show the job whose message this is, or say that there is none."""
        job = await self._results.find_any(server_of(interaction), message_id)
        if job is None:
            await tell(interaction, NO_PICTURE_OF_MINE)
        else:
            await self._show(interaction, job)

    async def _show(self, interaction: Interaction, job: Job) -> None:
        family = await self._results.family(job)
        await show(interaction, details(job, family, is_moderator=moderates(interaction.permissions)))


def _menu(cog: DetailsCog) -> app_commands.ContextMenu:
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    async def open_menu(interaction: Interaction, message: discord.Message) -> None:
        await cog.open_for_message(interaction, message.id)

    return app_commands.ContextMenu(name="Sana details", callback=open_menu)
