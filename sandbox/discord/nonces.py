"""Which message a nonce made, so that a repeat makes no second one.

Source: Discord's reference, Create Message: enforce_nonce, unique "in the past few minutes" for each author.
"""

import time

from sandbox.discord.model import Message


class Nonces:
    """The first message of each nonce, for `seconds` (Source: Create Message, "in the past few minutes")."""

    def __init__(self, seconds: float = 300.0, most: int = 20_000) -> None:
        self._seconds = seconds
        self._most = most
        self._first: dict[str, tuple[float, Message]] = {}

    def find(self, nonce: str | int | None) -> Message | None:
        """Return the message that this nonce made not long ago."""
        made, message = self._first.get(str(nonce), (0.0, None))
        return message if nonce is not None and time.monotonic() - made < self._seconds else None

    def keep(self, nonce: str | int | None, message: Message) -> None:
        """Remember which message a nonce made."""
        if nonce is not None:
            self._first.pop(str(nonce), None)
            self._first[str(nonce)] = (time.monotonic(), message)
            if len(self._first) > self._most:
                self._first.pop(next(iter(self._first)))

    def expire(self) -> None:
        """Forget all nonces, as if they were too old."""
        self._first.clear()
