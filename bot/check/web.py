"""Calls over HTTP and WebSocket, whose failures become sentences: what was tried, and what came instead."""

import asyncio
import errno
from typing import Final

import aiohttp

from bot.check.report import FaultError

CALL_SECONDS: Final = 10.0
_MAX_BYTES: Final = 4 * 1024 * 1024

FAILURES: Final = (aiohttp.ClientError, OSError, ValueError)
"""What a call can raise; a TimeoutError is an OSError."""

ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here, but recognised
"""What stands for all addresses of a machine, and where it is called from that machine itself."""

_REASONS: Final = (
    (aiohttp.ClientConnectorCertificateError, "its TLS certificate is not accepted"),
    (aiohttp.ClientSSLError, "no TLS connection could be made"),
    (aiohttp.ClientConnectorDNSError, "its name cannot be resolved"),
    (aiohttp.ClientConnectorError, "no connection was made"),
    (TimeoutError, "it did not answer in time"),
)


def reason(error: Exception) -> str:
    """Return in a few words why there was no answer."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"it answered with HTTP {error.status}"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "the connection was refused"
    known = (words for kind, words in _REASONS if isinstance(error, kind))
    return next(known, f"the connection broke ({type(error).__name__})")


def local_base(host: str, port: int) -> str:
    """Return the address at which this machine itself reaches what listens on a host and a port."""
    local = ANYWHERE.get(host, host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


async def first_words(
    session: aiohttp.ClientSession, url: str, *, setting: str, user_agent: str, wait_seconds: float
) -> aiohttp.WSMessage | None:
    """Open a WebSocket and return what is said on it first; None where nothing is said in time.

    Args:
        session: carries it.
        url: its address.
        setting: the variable that holds the address.
        user_agent: names the bot and its version.
        wait_seconds: how long to listen.

    Raises:
        FaultError: it cannot be opened.
    """
    timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
    try:
        async with (
            asyncio.timeout(CALL_SECONDS + wait_seconds),
            session.ws_connect(
                url, headers={"User-Agent": user_agent}, timeout=timeout, max_msg_size=_MAX_BYTES
            ) as socket,
        ):
            return await _hear(socket, wait_seconds)
    except FAILURES as error:
        raise FaultError(
            f"{url} cannot be reached: {reason(error)}.",
            f"Check {setting}, and that a firewall lets WebSockets out.",
        ) from error


async def _hear(socket: aiohttp.ClientWebSocketResponse, wait_seconds: float) -> aiohttp.WSMessage | None:
    try:
        return await socket.receive(timeout=wait_seconds)
    except TimeoutError:
        return None
