"""Passing requests on to the control APIs of both servers, and to nothing else of them."""

import re
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp import web
from yarl import URL

_MAX_ANSWER_BYTES = 32 * 1024 * 1024
# The longest wait that a control API grants is two minutes.
_TIMEOUT = aiohttp.ClientTimeout(total=130)
# Nothing that could be read as another path by the next server: no dots, no percent signs, no empty parts.
_PATH = re.compile(r"/(?P<server>discord|wiro)(?P<path>(?:/[A-Za-z0-9_-]+)+)")


class Forward:
    """`/discord/…` and `/wiro/…` as `/sandbox/…` at the server of that name.

    Args:
        session: what is used to call them.
        origins: theirs, by name.
        veil: what makes an answer fit for the browser.
    """

    def __init__(
        self, session: aiohttp.ClientSession, origins: Mapping[str, str], veil: Callable[[str], str]
    ) -> None:
        self._session = session
        self._origins = origins
        self._veil = veil

    async def handle(self, request: web.Request) -> web.Response:
        """Pass one request on: 404 for what is no path of theirs, 502 or 504 where no answer comes."""
        found = _PATH.fullmatch(request.rel_url.raw_path)
        if found is None:
            return _failure(404, "There is no such path.")
        target = f"{self._origins[found['server']]}/sandbox{found['path']}?{request.rel_url.raw_query_string}"
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                URL(target, encoded=True),
                data=body or None,
                headers={"Content-Type": "application/json"} if body else None,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                answer = await response.content.read(_MAX_ANSWER_BYTES)
                while len(answer) <= _MAX_ANSWER_BYTES and (more := await response.content.readany()):
                    answer += more
        except TimeoutError:
            return _failure(504, "The sandbox did not answer in time.")
        except aiohttp.ClientError:
            return _failure(502, "The sandbox did not answer.")
        if len(answer) > _MAX_ANSWER_BYTES:
            return _failure(502, "The sandbox's answer is too long.")
        text = self._veil(answer.decode(errors="replace"))
        return web.Response(text=text or None, status=response.status, content_type=response.content_type)


def _failure(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
