"""Who may steer a server of the sandbox: programs at this machine, its own page, and no other page.

Other pages in a browser at this machine can reach loopback too. A name that resolves to 127.0.0.1 (DNS
rebinding) shows in Host, a request across sites in Origin, and a form cannot send JSON.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Lets requests through that are meant for a server on this port.

    Args:
        port: the server's own.
        below: the paths that are guarded begin with this; others go straight on.
        field: what the sentence of a refusal is called in its JSON.
    """

    def __init__(self, port: int, below: str = "/", field: str = "message") -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._below = below
        self._field = field

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 403 for a foreign Host or Origin, and 415 for a body that is not declared as JSON."""
        if not request.path.startswith(self._below):
            return await handler(request)
        if request.host.lower() not in self._hosts:
            return self._refuse(403, "This server answers to its own address alone.")
        if request.headers.get("Origin", next(iter(self._origins))) not in self._origins:
            return self._refuse(403, "This server takes nothing from other pages.")
        if request.body_exists and request.content_type != "application/json":
            return self._refuse(415, "A body is JSON here, and says so in Content-Type.")
        return await handler(request)

    def _refuse(self, status: int, message: str) -> web.Response:
        return web.json_response({self._field: message}, status=status)
