"""What a bot has to be told to work on the sandbox: the environment variables of `sana-bot run`."""

import socket
from pathlib import Path

from sandbox.discord import DiscordServer
from sandbox.wiro import WiroServer


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def bot_environment(
    discord: DiscordServer,
    wiro: WiroServer,
    *,
    callback_port: int | None = None,
    database: Path | None = None,
) -> dict[str, str]:
    """Return the variables that point a bot at these servers.

    Args:
        discord: a server that has started.
        wiro: a server that has started.
        callback_port: where the bot is to hear callbacks, on loopback; None: it has none and polls.
        database: the bot's file; None: as the bot does by default.
    """
    variables = {
        "DISCORD_TOKEN": discord.config.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "WIRO_API_KEY": wiro.config.api_key,
        "WIRO_API_SECRET": wiro.config.api_secret or "",
        "WIRO_API_BASE": wiro.api_base,
        "WIRO_SOCKET_URL": wiro.socket_url,
        "WIRO_OUTPUT_HOSTS": wiro.config.host,
    }
    if callback_port is not None:
        variables["CALLBACK_PORT"] = str(callback_port)
        variables["CALLBACK_PUBLIC_URL"] = f"http://127.0.0.1:{callback_port}"
    if database is not None:
        variables["DATABASE_URL"] = f"sqlite:///{database.absolute()}"
    return variables
