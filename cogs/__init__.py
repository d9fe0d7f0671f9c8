"""What members can type and click. Thin: parse, call a service, present."""

from discord.ext import commands

from bot.jobs.service import JobService
from bot.quotas.service import QuotaService
from cogs.cancel import CancelCog
from cogs.inspire import InspireCog
from cogs.quota import QuotaCog
from cogs.sana import SanaCog
from cogs.usage import UsageCog


async def setup_cogs(bot: commands.AutoShardedBot, service: JobService, quotas: QuotaService) -> None:
    """Register every command and every kind of button with the bot, once, before it logs in."""
    for cog in (
        SanaCog(service),
        InspireCog(bot, service),
        CancelCog(bot, service),
        UsageCog(bot, quotas),
        QuotaCog(bot, quotas),
    ):
        await bot.add_cog(cog)
