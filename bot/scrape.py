"""The address of its own at which the metrics are read: `GET /metrics`, and nothing else."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from bot.serving import BoundedServer, only

METRICS_PATH: Final = "/metrics"

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Source: Prometheus' documentation, Exposition formats, Text-based format."""


def metrics_server(expose: Callable[[], bytes]) -> BoundedServer:
    """Return what serves the metrics; never the public listener.

    Args:
        expose: returns all metrics as they are now, in Prometheus' text format.
    """

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.rel_url.raw_path != METRICS_PATH:
            return web.Response(status=404)
        if request.method != "GET":
            return only("GET")
        return web.Response(body=expose(), headers={"Content-Type": _TEXT})

    return BoundedServer("metrics", answer)
