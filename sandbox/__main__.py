"""`python -m sandbox`: both servers alone, and one line of JSON that says how to work on them.

The line holds everything that a client needs: addresses, the bot's token, Wiro's key and secret, a server, a
channel, members, and the same as the environment variables of `sana-bot run`.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar

from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.discord.sessions import MAX_SESSIONS
from sandbox.environment import bot_environment
from sandbox.wiro import WiroConfig, WiroServer

_MAX_PORT = 65_535
_MAX_TASK_SECONDS = 86_400.0
_MAX_BALANCE_USD = 1_000_000.0

_Number = TypeVar("_Number", int, float)


def main() -> None:
    """Run until SIGINT or SIGTERM; the exit code is 1 where a port cannot be had, 2 for wrong usage."""
    sys.exit(asyncio.run(_serve(_parse())))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Start a Discord-compatible and a Wiro-compatible server on loopback, for any client.",
    )
    port, shards = _within(int, 0, _MAX_PORT), _within(int, 1, MAX_SESSIONS)
    seconds, balance = _within(float, 0.0, _MAX_TASK_SECONDS), _within(float, 0.0, _MAX_BALANCE_USD)
    parser.add_argument("--discord-port", type=port, default=0, help="a given port; 0 takes a free one")
    parser.add_argument("--wiro-port", type=port, default=0, help="a given port; 0 takes a free one")
    parser.add_argument("--seconds", type=seconds, default=4.0, help="how long a task takes (default 4)")
    parser.add_argument("--balance", type=balance, default=1000.0, help="dollars on the Wiro account")
    parser.add_argument("--shards", type=shards, default=1, help="how many shards Discord asks for")
    parser.add_argument("--key-only", action="store_true", help="a Wiro project without signatures")
    return parser.parse_args()


def _within(kind: type[_Number], low: _Number, high: _Number) -> Callable[[str], _Number]:
    """Return what reads a number within these bounds, for argparse."""

    def read(text: str) -> _Number:
        try:
            number = kind(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise argparse.ArgumentTypeError(f"takes {low:,} to {high:,}, not {text}")
        return number

    return read


async def _serve(options: argparse.Namespace) -> int:
    """Serve until a signal comes, and return the exit code."""
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
    async with AsyncExitStack() as stack:
        try:
            discord = await stack.enter_async_context(DiscordServer(discord_config))
            wiro = await stack.enter_async_context(WiroServer(wiro_config))
        except OSError as error:
            print(f"python -m sandbox: {error.strerror}", file=sys.stderr)  # noqa: T201 - told to a person
            return 1
        print(json.dumps(_describe(discord, wiro)), flush=True)  # noqa: T201 - the line that clients read
        await stop.wait()
    return 0


def _describe(discord: DiscordServer, wiro: WiroServer) -> dict[str, Any]:
    """Return all that a client has to know."""
    guild = next(iter(discord.world.guilds.values()))
    channel = next(each for each in guild.channels.values() if each.name == "pictures")
    people = [member.user for member in guild.members.values() if not member.user.bot]
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
            "members": {user.name: str(user.id) for user in people},
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
