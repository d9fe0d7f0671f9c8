"""The API's calls: each takes a body and gives the fields of its answer. Source: Wiro's reference."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable

from sandbox.wiro.account import Account
from sandbox.wiro.body import Body
from sandbox.wiro.config import WiroConfig
from sandbox.wiro.envelope import GENERAL, NOT_FOUND, Answer, CallError, success
from sandbox.wiro.files import Files
from sandbox.wiro.life import Life
from sandbox.wiro.script import Script
from sandbox.wiro.tasks import Task, TaskStore, listing
from sandbox.wiro.tool import OWNER, PROJECT, as_number, describe_tool, read_inputs

Call = Callable[[Body], Awaitable[Answer]]

_MAX_LISTED = 100
_MAX_WAIT_FOR_CALLBACK_SECONDS = 60.0


class Calls:
    """What the API can do. Every call raises CallError where it is refused."""

    def __init__(
        self,
        *,
        config: WiroConfig,
        script: Script,
        store: TaskStore,
        account: Account,
        life: Life,
        files: Files,
    ) -> None:
        self._echo = config.echo_callback_url
        self._published = config.published
        self._script = script
        self._store = store
        self._account = account
        self._life = life
        self._files = files
        self.seconds = config.seconds
        """How long a task takes from now on, where its script does not say."""
        self.by_name: dict[str, Call] = {
            "Task/Detail": self._detail,
            "Task/List": self._list,
            "Task/Cancel": self._cancel,
            "Task/Kill": self._kill,
            "Task/InputOutputDelete": self._delete_files,
            "Tool/Detail": self._tool_detail,
        }

    async def run(self, owner: str, project: str, body: Body) -> Answer:
        """Start a task: `POST /Run/{owner}/{tool}`."""
        _check_tool(owner, project)
        inputs = read_inputs(body)
        self._account.open(inputs.price_usd)
        how = self._script.task(inputs.prompt)
        callback = self._script.callback(inputs.prompt)
        task = self._store.add(body, inputs, how, callback, self.seconds)
        self._life.start(task)
        if callback.before_answer:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(task.settled.wait(), _MAX_WAIT_FOR_CALLBACK_SECONDS)
        return success(taskid=task.taskid, socketaccesstoken=task.token)

    def find(self, body: Body) -> Task | None:
        """Find the task that a body speaks of, by its number or its token."""
        for name in ("tasktoken", "socketaccesstoken"):
            token = body.get(name)
            if isinstance(token, str) and token:
                return self._store.by_token(token)
        return self._store.get(str(body.get("taskid")))

    def _found(self, body: Body) -> Task:
        if not any(body.get(name) for name in ("tasktoken", "socketaccesstoken", "taskid")):
            raise CallError(GENERAL, "taskid or socketaccesstoken is required")
        task = self.find(body)
        if task is None:
            raise CallError(NOT_FOUND, "There is no task yet.")
        return task

    async def _detail(self, body: Body) -> Answer:
        return listing([self._found(body)], 1, with_callback_url=self._echo)

    async def _list(self, body: Body) -> Answer:
        start = as_number(body.get("start"), "start", "0")
        limit = as_number(body.get("limit"), "limit", "20")
        if not 1 <= limit <= _MAX_LISTED:
            raise CallError(GENERAL, f"Request parameter [limit] must be between 1 and {_MAX_LISTED}")
        if body.get("modelName") not in (None, "", f"{OWNER}/{PROJECT}", PROJECT):
            return listing([], 0, with_callback_url=self._echo)
        ascending = str(body.get("order", "DESC")).upper() == "ASC"
        ordered = iter(self._store) if ascending else reversed(self._store)
        page = itertools.islice(ordered, max(0, int(start)), max(0, int(start)) + int(limit))
        return listing(list(page), len(self._store), with_callback_url=self._echo)

    async def _cancel(self, body: Body) -> Answer:
        self._life.cancel(self._found(body))
        return success()

    async def _kill(self, body: Body) -> Answer:
        self._life.kill(self._found(body))
        return success()

    async def _delete_files(self, body: Body) -> Answer:
        task = self._found(body)
        if not task.ended:
            raise CallError(GENERAL, "Task must be completed or cancelled before deleting files")
        self._files.remove(task.taskid)
        return success()

    async def _tool_detail(self, body: Body) -> Answer:
        _check_tool(body.get("slugowner"), body.get("slugproject"))
        return success(tool=[describe_tool(self._published)])


def _check_tool(owner: object, project: object) -> None:
    if (owner, project) != (OWNER, PROJECT):
        raise CallError(NOT_FOUND, "slug-owner-project-not-exist")
