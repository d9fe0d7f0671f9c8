"""The public listener: hears that a task has ended, and tells whether the bot is ready.

Whoever calls is not believed: a known token wakes the tracker, which asks Wiro. Source of the rules: the
design, *What can be seen from outside*; Wiro's reference, Callback.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from aiohttp import web

from bot.errors import StorageError
from bot.jobs.budget import Budget

CALLBACK_PATH: Final = "/wiro/callback"

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_BODY_BYTES: Final = 64 * 1024
_BODY_SECONDS: Final = 5.0
_CONNECTIONS_AT_MOST: Final = 256
_CONNECTION_SECONDS: Final = 15.0  # each serves one request, which takes milliseconds
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
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        app = web.Application(client_max_size=_BODY_BYTES, middlewares=[_serve_one_request])
        app.router.add_post(CALLBACK_PATH + "/{token}", self._callback)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        serve = self._runner.server
        if serve is None:
            raise RuntimeError("aiohttp has set up no server")
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(serve(), self._connections), host, port
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        log.info("listener.started", host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _callback(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        if not _TOKEN.fullmatch(token):
            return web.Response(status=404)
        if not self._jobs.knows_callback(token) and not self._unknown.take():
            return web.Response(status=429, headers={"Retry-After": "2"})
        try:
            known = await self._jobs.hear_callback(token, await _read_body(request))
        except StorageError as error:
            log.debug("callback.not_read", error=str(error))
            return web.Response(status=503)
        return web.Response(status=200 if known else 404)

    async def _healthz(self, _request: web.Request) -> web.Response:
        missing = self._health().missing
        return web.json_response(
            {"ready": not missing, "missing": list(missing)}, status=503 if missing else 200
        )


class _Connection(asyncio.Protocol):
    """A connection that is ended when its time is over, and refused at once where there are too many.

    aiohttp itself waits for ever for the first request of a connection, and takes any number of them.
    """

    def __init__(self, inner: asyncio.Protocol, connections: set["_Connection"]) -> None:
        self._inner = inner
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport) or len(self._connections) >= _CONNECTIONS_AT_MOST:
            transport.close()
            return
        self._connections.add(self)
        self._timer = asyncio.get_running_loop().call_later(_CONNECTION_SECONDS, transport.abort)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._timer is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._connections.discard(self)
            self._inner.connection_lost(exc)


@web.middleware
async def _serve_one_request(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Close each connection after its answer, so that its time bounds one request."""
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        refusal.force_close()
        raise
    response.force_close()
    return response


async def _read_body(request: web.Request) -> bytes:
    """Return the body, or nothing where it is too long, too slow or broken: it is only a hint."""
    with suppress(web.HTTPRequestEntityTooLarge, TimeoutError, OSError, ValueError, web.RequestPayloadError):
        async with asyncio.timeout(_BODY_SECONDS):
            return await request.read()
    return b""
