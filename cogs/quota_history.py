"""`/quota history`, in pages whose buttons work after any restart."""

import re
from dataclasses import dataclass

import discord
from discord import app_commands

from bot.present.answers import defer, fill, tell
from bot.present.buttons import read_number
from bot.present.quota_history import HISTORY_CHANGED, HISTORY_TEMPLATE, history, people_in
from bot.quotas.history import Cursor
from cogs.guard import Interaction, clickable
from cogs.people import look_up, moderator_of
from cogs.quota_part import QuotaPart


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a button leads."""

    member_id: int | None
    cursor: Cursor


class HistoryCommand(QuotaPart):
    """The command, and the buttons under its answer."""

    async def cog_load(self) -> None:
        """Hear clicks on the buttons of all messages, older ones too."""
        self._bot.add_dynamic_items(clickable(HISTORY_TEMPLATE, self.turn, _place))

    @app_commands.command(name="history", description="See what happened to credits, and who changed what")
    @app_commands.describe(member="Whose history; without it everybody's")
    async def history(
        self, interaction: Interaction, member: discord.User | discord.Member | None = None
    ) -> None:
        """Show the newest page."""
        await self._show(interaction, None if member is None else member.id, None)

    async def turn(self, interaction: Interaction, place: _Place | None) -> None:
        """Show another page in the place of the one that was clicked."""
        if place is None:
            await tell(interaction, HISTORY_CHANGED)
            return
        await self._show(interaction, place.member_id, place.cursor)

    async def _show(self, interaction: Interaction, member_id: int | None, cursor: Cursor | None) -> None:
        actor = moderator_of(interaction)
        await defer(interaction)
        page = await self._quotas.history(actor, member_id, cursor)
        people = people_in(page) | ({member_id} if member_id is not None else set())
        names, _ = await look_up(interaction, people)
        await fill(interaction, page=history(page, names, member_id))


def _place(match: re.Match[str]) -> _Place | None:
    """Return where a `custom_id` leads, or None where it is not one that this bot ever wrote."""
    member_id = read_number(match["member"]) if match["member"] else None
    cursor = Cursor.parse(match["cursor"])
    if cursor is None or (member_id is None and match["member"]):
        return None
    return _Place(member_id, cursor)
