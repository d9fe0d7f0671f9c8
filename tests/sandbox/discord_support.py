"""What the tests of the Discord-compatible server share: a bot on raw sockets, and one on discord.py."""

import asyncio
import io
import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands

from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.discord.model import Channel
from sandbox.discord.permissions import Permission
from sandbox.members import Member, Members

Json = dict[str, Any]
V2 = 1 << 15
EPHEMERAL = 1 << 6
ALL_INTENTS = (1 << 25) - 1


def png(width: int = 3, height: int = 2) -> bytes:
    """Return a small black PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def text(content: str) -> Json:
    """Return a text display."""
    return {"type": 10, "content": content}


def button(custom_id: str, **more: object) -> Json:
    """Return a button."""
    return {"type": 2, "style": 2, "label": custom_id[:80], "custom_id": custom_id, **more}


def row(*components: Json) -> Json:
    """Return an action row."""
    return {"type": 1, "components": list(components)}


def multipart(payload: Json, **files: bytes) -> aiohttp.FormData:
    """Return a multipart body as bots send it; `files` are named file_png and the like."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload))
    for index, (name, data) in enumerate(files.items()):
        filename = name.replace("_", ".")
        form.add_field(
            f"files[{index}]", io.BytesIO(data), filename=filename, content_type="application/octet-stream"
        )
    return form


@dataclass(kw_only=True)
class RawBot:
    """A bot without a library: calls REST, and takes events from one gateway connection."""

    server: DiscordServer
    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse | None = None
    seen: list[Json] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    async def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """Call the REST API; return status and JSON (None for no body)."""
        kwargs: Json = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        headers = {"Authorization": f"Bot {token or self.server.config.token}"}
        url = self.server.api_base + path
        async with self.session.request(method, url, headers=headers, **kwargs) as answer:
            self.headers = dict(answer.headers)
            data = await answer.read()
            return answer.status, json.loads(data) if data else None

    async def ok(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Call the REST API and return the JSON of an answer that must be good."""
        status, answer = await self.call(method, path, body)
        assert status < 300, answer
        return answer

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, int]:
        """Call the REST API and return status and code of an answer that must be an error."""
        status, answer = await self.call(method, path, body)
        assert status >= 400, answer
        return status, answer["code"]

    async def connect(self, intents: int = ALL_INTENTS, **identify: object) -> Json:
        """Log in to the gateway and return READY's data."""
        await self.open()
        await self.send(2, {"token": self.server.config.token, "intents": intents, **identify})
        return await self.event("READY")

    async def open(self, url: str | None = None) -> None:
        """Open a gateway connection, in the place of the last one, without logging in."""
        await self.close()
        self.socket = await self.session.ws_connect(url or self.server.gateway_url)

    async def close(self) -> None:
        """Close the gateway connection."""
        if self.socket is not None:
            await self.socket.close()

    async def send(self, opcode: int, data: object) -> None:
        """Send a frame."""
        assert self.socket is not None
        await self.socket.send_json({"op": opcode, "d": data})

    async def frame(self) -> Json:
        """Return the next frame."""
        assert self.socket is not None
        async with asyncio.timeout(30):
            received: Json = await self.socket.receive_json()
        self.seen.append(received)
        return received

    async def event(self, name: str) -> Json:
        """Return the data of the next event of that name; what comes before it is kept in `seen`."""
        while (frame := await self.frame())["t"] != name:
            pass
        found: Json = frame["d"]
        return found

    async def closed(self) -> int | None:
        """Return the code with which the server closes the connection."""
        assert self.socket is not None
        async with asyncio.timeout(30):
            while (await self.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        return self.socket.close_code

    async def register(self, *commands: Json) -> list[Json]:
        """Register global commands in the place of all others."""
        path = f"/applications/{self.server.application_id}/commands"
        registered: list[Json] = await self.ok("PUT", path, list(commands))
        return registered

    async def answer(self, interaction: Json, kind: int, data: Json | None = None) -> tuple[int, Any]:
        """Answer an interaction for the first time."""
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback?with_response=1"
        return await self.call("POST", path, {"type": kind, "data": data or {}})

    def token_path(self, interaction: Json, message: str = "/messages/@original") -> str:
        """Return the address of a message behind an interaction's token."""
        return f"/webhooks/{self.server.application_id}/{interaction['token']}{message}"

    def channel(self, name: str = "general") -> Channel:
        """Return a channel of the first guild."""
        return self.server.world.channel_named(name)

    def messages(self, name: str = "general") -> str:
        """Return the address of a channel's messages."""
        return f"/channels/{self.channel(name).id}/messages"


@dataclass(kw_only=True)
class Scene:
    """A server, someone who acts on it, and a bot of the test's own making."""

    server: DiscordServer
    members: Members
    bot: RawBot

    @property
    def member(self) -> Member:
        """Someone without any role."""
        return self.members.of("member")

    async def typed(self, options: Json | None = None, **more: Any) -> Json:  # noqa: ANN401 - passed on
        """Let the member type the command "go", and return what the bot received."""
        await self.member.type("go", channel="general", options=options, wait=False, **more)
        return await self.bot.event("INTERACTION_CREATE")


async def deny(at: Scene, channel: str, permission: Permission) -> None:
    """Take a permission from the bot in a channel."""
    target = f"/channels/{at.members.channel_id(channel)}/overwrites/{at.server.bot_user_id}"
    await at.members.call("PUT", target, {"deny": int(permission)})


GO = {"name": "go", "description": "goes", "type": 1}


@asynccontextmanager
async def scene(
    config: DiscordConfig | None = None, *commands: Json, connect: bool = True
) -> AsyncIterator[Scene]:
    """Run a server without rate limits, with a raw bot on it that has the command "go" or those given."""
    quick = config or DiscordConfig(enforce_rate_limits=False)
    async with (
        DiscordServer(quick) as server,
        aiohttp.ClientSession() as session,
        Members(server.origin) as people,
    ):
        bot = RawBot(server=server, session=session)
        await bot.register(*(commands or (GO,)))
        if connect:
            await bot.connect()
        yield Scene(server=server, members=people, bot=bot)
        await bot.close()


class LibraryBot(discord.AutoShardedClient):
    """A bot on the real discord.py; `prepare` adds commands and the like before it logs in."""

    def __init__(self, prepare: Callable[["LibraryBot"], None], **options: Any) -> None:  # noqa: ANN401 - passed on
        intents = options.pop("intents", discord.Intents.default())
        super().__init__(intents=intents, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.failures: list[BaseException] = []
        self.ready_here = asyncio.Event()
        self._prepare = prepare
        self.tree.error(self.keep)

    async def on_ready(self) -> None:
        """Let the test begin."""
        self.ready_here.set()

    async def keep(self, _: object, error: app_commands.AppCommandError) -> None:
        """Keep what a command raised, for the test to see."""
        self.failures.append(error)

    async def setup_hook(self) -> None:
        """Register the commands."""
        self._prepare(self)
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Log in at once: the sandbox does not ask shards to wait for each other."""


@asynccontextmanager
async def logged_in(
    server: DiscordServer,
    prepare: Callable[[LibraryBot], None],
    **options: Any,  # noqa: ANN401 - passed on
) -> AsyncIterator[LibraryBot]:
    """Log the real library in to a server, and leave no trace of it in the library."""
    api, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    discord.http.Route.BASE = server.api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    bot = LibraryBot(prepare, **options)
    running = asyncio.create_task(bot.start(server.config.token))
    try:
        waiting = asyncio.create_task(bot.ready_here.wait())
        done, _ = await asyncio.wait({running, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert waiting in done, running
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(running, return_exceptions=True)
        discord.http.Route.BASE = api
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


def picture(name: str = "fox.png") -> discord.File:
    """Return a small picture to upload."""
    return discord.File(io.BytesIO(png(64, 48)), name)


def commands(*functions: Callable[..., Any]) -> Callable[[LibraryBot], None]:
    """Return what gives a bot these functions as commands."""

    def prepare(bot: LibraryBot) -> None:
        for function in functions:
            bot.tree.command()(function)

    return prepare


async def called(server: DiscordServer, method: str, route: str, times: int) -> None:
    """Wait until a route was called so often."""
    async with asyncio.timeout(30):
        while len(server.requests.of(method, route)) < times:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
