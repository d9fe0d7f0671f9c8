"""Who may speak to the page: the browser of a person at this machine, on the page itself, and nobody else.

Other pages in the same browser can reach loopback too. A name that resolves to 127.0.0.1 (DNS rebinding)
shows in Host, a request across sites in Origin, and a form cannot send JSON.
"""

from aiohttp import web

from sandbox.discord.faults import Handler

_NAMES = ("127.0.0.1", "localhost", "[::1]")
_POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets requests through that are meant for this page on this port."""

    def __init__(self, port: int) -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in _NAMES)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 403 for a foreign Host or Origin, and 415 for a body that is not declared as JSON."""
        if request.host.lower() not in self._hosts:
            return _refuse(403, "This page answers to its own address alone.")
        if request.headers.get("Origin", next(iter(self._origins))) not in self._origins:
            return _refuse(403, "This page takes nothing from other pages.")
        if request.body_exists and request.content_type != "application/json":
            return _refuse(415, "A body is JSON here, and says so in Content-Type.")
        return await handler(request)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add what browsers are to hold to: for `Application.on_response_prepare`."""
    response.headers.update(_HEADERS)


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
