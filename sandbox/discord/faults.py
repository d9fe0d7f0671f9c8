"""Faults on demand: what can go wrong between a bot and Discord, scripted per route and for the gateway."""

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from sandbox.discord.answers import answer

Kind = Literal["status", "reset", "stall", "cut_off", "rate_limit"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault of the REST API.

    `method` ("*" for any) and `route`, a regular expression that the route's template must match whole,
    choose the calls; `times` how many of them, None for all; `skip` how many are let through first.
    Kinds: `status` answers `status`; `reset` drops the connection; `stall` waits `seconds` first;
    `cut_off` breaks off in the middle of the answer; `rate_limit` answers 429 for `seconds`, with or
    without Retry-After and Via, for one route or `for_all`. `after_effect` lets the call do its work first.
    """

    kind: Kind
    method: str = "*"
    route: str = ".*"
    times: int | None = 1
    skip: int = 0
    after_effect: bool = False
    status: int = 500
    seconds: float = 1.0
    retry_after: bool = True
    via: bool = True
    for_all: bool = False

    def takes(self, method: str, route: str) -> bool:
        """Tell whether this fault befalls a call, and count it if so."""
        if self.times == 0 or self.method not in ("*", method) or not re.fullmatch(self.route, route):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    async def befall(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a call as this fault has it."""
        if self.kind == "stall":
            # The body is here before the wait, so that the call takes effect even if its sender gives up.
            await request.read()
            early = await handler(request) if self.after_effect else None
            await asyncio.sleep(self.seconds)
            return early or await handler(request)
        done = await handler(request) if self.after_effect or self.kind == "cut_off" else None
        if self.kind == "status":
            return web.Response(status=self.status, text="upstream connect error")
        if self.kind == "rate_limit":
            scope = "global" if self.for_all else "user"
            return rate_limited(self.seconds, scope=scope, retry_after=self.retry_after, via=self.via)
        if self.kind == "cut_off" and isinstance(done, web.Response):
            return await _cut_off(request, done)
        return await _reset(request)


@dataclass(slots=True)
class GatewayFaults:
    """What the gateway does wrong as long as it is set."""

    refuses_logins: bool = False
    withholds_guilds: bool = False  # no GUILD_CREATE, which Discord sends when it comes to it
    event_delay_seconds: float = 0.0


@dataclass(slots=True)
class Faults:
    """All faults that are set. Those of the REST API befall calls in the order in which they were added."""

    rest: list[Fault] = field(default_factory=list)
    gateway: GatewayFaults = field(default_factory=GatewayFaults)

    def add(self, fault: Fault) -> Fault:
        """Set a fault of the REST API."""
        self.rest = [each for each in self.rest if each.times != 0]
        self.rest.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults back."""
        self.rest.clear()
        self.gateway.refuses_logins = False
        self.gateway.withholds_guilds = False
        self.gateway.event_delay_seconds = 0.0

    def next_for(self, method: str, route: str) -> Fault | None:
        """Return the fault that befalls a call, if any."""
        return next((fault for fault in self.rest if fault.takes(method, route)), None)


def rate_limited(
    seconds: float, *, scope: str = "user", retry_after: bool = True, via: bool = True
) -> web.Response:
    """Return the answer 429 (Source: Rate Limits); without `via` it comes from the proxy in front."""
    headers = {"X-RateLimit-Scope": scope}
    if via:
        headers["Via"] = "1.1 sandbox"
    body: dict[str, object] = {"message": "You are being rate limited.", "global": scope == "global"}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    if retry_after:
        headers["Retry-After"] = str(max(1, round(seconds)))
        body["retry_after"] = round(seconds, 3)
    return answer(body, 429, headers)


async def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        # Zero seconds of lingering make the close a reset.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def _cut_off(request: web.Request, done: web.Response) -> web.StreamResponse:
    whole = done.body if isinstance(done.body, bytes) else b""
    cut = web.StreamResponse(status=done.status, headers={"Content-Type": done.content_type})
    cut.content_length = len(whole) + 1
    await cut.prepare(request)
    await cut.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return cut
