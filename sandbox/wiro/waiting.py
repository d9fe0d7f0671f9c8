"""Waiting for something to happen, without looking again and again."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Waiters(Generic[T]):
    """Those who wait until one of the things they are told about is the right one."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[T], Callable[[T], bool]] = {}

    def tell(self, thing: T) -> None:
        """Let everyone look at what has just happened."""
        for future, is_right in tuple(self._waiting.items()):
            if future.done():
                continue
            try:
                if is_right(thing):
                    future.set_result(thing)
            except Exception as error:  # noqa: BLE001 - it belongs to the one who waits, not to the one who tells
                future.set_exception(error)

    async def wait(self, is_right: Callable[[T], bool], timeout_seconds: float) -> T:
        """Give the first right thing from now on. Raises TimeoutError."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting[future] = is_right
        try:
            async with asyncio.timeout(timeout_seconds):
                return await future
        finally:
            del self._waiting[future]
