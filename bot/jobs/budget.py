"""A token bucket: so many acts a second on average, and so many at once."""

import asyncio


class Budget:
    """Bounds how often something is done.

    Args:
        per_second: acts a second on average.
        burst: acts that may come at once.
    """

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._counted_at: float | None = None

    def take(self) -> bool:
        """Take one act now, where one is left."""
        self._refill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def reserve(self) -> float:
        """Take the next act that is not promised yet, and return the seconds until it may be done."""
        self._refill()
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_second)

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._counted_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._per_second)
        self._counted_at = now
