"""`python -m sandbox`: both servers alone, and one line of JSON that says how to work on them.

The line holds everything that a client needs: addresses, the bot's token, Wiro's key and secret, a server, a
channel, members, and the same as the environment variables of `sana-bot run`.
"""

import argparse
import asyncio
import json
import signal
from dataclasses import replace
from typing import Any

from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.environment import bot_environment
from sandbox.wiro import WiroConfig, WiroServer


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    options = _parse()
    asyncio.run(_serve(options))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Start a Discord-compatible and a Wiro-compatible server on loopback, for any client.",
    )
    parser.add_argument("--discord-port", type=int, default=0, help="a given port; 0 takes a free one")
    parser.add_argument("--wiro-port", type=int, default=0, help="a given port; 0 takes a free one")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a task takes (default 4)")
    parser.add_argument("--balance", type=float, default=1000.0, help="dollars on the Wiro account")
    parser.add_argument("--shards", type=int, default=1, help="how many shards Discord asks for")
    parser.add_argument("--key-only", action="store_true", help="a Wiro project without signatures")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    discord_config = DiscordConfig(port=options.discord_port, shards=options.shards)
    wiro_config = WiroConfig(
        port=options.wiro_port,
        seconds=options.seconds,
        balance_usd=options.balance,
    )
    if options.key_only:
        wiro_config = replace(wiro_config, api_secret=None)
    async with DiscordServer(discord_config) as discord, WiroServer(wiro_config) as wiro:
        print(json.dumps(_describe(discord, wiro)), flush=True)  # noqa: T201 - the line that clients read
        await stop.wait()


def _describe(discord: DiscordServer, wiro: WiroServer) -> dict[str, Any]:
    """Return all that a client has to know."""
    guild = next(iter(discord.world.guilds.values()))
    channel = next(each for each in guild.channels.values() if each.name == "pictures")
    return {
        "discord": {
            "api_base": discord.api_base,
            "gateway_url": discord.gateway_url,
            "origin": discord.origin,
            "token": discord.config.token,
            "application_id": str(discord.application_id),
            "bot_user_id": str(discord.bot_user_id),
            "guild_id": str(guild.id),
            "channel_id": str(channel.id),
            "members": {member.user.name: str(member.user.id) for member in guild.members.values()},
        },
        "wiro": {
            "api_base": wiro.api_base,
            "socket_url": wiro.socket_url,
            "origin": wiro.origin,
            "api_key": wiro.config.api_key,
            "api_secret": wiro.config.api_secret,
        },
        "environment": bot_environment(discord, wiro),
    }


if __name__ == "__main__":
    main()
