"""Memory for pictures, given out in the order of asking."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteBudget:
    """So many bytes, and a fair line for them.

    Whoever asks first gets first: a small request does not overtake a large one that waits. A request for
    more than there is at all waits until it is alone.

    Args:
        total_bytes: how much there is.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = total_bytes
        self._free_bytes = total_bytes
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def room(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait for so many bytes, and hold them."""
        held_bytes = min(size_bytes, self._total_bytes)
        await self._take(held_bytes)
        try:
            yield
        finally:
            self._give_back(held_bytes)

    async def _take(self, size_bytes: int) -> None:
        if not self._line and size_bytes <= self._free_bytes:
            self._free_bytes -= size_bytes
            return
        turn = asyncio.get_running_loop().create_future()
        place = (size_bytes, turn)
        self._line.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._admit()
            else:  # its turn had come at the same moment
                self._give_back(size_bytes)
            raise

    def _give_back(self, size_bytes: int) -> None:
        self._free_bytes += size_bytes
        self._admit()

    def _admit(self) -> None:
        while self._line and self._line[0][0] <= self._free_bytes:
            size_bytes, turn = self._line.popleft()
            self._free_bytes -= size_bytes
            if not turn.cancelled():  # whoever gave up waiting gives the bytes back
                turn.set_result(None)
