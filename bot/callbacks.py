"""The public listener: hears that a task has ended, and tells whether the bot is ready.

Whoever calls is not believed: a known token wakes the tracker, which asks Wiro. Source of the rules: the
design, *What can be seen from outside*; Wiro's reference, Callback.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog
from aiohttp import HttpVersion11, web
from aiohttp.http import HttpProcessingError

from bot.errors import StorageError
from bot.jobs.budget import Budget
from bot.serving import BODY_BYTES, BoundedServer, only

CALLBACK_PATH: Final = "/wiro/callback"

_CALLBACK: Final = re.compile(re.escape(CALLBACK_PATH) + r"/([A-Za-z0-9_-]{43})")
_BODY_SECONDS: Final = 5.0
_UNKNOWN_PER_SECOND: Final = 20.0  # tokens that no open job has are looked up in the database this often
_UNKNOWN_AT_ONCE: Final = 40.0

log = structlog.get_logger()


class Hears(Protocol):
    """What the listener tells of callbacks; see `bot.jobs.callbacks.Callbacks`."""

    def knows_callback(self, token: str) -> bool:
        """Tell whether an open job has this token."""
        ...

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Take a callback in; tell whether any job has this token."""
        ...


class Listener:
    """Serves callbacks and health.

    Args:
        jobs: takes callbacks in.
        missing: returns what readiness still lacks; nothing where the bot is ready.
    """

    def __init__(self, jobs: Hears, missing: Callable[[], Sequence[str]]) -> None:
        self._jobs = jobs
        self._missing = missing
        self._unknown = Budget(per_second=_UNKNOWN_PER_SECOND, burst=_UNKNOWN_AT_ONCE)
        self._server = BoundedServer("callbacks", self._answer)

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening, and end every connection."""
        await self._server.stop()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        path = request.rel_url.raw_path
        if path == "/healthz":
            return self._healthz() if request.method in {"GET", "HEAD"} else only("GET, HEAD")
        callback = _CALLBACK.fullmatch(path)
        if callback is None:
            return web.Response(status=404)
        return await self._callback(request, callback[1]) if request.method == "POST" else only("POST")

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
        missing = self._missing()
        return web.json_response(
            {"ready": not missing, "missing": list(missing)}, status=503 if missing else 200
        )


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
                if len(body) > BODY_BYTES:
                    return b""
            return bytes(body)
    return b""


async def _invite_body(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send the body. Source: RFC 9110, Expect."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
