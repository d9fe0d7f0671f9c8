"""The answer to an interaction: the job's message for everybody, or a note for the member alone."""

from collections.abc import Sequence
from typing import Any, Final

import discord
import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.present.boundary import calling_discord
from bot.present.page import Page

_ANSWER_SECONDS: Final = 10.0
"""Discord takes a first answer for 3 seconds. What is not confirmed long after that is looked for instead."""

_UPLOAD_SECONDS: Final = 60.0

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
    """Answer with a note that only the member sees, unless one was given; a failure is logged."""
    way = interaction.response.type
    try:
        async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
            if way is None:
                await interaction.response.send_message(
                    note, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
                )
            elif way is discord.InteractionResponseType.deferred_channel_message:
                await interaction.edit_original_response(
                    content=note, allowed_mentions=discord.AllowedMentions.none()
                )
            elif way is discord.InteractionResponseType.deferred_message_update:
                await interaction.followup.send(
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


async def defer(interaction: discord.Interaction[Any]) -> None:
    """Tell Discord that the answer takes longer than it waits.

    To a command that will be a message that only the member sees, to a click the message that was clicked.

    Raises:
        MessageError: Discord did not confirm it.
    """
    is_command = interaction.type is discord.InteractionType.application_command
    async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
        await interaction.response.defer(ephemeral=True, thinking=is_command)


async def fill(
    interaction: discord.Interaction[Any],
    *,
    page: Page | None = None,
    note: str | None = None,
    files: Sequence[discord.File] = (),
) -> None:
    """Put into an answer that was deferred, or is to be replaced, what it is: a page or a note, with files.

    Raises:
        MessageError: Discord did not confirm it.
    """
    shown: dict[str, Any] = {"content": note} if page is None else {"view": page}
    async with calling_discord(timeout_seconds=_UPLOAD_SECONDS):
        await interaction.edit_original_response(
            **shown, attachments=files, allowed_mentions=discord.AllowedMentions.none()
        )
