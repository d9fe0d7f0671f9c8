"""Steering the server over HTTP: every program at this machine may, and no other page (see `sandbox.guard`).

| request | what it does |
| --- | --- |
| `POST /sandbox/script` | adds a rule (see `sandbox.wiro.script`) and answers `{"id"}` |
| `DELETE /sandbox/script` | forgets every rule |
| `GET /sandbox/tasks` | `{"total", "tasks"}`: the newest tasks, newest first |
| `GET /sandbox/requests` | `{"counts", "requests"}`: how often each call was made, the newest first |
| `POST /sandbox/balance` | `{"balance_usd"}`: gives the account another balance, and thereby another limit |
| `POST /sandbox/speed` | `{"seconds"}`: how long tasks take that are run from now on |
| `POST /sandbox/sockets/drop` | `{"reset"}`: ends all WebSocket connections, with a close frame or just so |
| `POST /sandbox/tasks/{taskid}/finish` | lets a stuck or slow task come to its end now |

What cannot be done is answered with 400 (or 404 for an unknown task) and `{"error"}`.
"""

import json
import math
from dataclasses import asdict
from itertools import islice

from aiohttp import web

from sandbox.wiro.account import Account
from sandbox.wiro.body import Body, read_body
from sandbox.wiro.calls import Calls
from sandbox.wiro.envelope import CallError
from sandbox.wiro.journal import Journal
from sandbox.wiro.script import Rule, Script
from sandbox.wiro.sockets import Hub
from sandbox.wiro.tasks import TaskStore

PREFIX = "/sandbox"
_MAX_LISTED = 1000


class Control:
    """The control's routes."""

    def __init__(
        self,
        *,
        script: Script,
        store: TaskStore,
        journal: Journal,
        account: Account,
        calls: Calls,
        hub: Hub,
    ) -> None:
        self._script = script
        self._store = store
        self._journal = journal
        self._account = account
        self._calls = calls
        self._hub = hub

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an application."""
        app.add_routes(
            [
                web.post(PREFIX + "/script", self._add_rule),
                web.delete(PREFIX + "/script", self._clear_rules),
                web.get(PREFIX + "/tasks", self._tasks),
                web.get(PREFIX + "/requests", self._requests),
                web.post(PREFIX + "/balance", self._set_balance),
                web.post(PREFIX + "/speed", self._set_speed),
                web.post(PREFIX + "/sockets/drop", self._drop_sockets),
                web.post(PREFIX + "/tasks/{taskid}/finish", self._finish),
            ]
        )

    async def _add_rule(self, request: web.Request) -> web.Response:
        try:
            return web.json_response({"id": self._script.add(Rule.from_json(await _body(request)))})
        except ValueError as error:
            raise _bad_request(str(error)) from error

    async def _clear_rules(self, _request: web.Request) -> web.Response:
        self._script.clear()
        return web.json_response({})

    async def _tasks(self, _request: web.Request) -> web.Response:
        newest = islice(reversed(self._store), _MAX_LISTED)
        tasks = [task.record(with_callback_url=True) for task in newest]
        return web.json_response({"total": len(self._store), "tasks": tasks})

    async def _requests(self, _request: web.Request) -> web.Response:
        newest = islice(reversed(self._journal.seen), _MAX_LISTED)
        return web.json_response(
            {"counts": self._journal.counts, "requests": [asdict(seen) for seen in newest]}
        )

    async def _set_balance(self, request: web.Request) -> web.Response:
        self._account.balance_usd = await _number_in(request, "balance_usd")
        return web.json_response({"balance_usd": self._account.balance_usd, "limit": self._account.limit})

    async def _set_speed(self, request: web.Request) -> web.Response:
        self._calls.seconds = await _number_in(request, "seconds")
        return web.json_response({"seconds": self._calls.seconds})

    async def _drop_sockets(self, request: web.Request) -> web.Response:
        await self._hub.drop(reset=(await _body(request)).get("reset") is True)
        return web.json_response({})

    async def _finish(self, request: web.Request) -> web.Response:
        task = self._store.get(request.match_info["taskid"])
        if task is None:
            raise web.HTTPNotFound(
                text=json.dumps({"error": "no such task"}), content_type="application/json"
            )
        task.hurry.set()
        return web.json_response({})


async def _body(request: web.Request) -> Body:
    try:
        return await read_body(request)
    except CallError as error:
        raise _bad_request("the body must be a JSON object") from error


async def _number_in(request: web.Request, name: str) -> float:
    value = (await _body(request)).get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _bad_request(f"{name} must be a number from 0 up")
    return float(value)


def _bad_request(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")
