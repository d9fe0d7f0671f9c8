"""From an output's address to a verified picture that fits the upload limit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

import aiohttp
import structlog

from bot.images.budget import ByteBudget
from bot.images.download import Downloader, Timeouts
from bot.images.encoded import Encoded
from bot.images.hosts import HostRule, PublicResolver
from bot.images.measure import Measured, measure
from bot.images.thread import DaemonThread

_MIB: Final = 1024 * 1024
_MEASURED_AT_ONCE_BYTES: Final = 2 * _MIB  # takes about a millisecond; more goes to a thread
_TIMEOUTS: Final = Timeouts()
_EXTENSIONS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}

log = structlog.get_logger()


class RemoteFile(Protocol):
    """What a task's output is to the fetcher. What it says of its type and size is not believed."""

    @property
    def url(self) -> str:
        """Where it lies."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPicture:
    """A verified picture, fit for the upload limit."""

    filename: str
    content: bytes = field(repr=False)
    width: int
    height: int
    url: str = field(repr=False)  # of the original, open to anyone who has it; empty where it was at hand
    reduced: bool  # encoded anew to fit the limit


class PictureFetcher:
    """Fetches outputs. Made by `open`. Whoever fetches holds `room` until the pictures are uploaded.

    Args:
        downloader: gets the files.
        budget: the memory for the pictures under way.
        reducer: makes one call at a time, so that one picture is decoded at a time.
    """

    def __init__(self, downloader: Downloader, budget: ByteBudget, reducer: Executor) -> None:
        self._downloader = downloader
        self._budget = budget
        self._reducer = reducer

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        allowed_hosts: Sequence[str],
        user_agent: str,
        max_bytes: int = 64 * _MIB,
        memory_bytes: int = 96 * _MIB,
        timeouts: Timeouts = _TIMEOUTS,
    ) -> AsyncIterator[Self]:
        """Open a fetcher, and close its connections in the end.

        Args:
            allowed_hosts: as `HostRule` takes them.
            user_agent: names the bot and its version.
            max_bytes: the largest file that is taken.
            memory_bytes: what `room` gives out in all.
            timeouts: how long one download may take.

        Raises:
            SettingsError: an allowed host is malformed.
        """
        rule = HostRule(allowed_hosts)
        resolver = PublicResolver(rule, aiohttp.DefaultResolver())
        reducer = DaemonThread("reduce")
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": user_agent},
            ) as session:
                downloader = Downloader(session, rule, max_bytes=max_bytes, timeouts=timeouts)
                yield cls(downloader, ByteBudget(memory_bytes), reducer)
        finally:
            reducer.shutdown(wait=False)

    def room(self, size_bytes: int) -> AbstractAsyncContextManager[None]:
        """Wait for that much memory, in the order of asking, and hold it."""
        return self._budget.room(size_bytes)

    async def fetch(self, output: RemoteFile, *, number: int, upload_limit_bytes: int) -> FetchedPicture:
        """Return a verified picture that fits the limit; `number` tells the pictures of a job apart, from 1.

        Raises:
            PictureRefusedError: not a picture, too large, or from a host that is not allowed.
            PictureGoneError: no longer there.
            PictureUnavailableError: may be had later.
        """
        content = await self._downloader.download(output.url)
        return await self._fit(content, number=number, upload_limit_bytes=upload_limit_bytes, url=output.url)

    async def fit(self, content: bytes, *, number: int, upload_limit_bytes: int) -> FetchedPicture:
        """Return a picture that is at hand, verified and made to fit another limit.

        Raises:
            PictureRefusedError: it is none, or cannot be made to fit.
        """
        return await self._fit(content, number=number, upload_limit_bytes=upload_limit_bytes, url="")

    async def _fit(self, content: bytes, *, number: int, upload_limit_bytes: int, url: str) -> FetchedPicture:
        measured = await _measure(content)
        picture = Encoded(measured.format, measured.width, measured.height, content[: measured.size_bytes])
        too_large = len(picture.content) > upload_limit_bytes
        if too_large:
            picture = await self._reduce(picture, upload_limit_bytes)
        return FetchedPicture(
            filename=f"sana-{number}.{_EXTENSIONS[picture.format]}",
            content=picture.content,
            width=picture.width,
            height=picture.height,
            url=url,
            reduced=too_large,
        )

    async def _reduce(self, picture: Encoded, limit_bytes: int) -> Encoded:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reduced = await loop.run_in_executor(self._reducer, _reduce, picture, limit_bytes)
        log.info(
            "picture.reduced",
            size_bytes=len(picture.content),
            reduced_bytes=len(reduced.content),
            format=reduced.format,
            width=reduced.width,
            height=reduced.height,
            seconds=round(loop.time() - began, 3),
        )
        return reduced


async def _measure(content: bytes) -> Measured:
    if len(content) > _MEASURED_AT_ONCE_BYTES:
        return await asyncio.to_thread(measure, content)
    return measure(content)


def _reduce(picture: Encoded, limit_bytes: int) -> Encoded:
    """Reduce a picture, in the thread for that, where Pillow may take its time to be imported."""
    from bot.images.reduce import reduce  # noqa: PLC0415 - 4 MB that few servers ever need

    return reduce(picture, limit_bytes)
