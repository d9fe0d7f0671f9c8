"""The WebSocket that bots log in to. Source: Discord's reference, Gateway and Gateway Opcodes.

Of the ways to compress, zlib-stream is spoken; whoever asks for another one gets plain text.
"""

import asyncio
import contextlib
import json

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.discord import wire
from sandbox.discord.faults import Faults
from sandbox.discord.forms import snowflake_of
from sandbox.discord.frames import ZlibStream, control_frame, is_event
from sandbox.discord.payloads import Json, encode
from sandbox.discord.sessions import Intent, Session, Sessions
from sandbox.discord.world import World

HEARTBEAT_MS = 41_250
ACK_AFTER_SECONDS = 0.05
"""A network's round trip. discord.py notes the time of a heartbeat in another thread, once it is sent: an
answer that is there before is measured from the heartbeat before, and called 41 seconds late."""
MAX_QUEUED_FRAMES = 20_000

_HEARTBEAT, _IDENTIFY, _PRESENCE, _VOICE, _RESUME, _MEMBERS = 1, 2, 3, 4, 6, 8
_INVALID_SESSION, _HELLO, _HEARTBEAT_ACK = 9, 10, 11
_UNKNOWN_OPCODE, _DECODE_ERROR, _NOT_AUTHENTICATED = 4001, 4002, 4003
_AUTHENTICATION_FAILED, _ALREADY_AUTHENTICATED, _INVALID_SHARD = 4004, 4005, 4010
_RATE_LIMITED = 4008


class Gateway:
    """Accepts connections. `address` is what READY names for a RESUME."""

    def __init__(self, token: str, world: World, sessions: Sessions, faults: Faults) -> None:
        self.token = token
        self.world = world
        self.sessions = sessions
        self.faults = faults
        self.address = ""
        self._connections: set[SocketConnection] = set()

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes."""
        if self.faults.gateway.refuses_logins:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=64 * 1024, timeout=2)
        await socket.prepare(request)
        zlib_stream = ZlibStream() if request.query.get("compress") == "zlib-stream" else None
        connection = SocketConnection(self, socket, zlib_stream)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
        return socket

    def close(self) -> None:
        """Close all connections, for the server stops."""
        for connection in self._connections:
            connection.close(WSCloseCode.GOING_AWAY)


class SocketConnection:
    """One connection: frames out are queued, so that whoever sends an event never waits."""

    def __init__(
        self, gateway: Gateway, socket: web.WebSocketResponse, zlib_stream: ZlibStream | None
    ) -> None:
        self._gateway = gateway
        self._socket = socket
        self._zlib_stream = zlib_stream
        self._session: Session | None = None
        self._frames: asyncio.Queue[str | int] = asyncio.Queue(MAX_QUEUED_FRAMES)

    def put(self, frame: str) -> None:
        """Queue a frame; raise QueueFull when the other side does not keep up."""
        self._frames.put_nowait(frame)

    def close(self, code: int) -> None:
        """Close the socket once what is queued is sent."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(code)

    async def serve(self) -> None:
        """Talk to the other side until it or we close."""
        writer = asyncio.create_task(self._write())
        self.put(control_frame(_HELLO, {"heartbeat_interval": HEARTBEAT_MS, "_trace": []}))
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._receive(message.data)
        finally:
            if self._session is not None and self._session.connection is self:
                self._session.connection = None
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer

    async def _write(self) -> None:
        while True:
            frame = await self._frames.get()
            if isinstance(frame, int):
                await self._socket.close(code=frame)
                return
            if (delay := self._gateway.faults.gateway.event_delay_seconds) and is_event(frame):
                await asyncio.sleep(delay)
            if self._zlib_stream is None:
                await self._socket.send_str(frame)
            else:
                await self._socket.send_bytes(self._zlib_stream.compress(frame))

    def _receive(self, payload: str | bytes) -> None:
        try:
            frame = json.loads(payload)
            opcode, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.close(_DECODE_ERROR)
            return
        if opcode == _HEARTBEAT:
            asyncio.get_running_loop().call_later(ACK_AFTER_SECONDS, self._acknowledge)
        elif opcode in (_IDENTIFY, _RESUME):
            self._log_in(opcode, data)
        elif opcode not in (_PRESENCE, _VOICE, _MEMBERS):
            self.close(_UNKNOWN_OPCODE)
        elif self._session is None:
            self.close(_NOT_AUTHENTICATED)
        elif opcode == _MEMBERS and isinstance(data, dict):
            self._send_members(self._session, data)

    def _acknowledge(self) -> None:
        try:
            self.put(control_frame(_HEARTBEAT_ACK))
        except asyncio.QueueFull:
            self.close(_RATE_LIMITED)

    def _log_in(self, opcode: int, data: object) -> None:
        if self._session is not None:
            self.close(_ALREADY_AUTHENTICATED)
        elif not isinstance(data, dict):
            self.close(_DECODE_ERROR)
        elif str(data.get("token")).removeprefix("Bot ") != self._gateway.token:
            self.close(_AUTHENTICATION_FAILED)
        elif opcode == _IDENTIFY:
            self._identify(data)
        else:
            self._resume(data)

    def _identify(self, data: Json) -> None:
        shard, shards = _shard(data.get("shard"))
        if not 0 <= shard < shards:
            self.close(_INVALID_SHARD)
            return
        intents = data.get("intents")
        session = self._gateway.sessions.new(shard, shards, intents if isinstance(intents, int) else 0)
        self._session = session
        self._gateway.sessions.connect(session, self)
        world = self._gateway.world
        guilds = [guild for guild in world.guilds.values() if session.wants(guild.id, Intent.ALWAYS)]
        ready: Json = {
            "v": 10,
            "user": wire.own_user(world.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._gateway.address,
            "shard": [shard, shards],
            "application": {"id": str(world.application_id), "flags": wire.APPLICATION_FLAGS},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "user_settings": {},
            "_trace": [],
        }
        session.send("READY", encode(ready))
        if session.intents & Intent.GUILDS and not self._gateway.faults.gateway.withholds_guilds:
            for guild in guilds:
                session.send("GUILD_CREATE", encode(wire.guild_create(guild, world)))

    def _resume(self, data: Json) -> None:
        session = self._gateway.sessions.get(str(data.get("session_id")))
        after = data.get("seq")
        if session is None or not isinstance(after, int):
            self.put(control_frame(_INVALID_SESSION, False))
            return
        self._gateway.sessions.connect(session, self)
        if not session.replay(after):
            session.connection = None
            self.put(control_frame(_INVALID_SESSION, False))
            return
        self._session = session
        session.send("RESUMED", '{"_trace":[]}')

    def _send_members(self, session: Session, data: Json) -> None:
        """Answer Request Guild Members, in chunks of 1,000."""
        guild = self._gateway.world.guilds.get(snowflake_of(data.get("guild_id")) or 0)
        if guild is None:
            return
        wanted = data.get("user_ids")
        ids = {str(each) for each in (wanted if isinstance(wanted, list) else [wanted])} if wanted else None
        prefix = str(data.get("query") or "").lower()
        limit = data.get("limit")
        found = [
            wire.member(member)
            for member in guild.members.values()
            if (ids is None or str(member.user.id) in ids) and member.user.name.lower().startswith(prefix)
        ][: limit if isinstance(limit, int) and limit > 0 else None]
        chunks = [found[at : at + 1000] for at in range(0, len(found), 1000)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Json = {
                "guild_id": str(guild.id),
                "members": chunk,
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [],
            }
            if data.get("nonce") is not None:
                body["nonce"] = data["nonce"]
            session.send("GUILD_MEMBERS_CHUNK", encode(body))


def _shard(value: object) -> tuple[int, int]:
    match value:
        case None:
            return 0, 1
        case [int(shard), int(shards)]:
            return shard, shards
        case _:
            return -1, 0
