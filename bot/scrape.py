"""The address of its own at which the metrics are read: `GET /metrics`, and nothing else."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from bot.serving import BoundedServer, only

METRICS_PATH: Final = "/metrics"

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Source: Prometheus' documentation, Exposition formats, Text-based format."""


class MetricsListener:
    """Serves the metrics; never on the public listener.

    Args:
        expose: returns all metrics as they are now, in Prometheus' text format.
    """

    def __init__(self, expose: Callable[[], bytes]) -> None:
        self._expose = expose
        self._server = BoundedServer("metrics", self._answer)

    async def start(self, host: str, port: int) -> int:
        """Begin to listen and return the port; 0 asks for a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening, and end every connection."""
        await self._server.stop()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.rel_url.raw_path != METRICS_PATH:
            return web.Response(status=404)
        if request.method != "GET":
            return only("GET")
        return web.Response(body=self._expose(), headers={"Content-Type": _TEXT})
