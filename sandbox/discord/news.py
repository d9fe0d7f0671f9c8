"""Waiting for something to happen in the sandbox, without asking again and again."""

import asyncio
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class News:
    """Wakes those who wait for news of a thing; what a thing is, its key says."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, set[asyncio.Future[None]]] = {}
        self._closed = False

    def tell(self, key: Hashable) -> None:
        """Wake all who wait for news under `key`."""
        for waiter in self._waiting.pop(key, ()):
            if not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """Let nobody wait any longer, for the server stops."""
        self._closed = True
        for key in list(self._waiting):
            self.tell(key)

    async def until(self, key: Hashable, look: Callable[[], T | None], timeout_seconds: float) -> T | None:
        """Return what `look` finds, looking again at every news under `key`; None when time is up."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while (found := look()) is None and not self._closed:
                    await self._wait(key)
        except TimeoutError:
            return None
        return found

    async def _wait(self, key: Hashable) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, set()).add(waiter)
        try:
            await waiter
        finally:
            waiters = self._waiting.get(key)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiting[key]
