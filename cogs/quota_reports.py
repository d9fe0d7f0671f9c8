"""`/quota top`, `export` and `log`: what was used, by whom, and where changes are posted."""

import asyncio
from collections.abc import Sequence
from io import BytesIO

import discord
from discord import app_commands
from discord.ext import commands

from bot.allowance import Period
from bot.present.answers import defer, fill
from bot.present.csv_file import CsvFile, CsvWriter
from bot.present.quota_export import LEDGER_HEADINGS, export_note, file_name, ledger_row
from bot.present.quota_top import CHART_NAME, Bar, chart_bars, chart_title, top
from bot.quotas.model import Actor
from bot.quotas.service import QuotaService
from cogs.guard import Interaction
from cogs.people import look_up, moderator_of, names_here
from cogs.quota_options import PERIODS, read_period
from cogs.quota_part import QuotaPart

_EXPORTS_AT_ONCE = 2  # each holds up to two files of the upload limit in memory


class ReportCommands(QuotaPart):
    """The commands.

    Args:
        bot, quotas: as for all of `/quota`.
    """

    def __init__(self, bot: commands.AutoShardedBot, quotas: QuotaService) -> None:
        super().__init__(bot, quotas)
        self._room_for_exports = asyncio.Semaphore(_EXPORTS_AT_ONCE)

    @app_commands.command(name="top", description="See who used how much")
    @app_commands.describe(period="How far back to look; without it a month")
    @app_commands.choices(period=PERIODS)
    async def show_top(self, interaction: Interaction, period: str | None = None) -> None:
        """Show who used most, as a chart and as text."""
        actor = moderator_of(interaction)
        chosen = Period.MONTH if period is None else read_period(period)
        await defer(interaction)
        uses = await self._quotas.top(actor, chosen)
        names, called = await look_up(interaction, [use.member_id for use in uses])
        files = []
        if uses:
            chart = await asyncio.to_thread(_draw, chart_title(chosen), chart_bars(uses, called))
            files = [discord.File(BytesIO(chart), CHART_NAME)]
        await fill(interaction, page=top(uses, chosen, names), files=files)

    @app_commands.command(name="export", description="Get the ledger as a CSV file")
    @app_commands.describe(period="How far back to look; without it from the beginning")
    @app_commands.choices(period=PERIODS)
    async def export(self, interaction: Interaction, period: str | None = None) -> None:
        """Send the ledger of this server, no larger than Discord takes it."""
        actor = moderator_of(interaction)
        chosen = None if period is None else read_period(period)
        await defer(interaction)
        async with self._room_for_exports:
            file = await self._ledger(actor, chosen, interaction.filesize_limit)
            sent = discord.File(BytesIO(file.content), file_name("ledger", file))
            await fill(interaction, note=export_note(file, chosen), files=[sent])

    @app_commands.command(name="log", description="Post every change by a moderator in a channel, too")
    @app_commands.describe(channel="Where; without it nowhere any more")
    async def set_log(
        self, interaction: Interaction, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """Set the log channel; that there is none any more is said in the last one."""
        change = await self._quotas.set_log(
            moderator_of(interaction), None if channel is None else channel.id
        )
        last = int(change.before) if channel is None and change.before else None
        await self.tell_changes(interaction, [change], names_here(interaction), log_channel_id=last)

    async def _ledger(self, actor: Actor, period: Period | None, limit_bytes: int) -> CsvFile:
        writer = CsvWriter(LEDGER_HEADINGS, limit_bytes)
        async for entries in self._quotas.export(actor, period):
            if not await asyncio.to_thread(writer.add, [ledger_row(entry) for entry in entries]):
                break
        return await asyncio.to_thread(writer.finish)


def _draw(title: str, bars: Sequence[Bar]) -> bytes:
    """Draw the chart, in a thread, where Pillow may take its time to be imported."""
    from bot.present.chart import draw_chart  # noqa: PLC0415 - 4 MB that few servers ever need

    return draw_chart(title, bars)
