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
from aiohttp import web

from bot.errors import StorageError
from bot.jobs.budget import Budget

CALLBACK_PATH: Final = "/wiro/callback"

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_BODY_BYTES: Final = 64 * 1024
_BODY_SECONDS: Final = 5.0
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

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_post(CALLBACK_PATH + "/{token}", self._callback)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=15, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound: int = self._runner.addresses[0][1]
        log.info("listener.started", host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Stop listening."""
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
            log.error("callback.not_read", error=str(error))
            return web.Response(status=503)
        return web.Response(status=200 if known else 404)

    async def _healthz(self, _request: web.Request) -> web.Response:
        missing = self._health().missing
        return web.json_response(
            {"ready": not missing, "missing": list(missing)}, status=503 if missing else 200
        )


async def _read_body(request: web.Request) -> bytes:
    """Return the body, or nothing where it is too long, too slow or broken: it is only a hint."""
    with suppress(web.HTTPRequestEntityTooLarge, TimeoutError, OSError, ValueError, web.RequestPayloadError):
        async with asyncio.timeout(_BODY_SECONDS):
            return await request.read()
    return b""
