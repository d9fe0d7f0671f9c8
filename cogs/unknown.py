"""Clicks and submissions that no other part of the bot answers: left by another version of it, or forged."""

from typing import Any, Final

import discord
from discord.ext import commands

from bot.present.answers import tell
from bot.present.buttons import (
    CANCEL_TEMPLATE,
    DELETE_TEMPLATE,
    DETAILS_TEMPLATE,
    EDIT_TEMPLATE,
    INSPIRE_TEMPLATE,
    REROLL_TEMPLATE,
    walk,
)
from bot.present.notes import UNKNOWN_BUTTON
from bot.present.quota_history import HISTORY_TEMPLATE
from cogs.guard import Interaction

_BUTTONS: Final = (
    CANCEL_TEMPLATE,
    DELETE_TEMPLATE,
    DETAILS_TEMPLATE,
    EDIT_TEMPLATE,
    HISTORY_TEMPLATE,
    INSPIRE_TEMPLATE,
    REROLL_TEMPLATE,
)


class UnknownCog(commands.Cog):
    """Gives a polite no where there would be silence, of which Discord says that the bot did not respond."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer what nobody else does."""
        data: dict[str, Any] = dict(interaction.data or {})
        if interaction.type is discord.InteractionType.component:
            is_known = any(template.fullmatch(data["custom_id"]) for template in _BUTTONS)
            is_known = is_known and _is_there(interaction.message, data)
        elif interaction.type is discord.InteractionType.modal_submit:
            is_known = EDIT_TEMPLATE.fullmatch(data["custom_id"]) is not None
        else:
            return
        if not is_known and await interaction.client.tree.interaction_check(interaction):
            await tell(interaction, UNKNOWN_BUTTON)


def _is_there(message: discord.Message | None, data: dict[str, Any]) -> bool:
    """Tell whether the message has what was clicked: discord.py answers no other clicks."""
    return message is not None and any(
        (component.type.value, getattr(component, "custom_id", None))
        == (data["component_type"], data["custom_id"])
        for component in walk(message.components)
    )
