"""Calls over HTTP and WebSocket, whose failures become sentences: what was tried, and what came instead."""

from typing import Final

import aiohttp

from bot.check.report import FaultError

CALL_SECONDS: Final = 10.0
_MAX_BYTES: Final = 4 * 1024 * 1024

FAILURES: Final = (aiohttp.ClientError, OSError, ValueError)
"""What a call can raise; a TimeoutError is an OSError."""


def reason(error: Exception) -> str:
    """Return in a few words why there was no answer."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its TLS certificate is not accepted"
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorError():
            return "the connection was refused" if error.errno is not None else "no connection was made"
        case TimeoutError():
            return "it did not answer in time"
        case aiohttp.WSServerHandshakeError():
            return f"it answered with HTTP {error.status}"
        case _:
            return f"the connection broke ({type(error).__name__})"


async def first_words(
    session: aiohttp.ClientSession, url: str, *, setting: str, user_agent: str
) -> aiohttp.WSMessage | None:
    """Open a WebSocket and return what is said on it first; None where nothing is said within a moment.

    Raises:
        FaultError: it cannot be opened.
    """
    timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
    try:
        async with session.ws_connect(
            url, headers={"User-Agent": user_agent}, timeout=timeout, max_msg_size=_MAX_BYTES
        ) as socket:
            return await _hear(socket)
    except FAILURES as error:
        raise FaultError(
            f"{url} cannot be reached: {reason(error)}.",
            f"Check {setting}, and that a firewall lets WebSockets out.",
        ) from error


async def _hear(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage | None:
    try:
        return await socket.receive(timeout=2.0)
    except TimeoutError:
        return None
