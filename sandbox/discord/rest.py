"""Around every call of the REST API: who calls, how often, what fails on purpose, how errors look."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from sandbox.discord.answers import answer
from sandbox.discord.errors import ApiError, not_found, too_large, unauthorized
from sandbox.discord.faults import Faults, Handler, rate_limited
from sandbox.discord.ratelimits import RateLimits

PREFIX = "/api/v10"
MAX_RECORDED = 20_000
_COUNTED = frozenset({401, 403, 429})


@dataclass(frozen=True, slots=True)
class RestCall:
    """One call: `route` is the template, `monotonic` when it came, status 0 a dropped connection."""

    method: str
    route: str
    path: str
    status: int
    at: datetime
    monotonic: float
    seconds: float


@dataclass(slots=True)
class Requests:
    """What was called: the last 20,000 calls, how many were made, and answered 401, 403 and 429, in all."""

    calls: deque[RestCall] = field(default_factory=lambda: deque(maxlen=MAX_RECORDED))
    refused: Counter[int] = field(default_factory=Counter)
    made: int = 0

    def add(self, call: RestCall) -> None:
        """Record a call."""
        self.calls.append(call)
        self.made += 1
        if call.status in _COUNTED:
            self.refused[call.status] += 1

    def of(self, method: str, route: str) -> list[RestCall]:
        """Return the recorded calls of one route."""
        return [call for call in self.calls if (call.method, call.route) == (method, route)]


class Rest:
    """The middleware of the REST API."""

    def __init__(self, token: str, limits: RateLimits, faults: Faults, requests: Requests) -> None:
        self._authorization = f"Bot {token}"
        self._limits = limits
        self._faults = faults
        self._requests = requests

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a call under the API's prefix; others go straight on."""
        if not request.path.startswith("/api/"):
            return await handler(request)
        at, started = datetime.now(UTC), time.monotonic()
        resource = request.match_info.route.resource
        route = resource.canonical.removeprefix(PREFIX) if resource else request.path
        status = 0
        try:
            done = await self._answer(request, handler, route)
            dropped = request.transport is None or request.transport.is_closing()
            status = 0 if dropped else done.status
        finally:
            taken = time.monotonic() - started
            self._requests.add(RestCall(request.method, route, request.path, status, at, started, taken))
        return done

    async def _answer(self, request: web.Request, handler: Handler, route: str) -> web.StreamResponse:
        by_token = route.startswith(("/webhooks/", "/interactions/"))
        if not by_token and request.headers.get("Authorization") != self._authorization:
            return _refuse(unauthorized())
        verdict = self._limits.take(request.method, route, request.match_info)
        if verdict.wait_seconds:
            refused = rate_limited(verdict.wait_seconds, scope=verdict.scope)
            refused.headers.update(verdict.headers)
            return refused

        async def effect(inner: web.Request) -> web.StreamResponse:
            done = await _translate(inner, handler)
            done.headers.update(verdict.headers)
            return done

        fault = self._faults.next_for(request.method, route)
        return await (fault.befall(request, effect) if fault else effect(request))


async def _translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return _refuse(error)
    except web.HTTPRequestEntityTooLarge:
        return _refuse(too_large())
    except web.HTTPMethodNotAllowed:
        return answer({"message": "405: Method Not Allowed", "code": 0}, 405)
    except web.HTTPException:
        return _refuse(not_found())


def _refuse(error: ApiError) -> web.Response:
    return answer(error.body(), error.status)


def identifier(request: web.Request, name: str) -> int:
    """Return an identifier out of the address; the routes let only digits through."""
    return int(request.match_info[name])


def number(query: Mapping[str, str], name: str, default: int, *, at_most: int) -> int:
    """Return a number from the query, from 1 to `at_most`; raise 50035 for anything else."""
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= at_most:
        message = f"int value should be between 1 and {at_most}."
        errors = {name: {"_errors": [{"code": "NUMBER_TYPE_MAX", "message": message}]}}
        raise ApiError(400, 50035, "Invalid Form Body", errors)
    return int(text)
