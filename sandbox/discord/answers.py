"""Answers over HTTP, of exactly application/json: given a charset, discord.py cannot log in."""

from collections.abc import Mapping

from aiohttp import web

from sandbox.discord.payloads import encode


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return `value` as JSON."""
    return web.Response(
        body=encode(value).encode(), status=status, headers=headers, content_type="application/json"
    )


def nothing() -> web.Response:
    """Return 204."""
    return web.Response(status=204)
