"""What the server was asked, and whom it called back."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.wiro.waiting import Waiters

_KEPT = 20_000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request: a call of the API, a file fetched, a socket, or a callback that the server made."""

    call: str
    """`Run`, `Task/Detail` and so on, `file`, `socket`, `socket/task_info`, `callback`, or `unknown`."""
    path: str
    taskid: str | None
    time: float
    """When its answer was ready, in unix seconds."""
    status: int
    """The HTTP status of the answer; 0 where there was none."""
    headers: tuple[str, ...]
    """The names of its headers, in lower case."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request with all that was in it, secrets included: told to those who watch, and not kept here."""

    call: str
    path: str
    taskid: str | None
    status: int
    headers: Mapping[str, str]
    method: str = "GET"
    body: Mapping[str, object] | bytes | None = None
    """What was sent: the fields of a call, the bytes of a callback."""
    answer: bytes = b""
    """The JSON of an answer that was one."""
    seconds: float = 0.0


Watcher = Callable[[Exchange], None]


class Journal:
    """The newest requests, and how many there were of every call."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=_KEPT)
        self._waiters: Waiters[Seen] = Waiters()
        self.counts: Counter[str] = Counter()
        self.watchers: set[Watcher] = set()
        """Who is told of each request as a whole."""

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The requests kept, oldest first."""
        return tuple(self._seen)

    def note(self, exchange: Exchange) -> None:
        """Write a request down."""
        seen = Seen(
            call=exchange.call,
            path=exchange.path,
            taskid=exchange.taskid,
            time=time.time(),
            status=exchange.status,
            headers=tuple(name.lower() for name in exchange.headers),
        )
        self._seen.append(seen)
        self.counts[exchange.call] += 1
        self._waiters.tell(seen)
        for watcher in self.watchers:
            watcher(exchange)

    async def wait_for(self, call: str, count: int, timeout_seconds: float) -> tuple[Seen, ...]:
        """Wait until a call was made `count` times, and give those that are kept. Raises TimeoutError."""
        if self.counts[call] < count:
            await self._waiters.wait(lambda _: self.counts[call] >= count, timeout_seconds)
        return tuple(seen for seen in self._seen if seen.call == call)
