"""The public listener: hears that a task has ended, and tells whether the bot is ready.

Whoever calls is not believed: a known token wakes the tracker, which asks Wiro. Source of the rules: the
design, *What can be seen from outside*; Wiro's reference, Callback.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpProcessingError, RawRequestMessage

from bot.errors import StorageError
from bot.jobs.budget import Budget

CALLBACK_PATH: Final = "/wiro/callback"

_CALLBACK: Final = re.compile(re.escape(CALLBACK_PATH) + r"/([A-Za-z0-9_-]{43})")
_BODY_BYTES: Final = 64 * 1024
_BODY_SECONDS: Final = 5.0
_CONNECTIONS_AT_MOST: Final = 256
_CONNECTION_SECONDS: Final = 15.0  # each serves one request, which takes milliseconds
_PIECE_BYTES: Final = 4096
_HEADERS_AT_MOST: Final = 48  # a proxy adds a dozen
_HEADER_BYTES: Final = 2048
_LINGER_SECONDS: Final = 1.0  # that a rest of the body is taken in, so that whoever sends it sees the answer
_STOP_SECONDS: Final = 1.0
_UNKNOWN_PER_SECOND: Final = 20.0  # tokens that no open job has are looked up in the database this often
_UNKNOWN_AT_ONCE: Final = 40.0

log = structlog.get_logger()


class Hears(Protocol):
    """What the listener tells of callbacks; see `bot.jobs.service.JobService`."""

    def knows_callback(self, token: str) -> bool:
        """Tell whether an open job has this token."""
        ...

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Take a callback in; tell whether any job has this token."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the bot is ready, and what is missing where it is not."""

    missing: tuple[str, ...]


class Listener:
    """Serves callbacks and health.

    Args:
        jobs: takes callbacks in.
        health: tells what is missing.
    """

    def __init__(self, jobs: Hears, health: Callable[[], Health]) -> None:
        self._jobs = jobs
        self._health = health
        self._unknown = Budget(per_second=_UNKNOWN_PER_SECOND, burst=_UNKNOWN_AT_ONCE)
        self._http: web.Server | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, None] = {}  # the oldest comes first

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        http = self._http = web.Server(
            self._serve,
            request_factory=_to_request,
            access_log=None,
            auto_decompress=False,
            max_headers=_HEADERS_AT_MOST,
            max_field_size=_HEADER_BYTES,
            read_bufsize=_BODY_BYTES,
            lingering_time=_LINGER_SECONDS,
        )
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(http(), self._connections), host, port
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        log.info("listener.started", host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Stop listening, and end every connection."""
        if self._server is None or self._http is None:
            return
        self._server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(_STOP_SECONDS)

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        """Answer a request, and close its connection afterwards, so that its time bounds one request."""
        try:
            response = await self._answer(request)
        except Exception:
            log.exception("listener.failed")  # aiohttp's own log is off: see `bot.logs`
            raise
        response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        path = request.rel_url.raw_path
        if path == "/healthz":
            return self._healthz() if request.method in {"GET", "HEAD"} else _only("GET, HEAD")
        callback = _CALLBACK.fullmatch(path)
        if callback is None:
            return web.Response(status=404)
        return await self._callback(request, callback[1]) if request.method == "POST" else _only("POST")

    async def _callback(self, request: web.BaseRequest, token: str) -> web.Response:
        if not self._jobs.knows_callback(token) and not self._unknown.take():
            return web.Response(status=429, headers={"Retry-After": "2"})
        try:
            known = await self._jobs.hear_callback(token, await _read_body(request))
        except StorageError as error:
            log.debug("callback.not_read", error=str(error))
            return web.Response(status=503)
        return web.Response(status=200 if known else 404)

    def _healthz(self) -> web.Response:
        missing = self._health().missing
        return web.json_response(
            {"ready": not missing, "missing": list(missing)}, status=503 if missing else 200
        )


class _Connection(asyncio.BufferedProtocol):
    """A connection that is ended when its time is over, or where there are too many and it is the oldest.

    aiohttp itself waits for ever for the first request of a connection, and takes any number of them. It is
    given what comes in small pieces, for it keeps the one in which it found an error for a while.
    """

    def __init__(self, inner: asyncio.Protocol, connections: dict["_Connection", None]) -> None:
        self._inner = inner
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._piece = bytearray(_PIECE_BYTES)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the listener serves streams")
        if len(self._connections) >= _CONNECTIONS_AT_MOST:
            next(iter(self._connections)).end()
        self._connections[self] = None
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(_CONNECTION_SECONDS, self.end)
        self._inner.connection_made(transport)

    def end(self) -> None:
        """End it at once, whatever it does."""
        self._connections.pop(self, None)
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, _size_hint: int) -> bytearray:
        return self._piece

    def buffer_updated(self, size_bytes: int) -> None:
        self._inner.data_received(bytes(self._piece[:size_bytes]))

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connections.pop(self, None)
        self._inner.connection_lost(exc)


def _to_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """Make aiohttp's request without the host of an absolute address: it raises where that is no name."""
    if message.url.absolute:
        message = message._replace(url=message.url.relative())
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())


def _only(methods: str) -> web.Response:
    return web.Response(status=405, headers={"Allow": methods})


async def _read_body(request: web.BaseRequest) -> bytes:
    """Return the body, or nothing where it is too long, too slow or broken: it is only a hint.

    A compressed one stays as it is: whoever sends ten kilobytes is not to be given ten megabytes for it.
    """
    if request.transport is None:  # ended before anybody looked at the request: aiohttp's stream fails then
        return b""
    body = bytearray()
    with suppress(TimeoutError, OSError, web.RequestPayloadError, HttpProcessingError):
        async with asyncio.timeout(_BODY_SECONDS):
            await _invite_body(request)
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > _BODY_BYTES:
                    return b""
            return bytes(body)
    return b""


async def _invite_body(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send the body. Source: RFC 9110, Expect."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
