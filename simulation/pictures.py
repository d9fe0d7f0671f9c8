"""Pictures, simulated: fetched, or not now, or never."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot.errors import PictureGoneError, PictureRefusedError, PictureUnavailableError
from bot.wiro.wire import Output
from simulation.faults import Faults
from simulation.process import Process

_DOMAIN: Final = "pictures"
FAULTS: Final = ("gone", "refused", "unavailable")


@dataclass(frozen=True, slots=True)
class SimulatedPicture:
    """A picture that nobody looks at."""

    filename: str
    url: str
    content: bytes = b""
    width: int = 1024
    height: int = 1024
    reduced: bool = False


class Storehouse:
    """Where Wiro keeps what tasks made.

    Args:
        faults: the run's.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._bad: dict[str, str | None] = {}
        self.failures: Counter[str] = Counter()  # by address, fetches that did not bring a picture

    def look(self, url: str) -> str | None:
        """Tell what is wrong with a picture at the moment; what is gone remains gone."""
        if url not in self._bad:
            self._bad[url] = next(
                (kind for kind in ("gone", "refused") if self._faults.strike(_DOMAIN, kind)), None
            )
        wrong = self._bad[url]
        if wrong is None and self._faults.strike(_DOMAIN, "unavailable", times=2.0):
            wrong = "unavailable"
        self.failures[url] += wrong is not None
        return wrong

    def is_ruined(self, url: str) -> bool:
        """Tell whether a picture can never be had."""
        return self._bad.get(url) is not None


class PicturesPort:
    """Implements `bot.jobs.ports.Pictures` for one process.

    Args:
        faults: the run's.
        process: fetches.
        storehouse: is fetched from.
    """

    def __init__(self, faults: Faults, process: Process, storehouse: Storehouse) -> None:
        self._faults = faults
        self._process = process
        self._storehouse = storehouse

    @asynccontextmanager
    async def room(self, size_bytes: int) -> AsyncIterator[None]:  # noqa: ARG002 - there is always enough
        """Wait for memory."""
        self._process.check()
        yield

    async def fetch(self, output: Output, *, number: int, upload_limit_bytes: int) -> SimulatedPicture:  # noqa: ARG002 - all fit
        """Return a picture."""
        self._process.check()
        await asyncio.sleep(self._faults.seconds(0.02, 1.0))
        self._process.check()
        match self._storehouse.look(output.url):
            case "gone":
                raise PictureGoneError("HTTP 404")
            case "refused":
                raise PictureRefusedError("not a picture")
            case "unavailable":
                raise PictureUnavailableError("HTTP 503")
            case _:
                return SimulatedPicture(f"sana-{number}.png", output.url)

    async def fit(self, content: bytes, *, number: int, upload_limit_bytes: int) -> SimulatedPicture:  # noqa: ARG002 - all fit
        """Return a picture that is at hand."""
        return SimulatedPicture(f"sana-{number}.png", "")
