"""What members can type and click. Thin: parse, call the job service, present."""

from discord.ext import commands

from bot.jobs.service import JobService
from cogs.cancel import CancelCog
from cogs.inspire import InspireCog
from cogs.sana import SanaCog


async def setup_cogs(bot: commands.AutoShardedBot, service: JobService) -> None:
    """Register every command and every kind of button with the bot, once, before it logs in."""
    for cog in (SanaCog(service), InspireCog(bot, service), CancelCog(bot, service)):
        await bot.add_cog(cog)
