"""Reading the body of a call.

It may be real JSON, a real form, or the tool page's JSON under a multipart header without a boundary.
Source: Wiro's reference, Content type.
"""

import json

from aiohttp import web

from sandbox.wiro.envelope import GENERAL, CallError

Body = dict[str, object]

MAX_BODY_BYTES = 256 * 1024


async def read_body(request: web.Request) -> Body:
    """Give the fields of a call's body; those of a form are all text. Raises CallError."""
    try:
        if _is_form(request):
            return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return _fields(await request.text())
    except (ValueError, LookupError, RecursionError, web.HTTPRequestEntityTooLarge) as error:
        raise CallError(GENERAL, "Request parameters are invalid.") from error


def _is_form(request: web.Request) -> bool:
    if request.content_type == "multipart/form-data":
        return "boundary=" in request.headers.get("Content-Type", "")
    return request.content_type == "application/x-www-form-urlencoded"


def _fields(text: str) -> Body:
    if not text.strip():
        return {}
    fields = json.loads(text)
    if isinstance(fields, dict):
        return fields
    raise ValueError("the body is no JSON object")
