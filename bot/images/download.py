"""One file over HTTP: allowed hosts only, bounded in size and time, foreign exceptions translated."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Final

import aiohttp
from yarl import URL

from bot.errors import PictureError, PictureGoneError, PictureRefusedError, PictureUnavailableError
from bot.images.hosts import HostRule

_REDIRECTS_AT_MOST: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# A store that does not list its files answers 403 for one that is missing.
_GONE: Final = frozenset({403, 404, 410})
_LATER: Final = frozenset({408, 425, 429})
_SERVER_FAULTS_FROM: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a download may take."""

    connect_seconds: float = 10
    read_seconds: float = 20  # from one piece of the answer to the next
    total_seconds: float = 120


class Downloader:
    """Downloads files.

    Args:
        session: one whose resolver is a `PublicResolver` of the same rule.
        rule: says which hosts are allowed.
        max_bytes: the largest file that is taken.
        timeouts: how long it may take.
    """

    def __init__(
        self, session: aiohttp.ClientSession, rule: HostRule, *, max_bytes: int, timeouts: Timeouts
    ) -> None:
        self._session = session
        self._rule = rule
        self._max_bytes = max_bytes
        self._total_seconds = timeouts.total_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=timeouts.connect_seconds, sock_read=timeouts.read_seconds
        )

    async def download(self, address: str) -> bytes:
        """Return the file at an address.

        Raises:
            PictureRefusedError: the address is not allowed, or the answer is too large or makes no sense.
            PictureGoneError: the file is no longer there.
            PictureUnavailableError: the server did not answer, or not to the end.
        """
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._follow(self._rule.check(address))
        except (aiohttp.ClientError, OSError) as error:
            raise PictureUnavailableError(f"no whole answer: {type(error).__name__}") from error

    async def _follow(self, url: URL) -> bytes:
        for _ in range(1 + _REDIRECTS_AT_MOST):
            async with self._session.get(
                url,
                allow_redirects=False,
                auto_decompress=False,  # so that a bomb is not even begun
                headers={"Accept-Encoding": "identity"},
                timeout=self._timeout,
            ) as answer:
                if answer.status not in _REDIRECTS:
                    return await self._read(answer)
                target = self._target(answer)
            if target.raw_host != url.raw_host:
                raise PictureRefusedError(f"redirected to another host, {target.raw_host!r}")
            url = target
        raise PictureRefusedError(f"redirected more than {_REDIRECTS_AT_MOST} times")

    def _target(self, answer: aiohttp.ClientResponse) -> URL:
        try:
            target = answer.url.join(URL(answer.headers.get("Location", "")))
        except ValueError as error:
            raise PictureRefusedError("redirected to a malformed address") from error
        return self._rule.check(str(target))

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != HTTPStatus.OK:
            raise _status_error(answer.status)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise PictureRefusedError("the file is compressed, which was not asked for")
        stated_bytes = answer.content_length or 0
        if stated_bytes > self._max_bytes:
            raise PictureRefusedError(f"the file has {stated_bytes} bytes")
        content = BytesIO()
        if stated_bytes:  # all of its memory at once: growing piece by piece costs time, and much more memory
            content.seek(stated_bytes - 1)
            content.write(b"\0")
            content.seek(0)
        async for piece in answer.content.iter_any():
            if content.tell() + len(piece) > self._max_bytes:
                raise PictureRefusedError(f"the file has more than {self._max_bytes} bytes")
            content.write(piece)
        return content.getvalue()


def _status_error(status: int) -> PictureError:
    said = f"the server answered {status}"
    if status in _GONE:
        return PictureGoneError(said)
    if status in _LATER or status >= _SERVER_FAULTS_FROM:
        return PictureUnavailableError(said)
    return PictureRefusedError(said)
