"""Carrying out a request with what the script wants to go wrong in it."""

import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.wiro.behaviours import CallFault
from sandbox.wiro.envelope import Answer, failure
from sandbox.wiro.outputs import HTML_PAGE

Effect = Callable[[], Awaitable[web.StreamResponse]]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for no time at all: the peer sees a reset
_NUMERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SERVER_ERROR = 500


class Unanswered(web.Response):
    """Stands for the answer of a connection that was closed without one."""


async def carry_out(request: web.Request, fault: CallFault, effect: Effect) -> web.StreamResponse:
    """Do what is asked for, unless the fault prevents it, and give what the fault leaves of the answer."""
    if not fault.after_effect:
        await fault.pause()
    response = Unanswered() if fault.prevents else await effect()
    if fault.after_effect:
        await fault.pause()
    return _refusal(fault) if fault.refuses else await _spoilt(request, fault, response)


def _refusal(fault: CallFault) -> web.Response:
    status = fault.http_status or 200
    headers = {} if fault.retry_after_seconds is None else {"Retry-After": str(fault.retry_after_seconds)}
    if fault.error is None and status >= _SERVER_ERROR:
        return web.Response(status=status, body=HTML_PAGE, content_type="text/html", headers=headers)
    message = fault.error or f"HTTP status {status}"
    if fault.error is not None and fault.error_code is None:
        return web.json_response(failure(message), status=status, headers=headers)
    error = {"code": fault.error_code or 0, "message": message}
    return web.json_response(failure(error), status=status, headers=headers)


async def _spoilt(request: web.Request, fault: CallFault, response: web.StreamResponse) -> web.StreamResponse:
    if fault.answer in ("reset", "lost_answer"):
        return _hang_up(request, reset=fault.answer == "reset")
    if fault.answer == "not_json":
        return web.Response(body=HTML_PAGE, content_type="text/html")
    if (
        fault.answer == "normal"
        or not isinstance(response, web.Response)
        or not isinstance(response.body, bytes)
    ):
        return response
    if fault.answer == "cut_off":
        return await _cut_off(request, response, response.body)
    if response.content_type != "application/json":  # a file has no fields
        return response
    return web.json_response(_RESHAPED[fault.answer](json.loads(response.body)), status=response.status)


def _hang_up(request: web.Request, *, reset: bool) -> web.Response:
    transport = request.transport
    if transport is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
            )
        transport.abort()
    return Unanswered()


async def _cut_off(request: web.Request, whole: web.Response, body: bytes) -> web.StreamResponse:
    part = web.StreamResponse(status=whole.status)
    part.content_type = whole.content_type
    part.content_length = len(body)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return part


def _data_wrapped(answer: Answer) -> Answer:
    outside = {name: answer.pop(name) for name in ("errors", "result") if name in answer}
    return outside | {"data": answer}


def _numbers(value: object) -> object:
    """Turn text that is a number into one, wherever it is but in what the caller sent itself."""
    if isinstance(value, dict):
        return {name: part if name == "parameters" else _numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    if isinstance(value, str) and _NUMERAL.fullmatch(value):
        return json.loads(value)
    return value


def _extra(value: object) -> object:
    """Add to every object fields of every kind."""
    if isinstance(value, dict):
        additions = {"x_new": {"deep": [1, None, "text"]}, "x_none": None}
        return {
            name: part if name == "parameters" else _extra(part) for name, part in value.items()
        } | additions
    if isinstance(value, list):
        return [_extra(part) for part in value]
    return value


_RESHAPED: dict[str, Callable[[Answer], object]] = {
    "data_wrapped": _data_wrapped,
    "numbers": _numbers,
    "extra": _extra,
}
