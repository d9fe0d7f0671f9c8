"""What holds for everything that members type or click: who is served, and how an error is answered."""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord
import structlog
from discord import app_commands, ui

from bot.errors import MessageError, NotServedError, Refusal, StorageError
from bot.meter import UNMETERED, Meter
from bot.present.answers import tell
from bot.present.buttons import read_number
from bot.present.notes import CANNOT_STORE, CANNOT_USE, COMMAND_CHANGED, unexpected
from bot.present.refusals import refusal

Interaction = discord.Interaction[Any]

_Read = TypeVar("_Read")

log = structlog.get_logger()


def guarded_tree(guild_ids: frozenset[int], meter: Meter = UNMETERED) -> type[app_commands.CommandTree[Any]]:
    """Return the class of a command tree that serves these servers only, or all where none is named.

    The bot makes its tree itself (`commands.AutoShardedBot(tree_cls=…)`), so the class has to know them, and
    who counts refusals.
    """

    class GuardedTree(app_commands.CommandTree[Any]):
        async def interaction_check(self, interaction: Interaction) -> bool:
            if not guild_ids or interaction.guild_id in guild_ids:
                _make_readable(interaction.data)
                return True
            await explain(interaction, NotServedError(f"server {interaction.guild_id}"))
            return False

        async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
            await explain(interaction, error)

        def note_refusal(self, error: Refusal) -> None:
            meter.refused(error)

    return GuardedTree


def clickable(
    template: re.Pattern[str],
    on_click: Callable[[Interaction, _Read], Awaitable[None]],
    read: Callable[[re.Match[str]], _Read],
) -> type[ui.DynamicItem[ui.Item[Any]]]:
    """Return the class that answers clicks on buttons whose `custom_id` has this form, however old they are.

    discord.py makes an instance of it for each click, so the class has to know whom to call.

    Args:
        template: the form.
        on_click: is called with what `read` returned.
        read: gets what it needs from a `custom_id`, which may be none that this bot ever wrote.
    """

    class Clicked(ui.DynamicItem[ui.Item[Any]], template=template):
        def __init__(self, item: ui.Item[Any], said: _Read) -> None:
            super().__init__(item)
            self.said = said

        @classmethod
        async def from_custom_id(
            cls, _: Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> "Clicked":
            return cls(item, read(match))

        async def interaction_check(self, interaction: Interaction) -> bool:
            is_served: bool = await interaction.client.tree.interaction_check(interaction)
            return is_served

        async def callback(self, interaction: Interaction) -> None:
            try:
                await on_click(interaction, self.said)
            except Exception as error:  # noqa: BLE001 - as a command tree does: explain() logs it
                await explain(interaction, error)

    return Clicked


def number_in(match: re.Match[str]) -> int | None:
    """Return the group `number` of a `custom_id`, or None where it is not one that this bot ever wrote."""
    return read_number(match["number"])


async def explain(interaction: Interaction, error: Exception) -> None:
    """Tell the member, and nobody else, why there is nothing to see."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    match error:
        case Refusal():
            interaction.client.tree.note_refusal(error)
            note = refusal(error)
        case StorageError():
            log.debug("command.not_stored", interaction=interaction.id, error=str(error))
            note = CANNOT_STORE
        case app_commands.TransformerError():
            note = CANNOT_USE
        case app_commands.CommandSignatureMismatch() | app_commands.CommandNotFound():
            note = COMMAND_CHANGED
        case _:
            note = _unexpected(interaction, error)
    await tell(interaction, note)


def _make_readable(data: Any) -> None:  # noqa: ANN401 - JSON as it came
    """Make what stands in a number's place and is none empty: read as NaN; discord.py fails on the rest."""
    for option in (data or {}).get("options", ()):
        _make_readable(option)
        is_number = isinstance(option.get("value"), int | float) and not isinstance(option["value"], bool)
        if option["type"] == discord.AppCommandOptionType.number.value and not is_number:
            option["value"] = ""


def _unexpected(interaction: Interaction, error: Exception) -> str:
    reference = f"E-{secrets.token_hex(4)}"
    # An answer that Discord refused is told well enough by what Discord said.
    trace = None if isinstance(error, MessageError) else error
    log.error(
        "command.failed", reference=reference, interaction=interaction.id, error=str(error), exc_info=trace
    )
    return unexpected(reference)
