"""The WebSocket: news of the tasks that a client has registered. Source: Wiro's reference, WebSocket."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from sandbox.wiro.behaviours import SocketScript
from sandbox.wiro.journal import Exchange, Journal
from sandbox.wiro.tasks import Task, TaskStore

_MAX_WAITING_MESSAGES = 10_000
_MAX_MESSAGE_BYTES = 64 * 1024
_HEARTBEAT_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
_GOING_AWAY = 1001
_MALFORMED = (
    "",
    "{",
    "[]",
    "null",
    '{"type":5}',
    '{"type":"task_output","message":{"percentage":"many"}}',
    '{"type":"task_output","tasktoken":[],"message":[[]]}',
    '{"type":"task_postprocess_end","tasktoken":"of-nobody","message":"done"}',
)


class _Connection:
    """One client: what it waits for, and what is still to be sent to it."""

    def __init__(self, request: web.Request, script: SocketScript) -> None:
        self.script = script
        self.tokens: set[str] = set()
        self.websocket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_MAX_MESSAGE_BYTES
        )
        self._request = request
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MAX_WAITING_MESSAGES)

    def send(self, message: str) -> None:
        """Send a message when it is its turn; a client that reads too slowly is cut off."""
        if self.script.silent:
            return
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            if self._request.transport is not None:
                self._request.transport.abort()

    async def write(self) -> None:
        """Send what there is to send until the connection ends."""
        sent = 0
        nonsense = itertools.cycle(_MALFORMED)
        with contextlib.suppress(ConnectionError):
            while sent != self.script.close_after:
                message = await self._waiting.get()
                if self.script.binary_frames:
                    await self.websocket.send_bytes(b"\x00\x01\x02")
                if self.script.malformed:
                    await self.websocket.send_str(next(nonsense))
                await self.websocket.send_str(message)
                sent += 1
            await self.end(reset=self.script.reset)

    async def end(self, *, reset: bool) -> None:
        """End the connection, with a close frame or just so."""
        if not reset:
            await self.websocket.close()
        elif self._request.transport is not None:
            self._request.transport.abort()


class Hub:
    """All connections, and which of them wait for which task."""

    def __init__(self, store: TaskStore, journal: Journal, take_script: Callable[[], SocketScript]) -> None:
        self._store = store
        self._journal = journal
        self._take_script = take_script
        self._connections: set[_Connection] = set()
        self._listeners: dict[str, set[_Connection]] = {}

    def tell(self, task: Task, kind: str, message: object = None) -> None:
        """Tell those who registered a task what happens to it."""
        listeners = self._listeners.get(task.token)
        if not listeners:
            return
        content = {
            "type": kind,
            "id": task.taskid,
            "tasktoken": task.token,
            "message": message,
            "result": True,
        }
        text = json.dumps(content)
        for connection in listeners:
            connection.send(text)

    def forget(self, task: Task) -> None:
        """Note that nothing more will happen to a task."""
        for connection in self._listeners.pop(task.token, ()):
            connection.tokens.discard(task.token)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        script = self._take_script()
        if script.http_status is not None:
            self._note(request, script.http_status)
            return web.Response(status=script.http_status)
        await asyncio.sleep(script.delay_seconds)
        connection = _Connection(request, script)
        await connection.websocket.prepare(request)
        self._note(request, connection.websocket.status)
        self._connections.add(connection)
        if not script.no_greeting:
            connection.send(json.dumps({"type": "connected", "version": "1.0"}))
        writer = asyncio.create_task(connection.write(), name="wiro socket writer")
        try:
            async for message in connection.websocket:
                if message.type is WSMsgType.TEXT:
                    self._register(connection, message.data, request.path)
        finally:
            writer.cancel()
            await asyncio.wait([writer])
            self._drop(connection)
        return connection.websocket

    @property
    def count(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    async def drop(self, *, reset: bool) -> None:
        """End every connection that is there now; new ones are welcome."""
        await asyncio.gather(*(connection.end(reset=reset) for connection in tuple(self._connections)))

    async def close(self) -> None:
        """Close every connection."""
        closing = [connection.websocket.close(code=_GOING_AWAY) for connection in self._connections]
        await asyncio.gather(*closing, return_exceptions=True)

    def _register(self, connection: _Connection, text: str, path: str) -> None:
        """Let a connection hear of a task; of one that has ended there is nothing to hear."""
        token = _token_in(text)
        refusal = connection.script.error
        if token is None or refusal is not None:
            message = refusal or "task_info with a tasktoken is expected"
            connection.send(json.dumps({"type": "error", "message": message, "result": False}))
        if token is None:
            return
        task = self._store.by_token(token)
        if refusal is None and task is not None and not task.ended:
            connection.tokens.add(token)
            self._listeners.setdefault(token, set()).add(connection)
        taskid = task.taskid if task else None
        self._journal.note(Exchange(call="socket/task_info", path=path, taskid=taskid, status=0, headers={}))

    def _note(self, request: web.Request, status: int) -> None:
        self._journal.note(
            Exchange(call="socket", path=request.path, taskid=None, status=status, headers=request.headers)
        )

    def _drop(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        for token in connection.tokens:
            listeners = self._listeners[token]
            listeners.discard(connection)
            if not listeners:
                del self._listeners[token]


def _token_in(text: str) -> str | None:
    """Give the token of a well-formed registration."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("type") != "task_info":
        return None
    token = content.get("tasktoken")
    return token if isinstance(token, str) and token else None
