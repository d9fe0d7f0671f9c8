"""Reading from Discord's REST API as the bot, without connecting to its gateway."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from bot.check.report import FaultError
from bot.check.web import CALL_SECONDS, FAILURES, reason

_ATTEMPTS: Final = 3
_LONGEST_WAIT_SECONDS: Final = 5.0
_SERVER_FAULT: Final = 500
_WHERE: Final = (
    "Check the machine's network and DISCORD_API_BASE; https://discordstatus.com tells of outages."
)


class NotAllowedHereError(FaultError):
    """HTTP 403 or 404: the bot may not read this, or there is no such thing.

    Args:
        path: what was asked for.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"Discord does not let the bot read {path}.", "Invite the bot once more.")


@dataclass(frozen=True, slots=True)
class DiscordApi:
    """What `GET` returns.

    Args:
        session: carries the calls.
        base: with its version.
        token: the bot's.
        user_agent: names the bot and its version.
    """

    session: aiohttp.ClientSession
    base: str
    token: str
    user_agent: str

    async def me(self) -> Any:  # noqa: ANN401 - JSON
        """Return the bot's own user, which every bot may read.

        Raises:
            FaultError: as for `get`; there is no API of Discord at the address.
        """
        try:
            return await self.get("/users/@me")
        except NotAllowedHereError:
            raise FaultError(
                f"There is no API of Discord at {self.base}.",
                "Leave DISCORD_API_BASE empty, or let it end in the API's version, as in"
                " https://discord.com/api/v10.",
            ) from None

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON, which each caller narrows
        """Return the answer; where Discord asks to wait a moment, after that.

        Raises:
            FaultError: Discord does not accept the token, or does not answer as it should.
            NotAllowedHereError: the bot may not read this.
        """
        for _ in range(_ATTEMPTS):
            status, body, wait_seconds = await self._ask(path)
            if status != 429:  # noqa: PLR2004 - HTTP's own number
                return _narrowed(path, status, body)
            await asyncio.sleep(min(wait_seconds, _LONGEST_WAIT_SECONDS))
        raise FaultError(
            "Discord asks this machine's address to wait: it got too many requests.",
            "Wait a few minutes, and see what else calls Discord from here.",
        )

    async def _ask(self, path: str) -> tuple[int, Any, float]:
        headers = {"Authorization": f"Bot {self.token}", "User-Agent": self.user_agent}
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        try:
            async with self.session.get(
                self.base + path, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                is_json = response.content_type == "application/json"
                body = await response.json() if is_json else None
                return response.status, body, float(response.headers.get("Retry-After", "1"))
        except FAILURES as error:
            raise FaultError(f"Discord cannot be reached at {self.base}: {reason(error)}.", _WHERE) from error


def _narrowed(path: str, status: int, body: Any) -> Any:  # noqa: ANN401 - JSON
    match status:
        case 401:
            raise FaultError(
                "Discord does not accept the token.",
                "Open the application's Bot page in Discord's developer portal, reset the token, and set"
                " DISCORD_TOKEN to the new one.",
            )
        case 403 | 404:
            raise NotAllowedHereError(path)
        case 200 if body is not None:
            return body
        case _ if status >= _SERVER_FAULT:
            raise FaultError(f"Discord answered {path} with HTTP {status}.", f"Try again later. {_WHERE}")
        case _:
            raise FaultError(f"{path} was answered with HTTP {status}, as Discord does not.", _WHERE)
