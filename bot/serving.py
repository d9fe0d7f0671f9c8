"""An HTTP server for strangers: within limits of time, number and size, one request a connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

BODY_BYTES: Final = 64 * 1024

_CONNECTIONS_AT_MOST: Final = 256
_CONNECTION_SECONDS: Final = 15.0  # each serves one request, which takes milliseconds
_PIECE_BYTES: Final = 4096
_HEADERS_AT_MOST: Final = 48  # a proxy adds a dozen
_HEADER_BYTES: Final = 2048
_LINGER_SECONDS: Final = 1.0  # that a rest of the body is taken in, so that whoever sends it sees the answer
_STOP_SECONDS: Final = 1.0

log = structlog.get_logger()


class BoundedServer:
    """Serves one address.

    Args:
        name: for the log.
        answer: answers a request.
    """

    def __init__(self, name: str, answer: Callable[[web.BaseRequest], Awaitable[web.Response]]) -> None:
        self._name = name
        self._answer = answer
        self._http: web.Server | None = None
        self._server: asyncio.Server | None = None
        self._connections: _Connections = {}

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        http = self._http = web.Server(
            self._serve,
            request_factory=_to_request,
            access_log=None,
            auto_decompress=False,
            max_headers=_HEADERS_AT_MOST,
            max_field_size=_HEADER_BYTES,
            read_bufsize=BODY_BYTES,
            lingering_time=_LINGER_SECONDS,
        )
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(http(), self._connections), host, port
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        log.info("listener.started", listener=self._name, host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Stop listening, and end every connection."""
        if self._server is None or self._http is None:
            return
        self._server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(_STOP_SECONDS)

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        """Answer a request, and close its connection afterwards, so that its time bounds one request."""
        connection = self._connections.get(request.protocol)
        if connection is not None:  # it may have ended before anybody looked at the request
            connection.is_served = True
        try:
            response = await self._answer(request)
        except Exception:
            # aiohttp's own log is off: see `bot.logs`
            log.exception("listener.failed", listener=self._name)
            raise
        finally:
            if connection is not None:
                connection.is_served = False
        response.force_close()
        return response


class _Connection(asyncio.BufferedProtocol):
    """A connection that is ended when its time is over, or when there are too many.

    Then the oldest goes of those on which no request is served: it has sent no whole head, or has its answer.

    aiohttp itself waits for ever for the first request of a connection, and takes any number of them. It is
    given what comes in small pieces, for it keeps the one in which it found an error for a while.
    """

    def __init__(self, inner: asyncio.Protocol, connections: "_Connections") -> None:
        self.is_served = False
        self._inner = inner
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._piece = bytearray(_PIECE_BYTES)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the listener serves streams")
        if len(self._connections) >= _CONNECTIONS_AT_MOST:
            min(self._connections.values(), key=lambda each: each.is_served).end()  # the oldest of equals
        self._connections[self._inner] = self
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(_CONNECTION_SECONDS, self.end)
        self._inner.connection_made(transport)

    def end(self) -> None:
        """End it at once, whatever it does."""
        self._connections.pop(self._inner, None)
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, _size_hint: int) -> bytearray:
        return self._piece

    def buffer_updated(self, size_bytes: int) -> None:
        self._inner.data_received(bytes(self._piece[:size_bytes]))

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connections.pop(self._inner, None)
        self._inner.connection_lost(exc)


_Connections = dict[asyncio.BaseProtocol, _Connection]
"""By aiohttp's protocol for each; the oldest comes first."""


def _to_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """Make aiohttp's request without the host of an absolute address: it raises where that is no name."""
    if message.url.absolute:
        message = message._replace(url=message.url.relative())
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())


def only(methods: str) -> web.Response:
    """Return the answer to any other method than these, which are separated by commas."""
    return web.Response(status=405, headers={"Allow": methods})
