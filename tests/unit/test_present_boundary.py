"""What is told of an error of Discord's, for operators."""

from typing import Any, cast

import aiohttp
import discord
import pytest
from yarl import URL

from bot.errors import MessageError, MessageGoneError, MessageUnavailableError
from bot.present.boundary import calling_discord, said

ADDRESS = "https://discord.com/api/v10/webhooks/12/the-token/messages/34"


class Response:
    """An answer, as far as discord.py's exceptions read it."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = "Reason"


def refused(status: int, body: str | dict[str, Any]) -> discord.HTTPException:
    """Return what discord.py raises for an answer."""
    return discord.HTTPException(cast("aiohttp.ClientResponse", Response(status)), body)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (403, {"code": 50001, "message": "Missing Access"}, "HTTP 403, code 50001: Missing Access"),
        (400, {"code": 50035, "message": "Invalid\nForm  Body"}, "HTTP 400, code 50035: Invalid Form Body"),
        (401, {"code": 0, "message": "401: Unauthorized"}, "HTTP 401"),
        (502, f"<html>\nGET {ADDRESS}", "HTTP 502"),
        (500, "", "HTTP 500"),
    ],
)
def test_what_discord_said(status: int, body: str | dict[str, Any], told: str) -> None:
    """Its own words in one line; of what a proxy before it says, the status alone."""
    assert said(refused(status, body)) == told


def test_long_words_are_cut() -> None:
    """However much Discord says, a line stays one that can be read."""
    told = said(refused(400, {"code": 50035, "message": "x" * 5000}))
    assert len(told) == 300
    assert told.endswith("x…")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(404, f"no {ADDRESS}"), MessageGoneError),
        (refused(502, f"no {ADDRESS}"), MessageUnavailableError),
        (aiohttp.InvalidURL(ADDRESS), MessageUnavailableError),
        (
            aiohttp.ClientResponseError(
                cast("aiohttp.RequestInfo", type("Info", (), {"real_url": URL(ADDRESS)})()), (), message="no"
            ),
            MessageUnavailableError,
        ),
        (OSError(f"no {ADDRESS}"), MessageUnavailableError),
        (ValueError(f"no {ADDRESS}"), MessageUnavailableError),
    ],
)
async def test_no_address_is_told(error: Exception, kind: type[MessageError]) -> None:
    """An address of a call holds an interaction's token: no error of this project's repeats it."""
    with pytest.raises(kind) as translated:
        async with calling_discord(timeout_seconds=1):
            raise error
    assert "the-token" not in str(translated.value)


@pytest.mark.parametrize(
    "body", ["<html>", {"code": 40333, "message": "internal network error"}], ids=["a page", "its code"]
)
async def test_what_stands_before_discord_decides_nothing(body: str | dict[str, Any]) -> None:
    """A call that Cloudflare blocked never came to Discord, which may take it later."""
    with pytest.raises(MessageUnavailableError):
        async with calling_discord(timeout_seconds=20):
            raise refused(403, body)


async def test_a_stop_that_overtook_a_call_is_no_mistake() -> None:
    """What aiohttp says of a session that a stop has closed is one more call that was not confirmed."""
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(MessageUnavailableError, match="a stop overtook the call"):
        async with calling_discord(timeout_seconds=20):
            await session.get("http://127.0.0.1:9/")


async def test_a_mistake_of_the_program_stays_one() -> None:
    """No other RuntimeError is taken for an answer of Discord's."""
    with pytest.raises(RuntimeError, match="a mistake"):
        async with calling_discord(timeout_seconds=20):
            raise RuntimeError("a mistake")
