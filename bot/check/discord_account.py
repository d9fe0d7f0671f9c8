"""The bot's account at Discord: its token, its application, its invite link, its gateway.

Source of the fields: Discord's reference, Application Resource, Get Gateway Bot, and Gateway Events, Hello.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.check.discord_api import DiscordApi
from bot.check.report import FaultError, Outcome, fault, ok
from bot.check.web import CALL_SECONDS, first_words
from bot.present.permissions import invite_link

_HELLO: Final = 10
_PRIVILEGED: Final = {
    "Presence": 1 << 12 | 1 << 13,
    "Server Members": 1 << 14 | 1 << 15,
    "Message Content": 1 << 18 | 1 << 19,
}
_PORTAL: Final = "In Discord's developer portal"


@dataclass(frozen=True, slots=True)
class DiscordAccount:
    """The checks.

    Args:
        api: reads from Discord.
        session: carries the WebSocket.
        gateway_url: the owner's setting.
        user_agent: names the bot and its version.
    """

    api: DiscordApi
    session: aiohttp.ClientSession
    gateway_url: str
    user_agent: str

    async def token(self) -> Outcome:
        """The token is a bot's, and Discord accepts it."""
        me = await self.api.me()
        if not me.get("bot"):
            return fault(
                f"The token is that of the person {me.get('username')}.",
                "Use the token of a bot: Discord forbids programs that act as people. Reset this one.",
            )
        return ok(f"Signed in as {me.get('username')}.")

    async def application(self) -> Outcome:
        """The application lets the bot be invited, and sends what members do over the gateway."""
        application = await self.api.get("/applications/@me")
        name = application.get("name")
        if application.get("interactions_endpoint_url"):
            raise FaultError(
                f"{name} has an Interactions Endpoint URL: commands and clicks go there, not to the bot.",
                f"{_PORTAL}, General Information, empty the field Interactions Endpoint URL.",
            )
        if application.get("bot_require_code_grant"):
            raise FaultError(
                f"{name} requires a code grant, so the invite link does not work.",
                f"{_PORTAL}, Bot, turn Requires OAuth2 Code Grant off.",
            )
        if "0" not in application.get("integration_types_config", {"0": {}}):
            raise FaultError(
                f"{name} cannot be installed in servers.", f"{_PORTAL}, Installation, tick Guild Install."
            )
        return ok(f"{name} needs no privileged intent{_intents(application)}.")

    async def invite(self) -> Outcome:
        """The link that invites the bot with what it needs."""
        application = await self.api.get("/applications/@me")
        return ok(f"{invite_link(int(application['id']))} asks for exactly what is needed.")

    async def starts(self) -> Outcome:
        """Discord lets the bot start today."""
        limit = (await self.api.get("/gateway/bot")).get("session_start_limit", {})
        if (left := limit.get("remaining", 1)) < 1:
            hours = limit.get("reset_after", 0) / 3_600_000
            return fault(
                f"The bot was started too often: Discord allows no more for {hours:.1f} hours.",
                "Find out why it starts again and again, and wait; Discord resets the token of who goes on.",
            )
        return ok(f"{left:,} are left today.")

    async def gateway(self) -> Outcome:
        """The gateway can be reached, and greets as Discord's does."""
        address = str(URL(self.gateway_url).with_query(v=10, encoding="json"))
        message = await first_words(
            self.session,
            address,
            setting="DISCORD_GATEWAY_URL",
            user_agent=self.user_agent,
            wait_seconds=CALL_SECONDS,
        )
        if message is None or not _is_hello(message):
            return fault(
                f"{self.gateway_url} is no gateway of Discord.",
                "Leave DISCORD_GATEWAY_URL empty, unless you use another Discord-compatible server.",
            )
        return ok("It can be reached.")


def _intents(application: Mapping[str, Any]) -> str:
    flags = int(application.get("flags", 0))
    on = [name for name, bits in _PRIVILEGED.items() if flags & bits]
    return f" ({' and '.join(on)} may be turned off)" if on else ""


def _is_hello(message: aiohttp.WSMessage) -> bool:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return False
    try:
        said = json.loads(message.data)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("op") == _HELLO
