"""The WebSocket of the page: what changes is told to everyone who watches, each as the person they act as.

A client says one thing, `{"type": "look", "user_id", "channel_id"}`: whom it acts as from now on, and where
it looks. It is told, as JSON objects with a `type`:

| type | when | the rest of it |
| --- | --- | --- |
| `world` | at first, and when it changed | `world`, as `GET /sandbox/world` of Discord's control |
| `bot` | likewise | the state of the process: see `sandbox.page.bot` |
| `switches` | likewise | `switches`: see `sandbox.page.switches` |
| `account` | likewise | `balance_usd`, `limit` (of tasks at once; null: none), `sockets`: Wiro's |
| `jobs` | the newest at first, then those that changed | `jobs`: see `sandbox.page.jobs` |
| `tasks` | likewise | `tasks`, as Wiro has them: see `sandbox.page.behind` |
| `calls` | likewise | `calls` at Wiro, and callbacks: see `sandbox.page.calls` |
| `rest` | likewise | `calls` of the bot at Discord |
| `looking` | after a look | `user_id`, `channel_id`, `dm_id` |
| `messages` | after a look, and when they changed | `channel_id`, `snapshot`, `messages`, `deleted` (ids) |
| `commands` | likewise | `channel_id`, `commands`: those that this person may use there |
| `refused` | when a look cannot be, or not any longer | `message` |

Messages are those of the channel and of the person's direct messages, as the person sees them. With
`snapshot` they replace what was told before; otherwise each replaces the one of its id. The same may be told
twice.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.discord import DiscordServer
from sandbox.discord.payloads import encode
from sandbox.page.behind import Behind
from sandbox.page.window import Window
from sandbox.shown import Json

MAX_CONNECTIONS = 16
_MAX_WAITING_BYTES = 4 * 1024 * 1024  # for one connection
_MAX_MESSAGE_BYTES = 4096
_HEARTBEAT_SECONDS = 20.0
_CLOSE_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Live:
    """All connections. `run` tells them the news until it is cancelled."""

    def __init__(self, discord: DiscordServer, behind: Behind, veil: Callable[[str], str]) -> None:
        self._discord = discord
        self._behind = behind
        self._veil = veil
        self._viewers: set[_Viewer] = set()

    async def run(self) -> None:
        """Look at everything ten times a second: a file and a process tell nobody that they have changed.

        Where something cannot be told, that is logged, and whoever watches is cut off instead of being shown
        what is no longer true: their pages connect again, and are told everything anew.
        """
        while True:
            try:
                await self._tell()
            except Exception:  # noqa: BLE001 - logged: no mistake may end this task unseen
                _log.exception("The page could not tell what is new.")
                for viewer in self._viewers:
                    viewer.cut_off()
                await asyncio.sleep(_PAUSE_SECONDS)
            await asyncio.sleep(_LOOK_SECONDS)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /live: one connection, until it ends."""
        if len(self._viewers) >= MAX_CONNECTIONS:
            return web.json_response({"message": "Too many pages are open."}, status=503)
        viewer = _Viewer(request, Window(self._discord), self._written)
        viewer.send(map(self._written, self._behind.everything()))
        self._viewers.add(viewer)
        try:
            await viewer.serve()
        finally:
            self._viewers.discard(viewer)
        return viewer.websocket

    async def _tell(self) -> None:
        news = [self._written(event) for event in await self._behind.news()]
        for viewer in tuple(self._viewers):
            viewer.send(news)
            viewer.send(map(self._written, viewer.window.news()))

    def _written(self, event: Json) -> bytes:
        """Return an event as it is sent; what is no text, a half of a pair, becomes a question mark."""
        return self._veil(encode(event)).encode(errors="replace")

    async def close(self) -> None:
        """Close every connection."""
        closing = [each.websocket.close(code=WSCloseCode.GOING_AWAY) for each in self._viewers]
        await asyncio.gather(*closing, return_exceptions=True)


class _Viewer:
    """One connection: what it looks at, and what is still to be sent to it."""

    def __init__(self, request: web.Request, window: Window, written: Callable[[Json], bytes]) -> None:
        self.window = window
        self.websocket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_MAX_MESSAGE_BYTES
        )
        self._request = request
        self._written = written
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting_bytes = 0

    def send(self, events: Iterable[bytes]) -> None:
        """Send events when it is their turn; a client that reads too slowly is cut off."""
        for event in events:
            self._waiting_bytes += len(event)
            if self._waiting_bytes > _MAX_WAITING_BYTES:
                self.cut_off()
                return
            self._waiting.put_nowait(event)

    def cut_off(self) -> None:
        """End the connection at once."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def serve(self) -> None:
        """Do what the client says until it goes."""
        await self.websocket.prepare(self._request)
        writer = asyncio.create_task(self._write(), name="page writer")
        try:
            async for message in self.websocket:
                wanted = _read(message.data) if message.type is WSMsgType.TEXT else None
                if wanted is None:
                    await self.websocket.close(code=WSCloseCode.POLICY_VIOLATION)
                    return
                looked = self.window.look(wanted.get("user_id"), wanted.get("channel_id"))
                self.send(map(self._written, looked))
        finally:
            writer.cancel()
            await asyncio.wait([writer])

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                event = await self._waiting.get()
                await self.websocket.send_frame(event, WSMsgType.TEXT)
                self._waiting_bytes -= len(event)


def _read(text: str) -> Json | None:
    """Return what a client asks for; None for anything but a look."""
    try:
        wanted = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return wanted if isinstance(wanted, dict) and wanted.get("type") == "look" else None
