"""A caller who writes bytes on a socket, and reads what comes back as it is."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Ending = Literal["waits", "half_closes", "resets"]
"""What a caller does once everything is sent."""

PATIENCE_SECONDS = 20.0

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # so that thousands of connections leave no ports waiting


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Caller(asyncio.Protocol):
    """One connection, seen from its other end."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = bytearray()
        self.ended = asyncio.Event()
        self.was_reset = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close without ceremony."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a caller writes to a stream")
        self.transport = transport
        its_socket: socket.socket = transport.get_extra_info("socket")
        its_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever ended it."""
        self.was_reset = exc is not None
        self.ended.set()

    async def wait_until_ended(self) -> None:
        """Raises TimeoutError: it was not."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.ended.wait()


async def dial(port: int) -> tuple[asyncio.Transport, Caller]:
    """Open a connection to the listener. Raises OSError."""
    return await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)


async def exchange(port: int, *pieces: bytes, ending: Ending = "waits") -> bytes:
    """Send the pieces one after the other, and return all that came until the connection was ended.

    Raises:
        OSError: there was no connection.
        TimeoutError: the listener did not end it.
    """
    transport, caller = await dial(port)
    try:
        for piece in pieces:
            transport.write(piece)
            await asyncio.sleep(0)
        if ending == "resets":
            transport.abort()
        elif ending == "half_closes" and not transport.is_closing():
            with suppress(OSError):  # the listener was quicker
                transport.write_eof()
        await caller.wait_until_ended()
    finally:
        transport.abort()
    return bytes(caller.received)


async def ask(port: int, *pieces: bytes) -> Answer:
    """Send the pieces and return the answer. Raises as `exchange`, and ValueError where there is not one."""
    [answer] = answers(await exchange(port, *pieces))
    return answer


def answers(received: bytes, *, to_head: bool = False) -> list[Answer]:
    """Take apart what came on a connection; interim answers (100) are left out.

    Raises:
        ValueError: it is not one sound answer after the other.
    """
    found = []
    while received:
        start, separator, received = received.partition(b"\r\n\r\n")
        status_line, *lines = start.decode("latin-1").split("\r\n")
        version, code, _reason = status_line.split(" ", 2)
        if not separator or version not in {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"}:
            raise ValueError(f"no answer: {start[:200]!r}")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        size_bytes = 0 if to_head else int(headers.get("content-length", "0"))
        if len(received) < size_bytes:
            raise ValueError(f"{len(received)} of {size_bytes} bytes: {start[:200]!r}")
        if int(code) >= 200:
            found.append(Answer(int(code), headers, received[:size_bytes]))
        received = received[size_bytes:]
    return found


def head(token: str, *headers: bytes) -> bytes:
    """Return the start of a callback, up to where its body begins."""
    line = f"POST /wiro/callback/{token} HTTP/1.1\r\nHost: x\r\n".encode()
    return line + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def post(token: str, body: bytes = b"{}", *headers: bytes) -> bytes:
    """Return a whole callback."""
    return head(token, b"Content-Length: %d" % len(body), *headers) + body
