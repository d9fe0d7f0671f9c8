"""The answer to an interaction: the job's message for everybody, or a note for the member alone."""

from typing import Any, Final

import discord
import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.present.boundary import calling_discord
from bot.present.page import Page

_ANSWER_SECONDS: Final = 10.0
"""Discord takes a first answer for 3 seconds. What is not confirmed long after that is looked for instead."""

log = structlog.get_logger()


async def post(interaction: discord.Interaction[Any], page: Page) -> int:
    """Answer with a message for everybody, and return its id.

    Raises:
        MessageGoneError: Discord surely did not take it.
        MessageUnavailableError: it may be there.
    """
    async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
        response = await interaction.response.send_message(
            view=page, allowed_mentions=discord.AllowedMentions.none()
        )
    if response.message_id is None:
        raise MessageUnavailableError("the answer was taken, but its message was not named")
    return response.message_id


async def tell(interaction: discord.Interaction[Any], note: str) -> None:
    """Answer with a note that only the member sees, where there was no answer yet; a failure is logged."""
    if interaction.response.is_done():
        return
    try:
        async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
            await interaction.response.send_message(
                note, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
            )
    except MessageError as error:
        log.info("note.dropped", interaction=interaction.id, error=str(error))


async def show(interaction: discord.Interaction[Any], page: Page) -> None:
    """Answer with a page that only the member sees.

    Raises:
        MessageError: Discord did not confirm it.
    """
    async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
        await interaction.response.send_message(view=page, ephemeral=True)
