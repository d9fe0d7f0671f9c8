"""Gateway sessions: who is connected, which events they asked for, and what a RESUME replays.

Source: Discord's reference, Gateway: Sessions, Intents, Sharding.
"""

import secrets
from asyncio import QueueFull
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from sandbox.discord.frames import control_frame, event_frame
from sandbox.discord.news import News
from sandbox.discord.payloads import Json, encode
from sandbox.discord.snowflakes import shard_of

MAX_REPLAYED_EVENTS = 2_000
MAX_SESSIONS = 16


class Intent(IntEnum):
    """Which events a session wants (Source: List of Intents); ALWAYS is what no intent withholds."""

    ALWAYS = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


class Connection(Protocol):
    """The socket of a session."""

    def put(self, frame: str) -> None:
        """Send a frame; raise QueueFull when the other side does not keep up."""

    def close(self, code: int) -> None:
        """Close the socket with one of Discord's codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dispatch. `reduced` is what those see who may not read messages' content, where that differs."""

    name: str
    data: Json
    guild_id: int | None
    intent: Intent = Intent.ALWAYS
    reduced: Json | None = None


class Session:
    """One login of the bot; it outlives its connection until it is forgotten."""

    def __init__(self, shard: int, shards: int, intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.shards = shards
        self.intents = intents
        self.connection: Connection | None = None
        self._sequence = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=MAX_REPLAYED_EVENTS)

    def wants(self, guild_id: int | None, intent: Intent) -> bool:
        """Tell whether an event is for this session's shard and among its intents."""
        return shard_of(guild_id, self.shards) == self.shard and (not intent or bool(self.intents & intent))

    def send(self, name: str, data: str) -> None:
        """Send a dispatch with `data` as JSON text, and remember it for a RESUME."""
        self._sequence += 1
        frame = event_frame(self._sequence, name, data)
        self._sent.append((self._sequence, frame))
        self._put(frame)

    def replay(self, after: int) -> bool:
        """Send again what came after a sequence number; False if that is no longer known."""
        if after > self._sequence or (self._sent and after < self._sent[0][0] - 1):
            return False
        for sequence, frame in self._sent:
            if sequence > after:
                self._put(frame)
        return True

    def _put(self, frame: str) -> None:
        if self.connection is not None:
            try:
                self.connection.put(frame)
            except QueueFull:
                self.connection.close(4008)
                self.connection = None


class Sessions:
    """All sessions; the oldest without a connection are forgotten when there are too many."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._sessions: dict[str, Session] = {}

    def new(self, shard: int, shards: int, intents: int) -> Session:
        """Make a session."""
        session = Session(shard, shards, intents)
        self._sessions[session.id] = session
        if len(self._sessions) > MAX_SESSIONS:
            others = [each for each in self._sessions.values() if each is not session]
            gone = next((each for each in others if each.connection is None), others[0])
            del self._sessions[gone.id]
        return session

    def get(self, session_id: str) -> Session | None:
        """Return a session that can be resumed."""
        return self._sessions.get(session_id)

    def connected(self) -> list[Session]:
        """Return the sessions that have a connection now."""
        return [session for session in self._sessions.values() if session.connection is not None]

    def wanted(self, guild_id: int | None, intent: Intent) -> bool:
        """Tell whether anyone wants such an event, so that it need not be put together otherwise."""
        return any(session.wants(guild_id, intent) for session in self._sessions.values())

    def dispatch(self, event: Event) -> None:
        """Send an event to every session that wants it."""
        full = reduced = ""
        for session in self._sessions.values():
            if not session.wants(event.guild_id, event.intent):
                continue
            if event.reduced is not None and not session.intents & Intent.MESSAGE_CONTENT:
                reduced = reduced or encode(event.reduced)
                session.send(event.name, reduced)
            else:
                full = full or encode(event.data)
                session.send(event.name, full)

    def connect(self, session: Session, connection: Connection) -> None:
        """Give a session its connection; one that it still has is closed."""
        if session.connection is not None:
            session.connection.close(4009)
        session.connection = connection
        self._news.tell("ready")

    def drop_connections(self, code: int = 4000) -> None:
        """Close all connections; their sessions can be resumed."""
        for session in self.connected():
            if session.connection is not None:
                session.connection.close(code)
                session.connection = None

    def ask_to_reconnect(self) -> None:
        """Send op 7 to all connections."""
        self._send_all(control_frame(7))

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9 to all connections; without `resumable` all sessions are forgotten."""
        self._send_all(control_frame(9, resumable))
        if not resumable:
            self._sessions.clear()

    def _send_all(self, frame: str) -> None:
        for session in self.connected():
            if session.connection is not None:
                session.connection.put(frame)
