"""The owner's account at Wiro, as the settings say, for the bot and for `sana-bot check` alike."""

from collections.abc import Callable

import aiohttp

from bot import USER_AGENT
from bot.errors import WiroError
from bot.settings import Settings
from bot.wiro.client import WiroClient
from bot.wiro.signing import Credentials


def wiro_client(
    settings: Settings,
    session: aiohttp.ClientSession,
    called: Callable[[str, WiroError | None], None] = lambda _call, _error: None,
) -> WiroClient:
    """Return what calls Wiro with the owner's key, for the owner's tool.

    Args:
        settings: the owner's.
        session: as for `WiroClient`.
        called: as for `WiroClient`.
    """
    secret = settings.wiro_api_secret
    return WiroClient(
        session,
        api_base=settings.wiro_api_base,
        tool=settings.wiro_tool,
        credentials=Credentials(
            settings.wiro_api_key.get_secret_value(),
            None if secret is None else secret.get_secret_value(),
        ),
        user_agent=USER_AGENT,
        called=called,
    )
