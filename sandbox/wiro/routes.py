"""The API and the output files over HTTP."""

import re
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial

from aiohttp import web

from sandbox.wiro.behaviours import CallFault
from sandbox.wiro.body import Body, read_body
from sandbox.wiro.calls import Calls
from sandbox.wiro.config import WiroConfig
from sandbox.wiro.envelope import NOT_FOUND, CallError
from sandbox.wiro.faults import Unanswered, carry_out
from sandbox.wiro.files import Files, StoredFile
from sandbox.wiro.journal import Exchange, Journal
from sandbox.wiro.script import Script
from sandbox.wiro.signing import verify
from sandbox.wiro.tasks import TaskStore

# Source: Wiro's reference, Authentication: its edge refuses some default library user agents.
_REFUSED_AGENT = re.compile(
    r"\s*$|python-urllib|python-requests|python/\S+ aiohttp|node-fetch", re.IGNORECASE
)
_EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>403</title></head><body><h1>403 Forbidden</h1></body></html>\n"
)


@dataclass
class _Visit:
    """One request of the API, as far as it is known."""

    name: str
    request: web.Request
    body: Body = field(default_factory=dict)
    taskid: str | None = None
    began: float = field(default_factory=time.monotonic)


class Routes:
    """Answers requests: who asks, what is scripted for it, what it does, and a line in the journal."""

    def __init__(
        self,
        *,
        config: WiroConfig,
        script: Script,
        journal: Journal,
        calls: Calls,
        store: TaskStore,
        files: Files,
    ) -> None:
        self._config = config
        self._script = script
        self._journal = journal
        self._calls = calls
        self._store = store
        self._files = files

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an application; those that it has already come first."""
        app.on_response_prepare.append(self._date)
        app.router.add_post("/v1/Run/{owner}/{project}", partial(self._api, "Run"))
        for name in self._calls.by_name:
            app.router.add_post(f"/v1/{name}", partial(self._api, name))
        app.router.add_get("/files/{path:.+}", self._file)
        app.router.add_route("*", "/{path:.*}", self._unknown)

    async def _api(self, name: str, request: web.Request) -> web.StreamResponse:
        visit = _Visit(name, request)
        response = await self._admit(visit)
        self._note(visit, response)
        return response

    async def _admit(self, visit: _Visit) -> web.StreamResponse:
        """Answer a caller's request, if he is one who may call."""
        if _REFUSED_AGENT.match(visit.request.headers.get("User-Agent", "")):
            return web.Response(status=403, text=_EDGE_PAGE, content_type="text/html")
        try:
            verify(visit.request.headers, self._config.api_key, self._config.api_secret)
            visit.body = await read_body(visit.request)
        except CallError as error:
            return error.response()
        return await carry_out(visit.request, self._fault(visit), partial(self._call, visit))

    def _fault(self, visit: _Visit) -> CallFault:
        if visit.name == "Run":
            return self._script.fault(visit.name, str(visit.body.get("prompt")))
        task = self._calls.find(visit.body)
        if task is None:
            return self._script.fault(visit.name, None)
        visit.taskid = task.taskid
        return self._script.fault(visit.name, task.inputs.prompt)

    async def _call(self, visit: _Visit) -> web.Response:
        try:
            if visit.name != "Run":
                return web.json_response(await self._calls.by_name[visit.name](visit.body))
            place = visit.request.match_info
            answer = await self._calls.run(place["owner"], place["project"], visit.body)
        except CallError as error:
            return error.response()
        visit.taskid = str(answer["taskid"])
        return web.json_response(answer)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        visit = _Visit("file", request)
        file = self._files.get(request.match_info["path"])
        task = self._store.get(file.taskid) if file else None
        fault = self._script.fault("file", task.inputs.prompt if task else None)
        response = await carry_out(request, fault, partial(_send, file, request))
        visit.taskid = task.taskid if task else None
        self._note(visit, response)
        return response

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        if ahead := self._config.clock_ahead_seconds:
            response.headers["Date"] = formatdate(time.time() + ahead, usegmt=True)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        response = CallError(NOT_FOUND, "Not found.", http_status=404).response()
        self._note(_Visit("unknown", request), response)
        return response

    def _note(self, visit: _Visit, response: web.StreamResponse) -> None:
        request = visit.request
        is_json = isinstance(response, web.Response) and response.content_type == "application/json"
        body = response.body if is_json and isinstance(response, web.Response) else None
        self._journal.note(
            Exchange(
                call=visit.name,
                path=request.path,
                taskid=visit.taskid,
                status=0 if isinstance(response, Unanswered) else response.status,
                headers=request.headers,
                method=request.method,
                body=visit.body or None,
                answer=body if isinstance(body, bytes) else b"",
                seconds=time.monotonic() - visit.began,
            )
        )


async def _send(file: StoredFile | None, request: web.Request) -> web.StreamResponse:
    if file is None:
        return web.Response(status=404, text="Not found.")
    return await file.respond(request)
