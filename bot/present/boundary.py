"""Where the errors of discord.py, and of the connection under it, become this project's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
import discord

from bot.errors import MessageError, MessageGoneError, MessageUnavailableError
from bot.present.text import cut

_PASSING: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
)
_ALREADY_ACKNOWLEDGED: Final = 40060
_BLOCKED_BY_CLOUDFLARE: Final = 40333
"""Source: Discord's reference, JSON Error Codes."""

_MAX_SAID: Final = 300

_UNREADABLE: Final = (ValueError, LookupError, TypeError, AttributeError)
"""What discord.py raises where an answer is cut off or not as it should be."""

_SESSION_CLOSED: Final = "Session is closed"
"""What aiohttp says, as no other error of its own, where a stop has closed discord.py's session."""


@asynccontextmanager
async def calling_discord(*, timeout_seconds: float) -> AsyncIterator[None]:
    """Bound the calls made inside, and translate their errors.

    Raises:
        MessageGoneError: Discord said that it will never take this.
        MessageUnavailableError: anything else; it may have worked, and a later try may.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except discord.HTTPException as error:
        raise _translated(error) from error
    except (discord.DiscordException, aiohttp.ClientError, OSError, *_UNREADABLE) as error:
        raise MessageUnavailableError(f"{type(error).__name__}: no answer that can be read") from error
    except RuntimeError as error:
        if str(error) != _SESSION_CLOSED:
            raise
        raise MessageUnavailableError("a stop overtook the call") from error


def _translated(error: discord.HTTPException) -> MessageError:
    """Return what an answer of Discord means for the message.

    A 4xx is final: the channel, the message or a permission is gone, or the request is one that no
    repetition mends (400, 413). The exceptions say nothing about the message: 401 is about the bot's token,
    429 about haste, 403 without a code or with Cloudflare's comes from a proxy before Discord, and 40060 says
    that the same answer was taken before.
    """
    is_client_error = HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_passing = error.status in _PASSING or error.code == _ALREADY_ACKNOWLEDGED
    is_from_proxy = error.status == HTTPStatus.FORBIDDEN and error.code in {0, _BLOCKED_BY_CLOUDFLARE}
    if is_client_error and not is_passing and not is_from_proxy:
        return MessageGoneError(said(error))
    return MessageUnavailableError(said(error))


def said(error: discord.HTTPException) -> str:
    """Return what Discord said, in one short line.

    Its own refusals have a code. What has none may be the page of a proxy before it, which can be of any
    length and may repeat the request with the tokens in it: of that, the status is all that is said.
    """
    words = f", code {error.code}: {error.text}" if error.code else ""
    return cut(" ".join(f"HTTP {error.status}{words}".split()), _MAX_SAID)
