"""The button Edit below a job's pictures, and the modal that it opens."""

from typing import Any

import discord
import structlog
from discord.ext import commands

from bot.errors import Refusal, StorageError
from bot.jobs.results import Results
from bot.jobs.service import JobService
from bot.parameters import SanaParameters, parse
from bot.present.answers import show
from bot.present.buttons import EDIT_TEMPLATE
from bot.present.edit_modal import EditModal, ask, options, read, refused
from cogs.guard import Interaction, clickable, explain, number_in
from cogs.people import place_of
from cogs.run import draw_seed, run_request

log = structlog.get_logger()


class EditCog(commands.Cog):
    """Hears the clicks, and what is submitted.

    Args:
        bot: passes them on.
        service: takes the jobs on.
        results: finds what is there.
    """

    def __init__(self, bot: commands.AutoShardedBot, service: JobService, results: Results) -> None:
        self._bot = bot
        self._service = service
        self._results = results

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too."""
        self._bot.add_dynamic_items(clickable(EDIT_TEMPLATE, self.edit, number_in))

    async def edit(self, interaction: Interaction, job_id: int | None) -> None:
        """Open a modal that is filled in with the job's parameters, whose pictures it does not need."""
        await ask(interaction, EditModal(await self._results.get_any(*place_of(interaction), job_id)))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Hear what was submitted, however long ago and by whichever process the modal was opened."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        match = EDIT_TEMPLATE.fullmatch(data["custom_id"])
        if match is None:
            return
        try:
            if await interaction.client.tree.interaction_check(interaction):
                await self.submit(interaction, number_in(match), data)
        except Exception as error:  # noqa: BLE001 - as a command tree does: explain() logs it
            await explain(interaction, error)

    async def submit(self, interaction: Interaction, job_id: int | None, data: dict[str, Any]) -> None:
        """Run what was submitted, for whoever submitted it; where that is refused, keep what was typed."""
        job = await self._results.get_any(*place_of(interaction), job_id)
        before = SanaParameters.from_json(job.parameters)
        typed = read(data)
        try:
            parameters = parse(options(typed, before), draw_seed=draw_seed)
            await run_request(interaction, self._service, parameters, parent_id=job.id)
        except (Refusal, StorageError) as error:
            if isinstance(error, StorageError):
                log.debug("edit.not_stored", interaction=interaction.id, error=str(error))
            else:
                interaction.client.tree.note_refusal(error)
            await show(interaction, refused(error, typed, job))
