"""The connection to Discord: the least intents, no caches that grow, and what is known of its shards."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final, TypedDict

import aiohttp
import discord
import structlog
from discord.ext import commands
from yarl import URL

from bot.errors import MessageUnavailableError, SettingsError
from bot.present.boundary import said

_CANCEL_AGAIN_SECONDS: Final = 0.05
_LIMIT_SECONDS: Final = 60.0  # that a limit for the whole bot holds calls up; Discord's last a second

log = structlog.get_logger()


def point_at(api_base: str, gateway_url: str) -> None:
    """Have discord.py talk to this server; for Discord itself these are its own addresses.

    discord.py knows no other way than its classes' attributes.
    """
    discord.http.Route.BASE = api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)


class _Tracing(TypedDict, total=False):
    """How discord.py is told what to tell; it takes no None."""

    http_trace: aiohttp.TraceConfig


class _AllClear(asyncio.Event):
    """Whether calls may go out, for all that discord.py knows of limits that Discord sets to the whole bot.

    The call that was told of a limit sets it again, after waiting. Were that call given up meanwhile, nobody
    would, and no other call would ever go out.
    """

    def clear(self) -> None:
        """Hold calls up, for a while at most."""
        super().clear()
        asyncio.get_running_loop().call_later(_LIMIT_SECONDS, self.set)


class SanaClient(commands.AutoShardedBot):
    """A bot that needs to see servers and reactions, and nothing that is written.

    Args:
        tree_class: of its command tree.
        failed: is told of each request to Discord that failed, those that discord.py repeats included:
            ``http_429``, or ``no_answer``; None where nobody wants to know, for listening costs time.
    """

    def __init__(
        self,
        tree_class: type[discord.app_commands.CommandTree[Any]],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=tree_class,
            intents=discord.Intents(guilds=True, guild_reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            **(_Tracing() if failed is None else _Tracing(http_trace=_tracing(failed))),
        )
        self._ready_shards: set[int] = set()
        self._down_shards: set[int] = set()
        self._named_guilds: frozenset[int] = frozenset()

    @property
    def is_fully_ready(self) -> bool:
        """Whether every shard has had its READY."""
        # `shards` holds only those that were started so far; `shard_count` is set before the first.
        return 0 < (self.shard_count or 0) <= len(self._ready_shards)

    @property
    def is_connected(self) -> bool:
        """Whether any shard is connected now."""
        return bool(self._ready_shards - self._down_shards)

    async def on_shard_connect(self, shard_id: int) -> None:
        """A shard had its READY."""
        self._ready_shards.add(shard_id)
        self._down_shards.discard(shard_id)
        log.info("shard.ready", shard=shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """A shard goes on where it was."""
        self._down_shards.discard(shard_id)
        log.info("shard.resumed", shard=shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """A shard lost its connection; discord.py makes another."""
        self._down_shards.add(shard_id)
        log.warning("shard.disconnected", shard=shard_id)

    async def sign_in(self, token: str) -> None:
        """Sign in over HTTP, without connecting yet.

        Raises:
            SettingsError: Discord refuses the token.
            MessageUnavailableError: Discord cannot be reached, or does not answer as it should.
        """
        try:
            await self.login(token)
        except discord.LoginFailure:
            raise SettingsError(
                "DISCORD_TOKEN is not accepted by Discord. Make a new one and set it."
            ) from None
        except discord.HTTPException as error:
            raise MessageUnavailableError(f"cannot sign in to Discord: {said(error)}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise MessageUnavailableError(f"cannot sign in to Discord: {error}") from error
        self.http._global_over = _AllClear()  # noqa: SLF001 - there is no other way
        self.http._global_over.set()  # noqa: SLF001 - as above

    async def connect(self, *, reconnect: bool = True) -> None:
        """Serve until cancelled.

        While a shard connects again, discord.py forgets that it was cancelled, and would serve on.
        """
        serving = asyncio.create_task(super().connect(reconnect=reconnect), name="shards")
        try:
            await asyncio.shield(serving)
        finally:
            while not serving.done():
                serving.cancel()
                await asyncio.wait({serving}, timeout=_CANCEL_AGAIN_SECONDS)

    async def register_commands(self, guild_ids: frozenset[int]) -> None:
        """Register the commands: in these servers alone, at once, or, where there are none, everywhere.

        A server that refuses them is logged; the others are served.

        Raises:
            MessageUnavailableError: Discord does not answer as it should.
        """
        self._named_guilds = guild_ids
        guilds = [discord.Object(guild_id) for guild_id in sorted(guild_ids)]
        for guild in guilds:
            self.tree.copy_global_to(guild=guild)
        for guild in guilds:
            await self._register_in(guild)
        if guilds:  # what an earlier start registered everywhere would be offered a second time
            self.tree.clear_commands(guild=None)
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            raise MessageUnavailableError(f"cannot register commands: {said(error)}") from error

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Register a named server's own commands: Discord forgets them where the bot is removed."""
        if guild.id in self._named_guilds:
            await self._register_in(guild)

    async def _register_in(self, guild: discord.abc.Snowflake) -> None:
        try:
            await self.tree.sync(guild=guild)
        except discord.HTTPException as error:
            mend = "check DISCORD_GUILD_IDS, and that the bot was invited there"
            log.error("commands.refused", guild=guild.id, error=said(error), mend=mend)


def _tracing(failed: Callable[[str], None]) -> aiohttp.TraceConfig:
    """Return what hears of every request that discord.py sends: it tells nobody of those that it repeats."""

    async def on_answer(
        _: aiohttp.ClientSession, __: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        if ended.response.status >= HTTPStatus.BAD_REQUEST:
            failed(f"http_{ended.response.status}")

    async def on_no_answer(
        _: aiohttp.ClientSession, __: SimpleNamespace, ___: aiohttp.TraceRequestExceptionParams
    ) -> None:
        failed("no_answer")

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_answer)
    trace.on_request_exception.append(on_no_answer)
    return trace
