"""The body of a request: JSON, or a multipart form with `payload_json` and files.

Source: Discord's reference, Uploading Files. Parts are found in the whole body, which is far
quicker than reading them chunk by chunk; the server bounds the request.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Headers

from aiohttp import web

from sandbox.discord.errors import invalid_json
from sandbox.discord.forms import Form
from sandbox.discord.payloads import encode

MAX_FILES = 10
_FIELD = re.compile(r"files?(?:\[(\d{1,2})\]|(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a request; `index` is the n of its field `files[n]`."""

    index: int
    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """What a request carries: its JSON object and its files."""

    form: Form
    uploads: tuple[Upload, ...] = ()


async def read_submission(request: web.Request) -> Submission:
    """Read a request's body; raise 50109 where it cannot be read."""
    body = await request.read()
    if request.content_type == "multipart/form-data":
        return _read_multipart(body, request.headers["Content-Type"])
    return Submission(Form.of(_parse(body)))


async def read_json(request: web.Request) -> object:
    """Read a body that is any JSON value; raise 50109 where it is none."""
    return _parse(await request.read())


def _parse(text: bytes) -> object:
    try:
        parsed: object = json.loads(text)
        if b"\\u" in text:
            # Half of a surrogate pair can be escaped, but not sent on.
            encode(parsed).encode()
    except (ValueError, RecursionError):
        raise invalid_json() from None
    return parsed


def _read_multipart(body: bytes, content_type: str) -> Submission:
    boundary = _headers(f"Content-Type: {content_type}").get_param("boundary")
    if not isinstance(boundary, str):
        raise invalid_json()
    form = Form({})
    uploads = []
    for head, content in _parts(body, boundary.encode()):
        headers = _headers(head)
        name = headers.get_param("name", header="content-disposition")
        if name == "payload_json":
            form = Form.of(_parse(content))
        elif isinstance(name, str) and (field := _FIELD.fullmatch(name)):
            index = int(field[1] or field[2] or 0)
            uploads.append(Upload(index, headers.get_filename() or "unknown", content))
    return Submission(form, tuple(uploads))


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """Go through the headers and contents of the parts, copying each content once."""
    delimiter = b"\r\n--" + boundary
    start = len(delimiter) - 2
    while (end := body.find(delimiter, start)) >= 0:
        blank = body.find(b"\r\n\r\n", start, end)
        if blank < 0:
            raise invalid_json()
        yield body[start:blank].decode("utf-8", "replace").strip(), body[blank + 4 : end]
        start = end + len(delimiter)


def _headers(text: str) -> Headers:
    headers = Headers()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    return headers
