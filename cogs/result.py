"""The buttons Reroll and Delete below a job's pictures."""

from discord.ext import commands

from bot.jobs.results import Results
from bot.jobs.service import JobService
from bot.present.answers import tell
from bot.present.buttons import DELETE_TEMPLATE, REROLL_TEMPLATE
from bot.present.notes import removing
from cogs.guard import Interaction, clickable, number_in
from cogs.people import moderates, place_of
from cogs.run import run_request, with_new_seed


class ResultCog(commands.Cog):
    """Hears the clicks.

    Args:
        bot: passes them on.
        service: takes the jobs on.
        results: finds and removes what is there.
    """

    def __init__(self, bot: commands.AutoShardedBot, service: JobService, results: Results) -> None:
        self._bot = bot
        self._service = service
        self._results = results

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too."""
        self._bot.add_dynamic_items(
            clickable(REROLL_TEMPLATE, self.reroll, number_in),
            clickable(DELETE_TEMPLATE, self.delete, number_in),
        )

    async def reroll(self, interaction: Interaction, job_id: int | None) -> None:
        """Run the same parameters with a new seed, for whoever clicked."""
        job = await self._results.get(*place_of(interaction), job_id)
        await run_request(interaction, self._service, with_new_seed(job), parent_id=job.id)

    async def delete(self, interaction: Interaction, job_id: int | None) -> None:
        """Remove the pictures for the job's owner or a moderator, here and at Wiro."""
        job = await self._results.get(*place_of(interaction), job_id)
        await self._results.remove(
            job, member_id=interaction.user.id, may_moderate=moderates(interaction.permissions)
        )
        await tell(interaction, removing(job))
