"""What holds for all of the page's requests, and for all of its answers."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

_BODY_SECONDS = 5.0  # it comes from this machine

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


@web.middleware
async def with_whole_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body before anything else is done: 408 where it does not come, 400 where it breaks off."""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            await request.read()
    except TimeoutError:
        return _end(408, "The body did not come in time.")
    except ConnectionError:
        return _end(400, "The body broke off.")
    return await handler(request)


def _end(status: int, message: str) -> web.Response:
    response = web.json_response({"message": message}, status=status)
    response.force_close()
    return response


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add what browsers are to hold to: for `Application.on_response_prepare`."""
    response.headers.update(_HEADERS)
