"""What members can type and click. Thin: parse, call a service, present."""

from discord.ext import commands

from bot.jobs.notices import Notices
from bot.jobs.results import Results
from bot.jobs.service import JobService
from bot.meter import UNMETERED, Meter
from bot.quotas.service import QuotaService
from cogs.cancel import CancelCog
from cogs.check import CheckCog
from cogs.details import DetailsCog
from cogs.edit import EditCog
from cogs.inspire import InspireCog
from cogs.quota import QuotaCog
from cogs.reactions import ReactionCog
from cogs.result import ResultCog
from cogs.sana import SanaCog
from cogs.unknown import UnknownCog
from cogs.usage import UsageCog


async def setup_cogs(
    bot: commands.AutoShardedBot,
    service: JobService,
    quotas: QuotaService,
    results: Results,
    notices: Notices,
    *,
    served: frozenset[int],
    meter: Meter = UNMETERED,
) -> None:
    """Register every command, button and reaction with the bot, once, before it logs in.

    `served` are the only servers that are served; none means all. `meter` counts refusals. The bot's tree has
    both already.
    """
    for cog in (
        SanaCog(service),
        InspireCog(bot, service),
        CancelCog(bot, service),
        ResultCog(bot, service, results),
        EditCog(bot, service, results),
        DetailsCog(bot, results),
        CheckCog(service),
        UsageCog(bot, quotas),
        QuotaCog(bot, quotas),
        ReactionCog(results, notices, meter, served),
        UnknownCog(),
    ):
        await bot.add_cog(cog)
