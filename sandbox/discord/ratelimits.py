"""Rate limits: fifty calls a second in all, and a bucket for each route that is known for one.

Source: Discord's reference, Rate Limits; the sizes of buckets are those that Discord's answers name.
"""

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

MAX_BUCKETS = 10_000
GLOBAL_LIMIT = 50
_CHANNEL = "/channels/{channel_id}"
_MESSAGE = _CHANNEL + "/messages/{message_id}"
_TOKEN = "/webhooks/{application_id}/{token}"  # noqa: S105 - a route, no secret
_REACTION = "/reactions"


@dataclass(frozen=True, slots=True)
class Rule:
    """A bucket allows `limit` calls in `seconds`."""

    name: str
    limit: int
    seconds: float


_SENDS = Rule("send", 5, 5)
_EDITS = Rule("edit", 5, 5)
_DELETES = Rule("delete", 5, 1)
_REACTIONS = Rule("reaction", 1, 0.25)
_TYPING = Rule("typing", 5, 5)
_TOKEN_CALLS = Rule("webhook", 5, 2)
_RULES = {
    ("POST", _CHANNEL + "/messages"): _SENDS,
    ("PATCH", _MESSAGE): _EDITS,
    ("DELETE", _MESSAGE): _DELETES,
    ("POST", _CHANNEL + "/typing"): _TYPING,
}


@dataclass(slots=True)
class Window:
    """One bucket: how much of it is left until `ends` (monotonic)."""

    rule: Rule
    ends: float
    left: int

    def take(self, now: float) -> bool:
        """Take one call out of the bucket, if it has one left."""
        if now >= self.ends:
            self.ends = now + self.rule.seconds
            self.left = self.rule.limit
        if self.left == 0:
            return False
        self.left -= 1
        return True

    def headers(self, now: float) -> dict[str, str]:
        """Return the headers that describe the bucket."""
        after = max(self.ends - now, 0.0)
        return {
            "X-RateLimit-Limit": str(self.rule.limit),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": f"{zlib.crc32(self.rule.name.encode()):08x}",
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call must wait, and by which scope; the headers go with any answer."""

    headers: Mapping[str, str]
    wait_seconds: float = 0.0
    scope: str = "user"


class RateLimits:
    """All buckets, and the global limit. Nothing is limited while `enforced` is False."""

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._global = Window(Rule("global", GLOBAL_LIMIT, 1), 0.0, 0)
        self._windows: dict[tuple[str, str], Window] = {}

    def take(self, method: str, route: str, parameters: Mapping[str, str]) -> Verdict:
        """Count a call; those through a token and interaction callbacks are outside the global limit."""
        if not self.enforced:
            return Verdict({})
        now = time.monotonic()
        by_token = route.startswith(("/webhooks/", "/interactions/"))
        if not by_token and not self._global.take(now):
            return Verdict({}, self._global.ends - now, "global")
        rule = _rule(method, route)
        if rule is None:
            return Verdict({})
        key = rule.name, parameters.get("token") or parameters.get("channel_id", "")
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(rule, 0.0, 0)
            if len(self._windows) > MAX_BUCKETS:
                self._windows.pop(next(iter(self._windows)))
        if window.take(now):
            return Verdict(window.headers(now))
        return Verdict(window.headers(now), window.ends - now)


def _rule(method: str, route: str) -> Rule | None:
    if _REACTION in route and method in ("PUT", "DELETE"):
        return _REACTIONS
    if route.startswith(_TOKEN):
        return _TOKEN_CALLS
    return _RULES.get((method, route))
