"""The log channel: where changes by moderators are also posted."""

from typing import Final

import discord
import structlog

from bot.errors import MessageError
from bot.present.boundary import calling_discord

_POST_SECONDS: Final = 60.0

log = structlog.get_logger()


async def post_to_log(client: discord.Client, *, guild_id: int, channel_id: int, line: str) -> bool:
    """Post a line that pings nobody, and return whether Discord confirmed it; a failure is logged.

    Args:
        client: makes the call.
        guild_id: the server.
        channel_id: a channel or thread of it.
        line: at most 2,000 characters.
    """
    channel = client.get_partial_messageable(channel_id, guild_id=guild_id)
    try:
        async with calling_discord(timeout_seconds=_POST_SECONDS):
            await channel.send(line, allowed_mentions=discord.AllowedMentions.none(), suppress_embeds=True)
    except MessageError as error:
        log.warning("quota.not_posted", guild=guild_id, channel=channel_id, error=str(error))
        return False
    return True


LOG_UNKNOWN: Final = "\nWhere changes are also posted could not be read just now, so this was posted nowhere."


def not_posted(channel_id: int) -> str:
    """Return what a moderator reads whose change could not be posted."""
    return (
        f"\nThis could not be posted in <#{channel_id}>: please see whether I may view that channel and send"
        " messages in it, or choose another with `/quota log`."
    )
