"""The Cancel button of pending jobs."""

from discord.ext import commands

from bot.errors import NotAllowedError
from bot.jobs.service import JobService
from bot.present.answers import tell
from bot.present.buttons import CANCEL_TEMPLATE
from bot.present.notes import cancelling
from cogs.guard import Interaction, clickable, number_in
from cogs.people import moderates, place_of


class CancelCog(commands.Cog):
    """Hears the clicks.

    Args:
        bot: passes them on.
        service: ends the jobs.
    """

    def __init__(self, bot: commands.AutoShardedBot, service: JobService) -> None:
        self._bot = bot
        self._service = service

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too."""
        self._bot.add_dynamic_items(clickable(CANCEL_TEMPLATE, self.cancel, number_in))

    async def cancel(self, interaction: Interaction, job_id: int | None) -> None:
        """Cancel the job for its owner or a moderator; the job's message is left to its one writer."""
        if job_id is None:
            raise NotAllowedError("no such job")
        guild_id, channel_id = place_of(interaction)
        job = await self._service.cancel(
            job_id,
            guild_id=guild_id,
            channel_id=channel_id,
            member_id=interaction.user.id,
            may_moderate=moderates(interaction.permissions),
        )
        await tell(interaction, cancelling(job))
