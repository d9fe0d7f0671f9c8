"""`/inspire`: the tool's own ideas, each with a button that runs it."""

from discord import app_commands
from discord.ext import commands

from bot.jobs.service import JobService
from bot.parameters import INSPIRES, parse
from bot.present.answers import show, tell
from bot.present.buttons import INSPIRE_TEMPLATE
from bot.present.inspires import inspires
from bot.present.notes import INSPIRE_CHANGED
from cogs.guard import Interaction, clickable, number_in
from cogs.run import draw_seed, run_request


class InspireCog(commands.Cog):
    """The command, and the buttons under its answer.

    Args:
        bot: hears the clicks.
        service: takes the jobs on.
    """

    def __init__(self, bot: commands.AutoShardedBot, service: JobService) -> None:
        self._bot = bot
        self._service = service

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too."""
        self._bot.add_dynamic_items(clickable(INSPIRE_TEMPLATE, self.run_inspire, number_in))

    @app_commands.command(description="See ideas for pictures, and make one of them")
    @app_commands.guild_only
    @app_commands.allowed_installs(guilds=True, users=False)
    async def inspire(self, interaction: Interaction) -> None:
        """Show the ideas to the member alone; the picture that is chosen is for everybody."""
        await show(interaction, inspires())

    async def run_inspire(self, interaction: Interaction, number: int | None) -> None:
        """Run one of the ideas, counted from 1."""
        if number is None or number > len(INSPIRES):
            await tell(interaction, INSPIRE_CHANGED)
            return
        chosen = INSPIRES[number - 1]
        options = {"prompt": chosen.prompt, "negative_prompt": chosen.negative_prompt}
        await run_request(interaction, self._service, parse(options, draw_seed=draw_seed))
