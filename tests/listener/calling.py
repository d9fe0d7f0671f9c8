"""A listener with jobs that only note what they hear, and somebody who calls it."""

from dataclasses import dataclass, field

import aiohttp

from bot.callbacks import Listener
from bot.errors import StorageError

KNOWN = "k" * 43
STORED = "s" * 43
UNKNOWN = "u" * 43


@dataclass
class Jobs:
    """What the listener tells of callbacks: one open job, and one that only the store knows."""

    heard: list[tuple[str, bytes]] = field(default_factory=list)
    looked_up: int = 0
    broken: bool = False
    mistaken: bool = False

    def knows_callback(self, token: str) -> bool:
        """Only the open job is in memory."""
        return token == KNOWN

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Note the call."""
        if self.broken:
            raise StorageError("disk I/O error")
        if self.mistaken:
            raise RuntimeError("a mistake of the program")
        self.looked_up += token != KNOWN
        self.heard.append((token, body))
        return token in {KNOWN, STORED}


@dataclass
class Stage:
    """A listener and somebody who calls it."""

    jobs: Jobs
    session: aiohttp.ClientSession
    port: int
    missing: list[str]
    listener: Listener

    async def post(self, token: str, data: bytes = b"{}", **headers: str) -> int:
        """Send a callback and return the status."""
        url = f"http://127.0.0.1:{self.port}/wiro/callback/{token}"
        async with self.session.post(url, data=data, headers=headers) as response:
            return response.status
