"""What `/quota top` shows: who used how much, as a chart and as text beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.allowance import Period
from bot.present.page import Colour, Page
from bot.present.quota_words import LAST, Names
from bot.present.text import count_of_credits
from bot.quotas.model import MemberUse

CHART_NAME: Final = "top.png"
_BARS: Final = 10  # a chart with more is too small for a phone; the text has the others, too


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the chart: who, and how many credits."""

    name: str | None  # None where it is not known
    credits: int


def chart_title(period: Period) -> str:
    """Return the line above the chart."""
    return f"Credits used in {LAST[period]}"


def chart_bars(uses: Sequence[MemberUse], called: Mapping[int, str]) -> list[Bar]:
    """Return the chart's rows; whose name is not known goes by their id."""
    return [Bar(called.get(use.member_id, str(use.member_id)), use.credits) for use in uses[:_BARS]]


def top(uses: Sequence[MemberUse], period: Period, names: Names) -> Page:
    """Return the page, whose chart goes up with it as `CHART_NAME`; without any use there is none."""
    if not uses:
        return Page(Colour.WAITING, [ui.TextDisplay[Any](f"Nobody used any credits in {LAST[period]}.")])
    lines = [_line(rank, use, names) for rank, use in enumerate(uses, start=1)]
    chart = discord.MediaGalleryItem(
        f"attachment://{CHART_NAME}",
        description=f"A bar chart: {chart_title(period)}. The text has the figures.",
    )
    return Page(
        Colour.WAITING,
        [
            ui.TextDisplay[Any](f"**{chart_title(period)}**"),
            ui.MediaGallery[Any](chart),
            ui.TextDisplay[Any]("\n".join(lines)),
        ],
    )


def _line(rank: int, use: MemberUse, names: Names) -> str:
    jobs = "1 job" if use.jobs == 1 else f"{use.jobs:,} jobs"
    return f"{rank}\\. {names.member(use.member_id)}: **{count_of_credits(use.credits)}** in {jobs}"
