"""A Discord-compatible server on loopback: REST v10, gateway v10, files and control API on one port."""

import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.discord.blobs import Blobs
from sandbox.discord.changes import Changes
from sandbox.discord.commands import Commands
from sandbox.discord.control import PREFIX as CONTROL
from sandbox.discord.control import PeopleRoutes, refusals
from sandbox.discord.control_messages import MessageRoutes
from sandbox.discord.control_world import WorldRoutes
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.identity import BOT_TOKEN
from sandbox.discord.interactions import Interactions
from sandbox.discord.messages import Messages
from sandbox.discord.model import Member
from sandbox.discord.news import News
from sandbox.discord.nonces import Nonces
from sandbox.discord.ratelimits import RateLimits
from sandbox.discord.rest import PREFIX, Requests, Rest
from sandbox.discord.routes_application import ApplicationRoutes
from sandbox.discord.routes_channels import ChannelRoutes
from sandbox.discord.routes_guilds import GuildRoutes
from sandbox.discord.routes_tokens import TokenRoutes
from sandbox.discord.sessions import Sessions
from sandbox.discord.world import World, default_world
from sandbox.guard import Guard

_MAX_REQUEST_BYTES = 256 * 1024 * 1024
_BACKLOG = 1024


@dataclass(frozen=True, kw_only=True)
class DiscordConfig:
    """How the server is set up. Port 0 takes a free one; times are those of Discord's documentation."""

    token: str = field(default=BOT_TOKEN, repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    shards: int = 1
    starts_left: int = 1000
    enforce_rate_limits: bool = True
    interaction_answer_seconds: float = 3.0
    interaction_token_seconds: float = 900.0


class DiscordServer:
    """The server; an async context manager. Its addresses are known once it has started."""

    def __init__(self, config: DiscordConfig | None = None, world: World | None = None) -> None:
        self.config = config or DiscordConfig()
        self.world = world or default_world()
        self.faults = Faults()
        self.requests = Requests()
        self.news = News()
        self.sessions = Sessions(self.news)
        self.nonces = Nonces()
        self.limits = RateLimits(enforced=self.config.enforce_rate_limits)
        self.blobs = Blobs()
        self.messages = Messages(self.world, self.sessions, self.news, self.blobs)
        self.commands = Commands(self.world.application_id, self.world.snowflakes, self.news)
        self.changes = Changes(self.world, self.sessions, self.commands)
        self.interactions = Interactions(
            self.world,
            self.messages,
            self.sessions,
            self.news,
            answer_seconds=self.config.interaction_answer_seconds,
            token_seconds=self.config.interaction_token_seconds,
        )
        self._gateway = Gateway(self.config.token, self.world, self.sessions, self.faults)
        self._runner: web.AppRunner | None = None
        self.origin = ""

    @property
    def api_base(self) -> str:
        """The address of the REST API, with its version."""
        return self.origin + PREFIX

    @property
    def gateway_url(self) -> str:
        """The address of the gateway."""
        return self.origin.replace("http", "ws", 1) + "/gateway"

    @property
    def cdn_base(self) -> str:
        """The address under which attachments are served."""
        return self.origin

    @property
    def application_id(self) -> int:
        """The identifier of the bot's application."""
        return self.world.application_id

    @property
    def bot_user_id(self) -> int:
        """The identifier of the bot's user."""
        return self.world.bot.id

    def add_member(self, guild_id: int, name: str, role_ids: set[int] | None = None) -> Member:
        """Let a new person of this name join a guild."""
        return self.changes.add_member(self.world.guilds[guild_id], self.world.new_user(name), role_ids)

    async def start(self) -> None:
        """Listen; raise OSError if the port is taken."""
        listening = socket.create_server((self.config.host, self.config.port), backlog=_BACKLOG)
        port = listening.getsockname()[1]
        self.origin = f"http://{self.config.host}:{port}"
        self._gateway.address = self.gateway_url
        self.messages.cdn_base = self.cdn_base
        self._runner = web.AppRunner(
            self._application(Guard(port, CONTROL)), access_log=None, shutdown_timeout=1
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        self.interactions.stop()
        self._gateway.close()
        self.news.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _application(self, guard: Guard) -> web.Application:
        rest = Rest(self.config.token, self.limits, self.faults, self.requests)
        app = web.Application(
            middlewares=[rest.middleware, guard.middleware, refusals], client_max_size=_MAX_REQUEST_BYTES
        )
        world, messages = self.world, self.messages
        app.add_routes(
            [
                *ApplicationRoutes(
                    world,
                    self.commands,
                    self.gateway_url,
                    shards=self.config.shards,
                    starts_left=self.config.starts_left,
                ).routes(PREFIX),
                *ChannelRoutes(world, self.changes, messages, self.nonces).routes(PREFIX),
                *GuildRoutes(world).routes(PREFIX),
                *TokenRoutes(world, messages, self.interactions).routes(PREFIX),
                *PeopleRoutes(world, self.commands, self.interactions, self.sessions, self.news).routes(),
                *MessageRoutes(world, messages, self.news).routes(),
                *WorldRoutes(
                    world,
                    self.changes,
                    self.interactions,
                    self.sessions,
                    self.nonces,
                    self.faults,
                    self.requests,
                ).routes(),
                web.get("/gateway", self._gateway.accept),
                web.get("/attachments/{path:.+}", self._attachment),
            ]
        )
        return app

    async def _attachment(self, request: web.Request) -> web.Response:
        blob = self.blobs.get(request.rel_url.raw_path)
        if blob is None:
            raise web.HTTPNotFound
        return web.Response(body=blob.data, content_type=blob.content_type)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()
