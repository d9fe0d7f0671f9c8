"""Calls to Wiro over HTTP: the one place where aiohttp's exceptions become this project's.

What failed tells what may have happened at Wiro, and decides whether Run may be sent again:

- No connection was made (refused, no such host, TLS handshake failed, connecting took too long):
  `WiroUnreachableError`, nothing happened.
- The connection broke or fell silent afterwards: `NoAnswerError`, anything may have happened. So it is where
  Wiro closed a kept connection at the very moment at which it was used again; `connector` keeps that rare.
- The answer was cut off, too long, or no HTTP: `UnreadableAnswerError`, anything may have happened.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import aiohttp
import structlog

from bot.errors import NoAnswerError, NotFoundError, UnreadableAnswerError, WiroError, WiroUnreachableError
from bot.wiro.envelope import decode_answer, is_no_task, one_line
from bot.wiro.reading import JsonObject
from bot.wiro.retries import Retries
from bot.wiro.signing import Credentials, headers
from bot.wiro.tool import ToolParameter, decode_tool
from bot.wiro.wire import Accepted, Task, decode_accepted, decode_tasks

CALLS_AT_ONCE: Final = 32
"""Bounds the memory that answers take."""

KEEPALIVE_SECONDS: Final = 4.0
"""How long an unused connection is kept: less than Node's five seconds, the shortest in common use."""

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""A hundred tasks with all that their processes wrote."""

_NOT_CONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_LARGE_BYTES: Final = 512 * 1024
_NOT_READ: Final = (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)
_SECRET_FIELDS: Final = ("tasktoken", "socketaccesstoken", "callbackUrl")

log = structlog.get_logger()


def connector() -> aiohttp.TCPConnector:
    """Return the connector that a client's session should have; the session closes it."""
    return aiohttp.TCPConnector(keepalive_timeout=KEEPALIVE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a request may take, in seconds. Source: this project's choice; Wiro states no times."""

    connect_seconds: float = 10.0
    run_seconds: float = 60.0  # an answer lost to haste costs a search for the task
    call_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str | None
    body: bytes


class WiroClient:
    """Wiro's calls for one tool.

    Each raises a `WiroError` where it fails. All but `run` are tried again first, where that may help.

    Args:
        session: carries the requests; whoever made it closes it. See `connector`.
        api_base: such as ``https://api.wiro.ai/v1``.
        tool: its owner and its name, with a slash between them.
        credentials: the project's.
        user_agent: names the bot and its version; Wiro refuses some default ones of libraries.
        timeouts: of each request, retries not counted.
        called: is told of each request's call, such as ``Task/Detail``, and how it failed if it did.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        api_base: str,
        tool: str,
        credentials: Credentials,
        user_agent: str,
        timeouts: Timeouts = Timeouts(),
        called: Callable[[str, WiroError | None], None] = lambda _call, _error: None,
    ) -> None:
        self._session = session
        self._api_base = api_base.rstrip("/")
        self._tool = tool
        self._credentials = credentials
        self._user_agent = user_agent
        self._timeouts = timeouts
        self._called = called
        self._retries = Retries()
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)
        self._last_nonce = 0

    async def run(self, inputs: Mapping[str, str | int], callback_url: str | None) -> Accepted:
        """Start a billed task. Sent once and never again.

        Args:
            inputs: the tool's inputs by their names.
            callback_url: where Wiro tells that the task is over; None: nowhere.

        Raises:
            NothingStartedError: no task was started.
            OutcomeUnknownError: a task may have been started.
        """
        body = dict(inputs)
        if callback_url is not None:
            body["callbackUrl"] = callback_url
        return decode_accepted(await self._exchange(f"Run/{self._tool}", body, self._timeouts.run_seconds))

    async def task_detail(self, *, tasktoken: str | None = None, taskid: str | None = None) -> Task:
        """Return a task by its token or its id.

        Raises:
            NotFoundError: there is no such task.
        """
        asked = {"tasktoken": tasktoken, "taskid": taskid}
        answer = await self._call("Task/Detail", {name: value for name, value in asked.items() if value})
        for task in decode_tasks(answer, self._own_secrets):
            if taskid in {None, task.taskid} and (not task.tasktoken or tasktoken in {None, task.tasktoken}):
                return task
        raise UnreadableAnswerError("Task/Detail's answer holds no task, or another one than was asked for")

    async def task_list(self, *, start: int, limit: int) -> list[Task]:
        """Return the project's tasks, of all its tools, newest first.

        Args:
            start: how many of the newest to leave out.
            limit: how many to return, at most 100. Fewer come back only where there are no more.
        """
        body = {"type": "model", "sort": "id", "order": "DESC", "start": str(start), "limit": str(limit)}
        try:
            return decode_tasks(await self._call("Task/List", body), self._own_secrets)
        except NotFoundError as error:
            if is_no_task(error):
                return []
            raise

    async def cancel(self, *, taskid: str, tasktoken: str) -> None:
        """Cancel a task that Wiro has queued.

        Raises:
            NotFoundError: the task is not queued, or not there.
        """
        await self._call("Task/Cancel", {"taskid": taskid, "tasktoken": tasktoken})

    async def kill(self, *, taskid: str, tasktoken: str) -> None:
        """Stop a task that runs.

        Raises:
            NotFoundError: the task does not run, or is not there.
        """
        names = {"taskid": taskid, "tasktoken": tasktoken, "socketaccesstoken": tasktoken}
        await self._call("Task/Kill", names)

    async def delete_files(self, tasktoken: str) -> None:
        """Delete the files of a task that has ended from Wiro's storage; repeating it is harmless.

        Raises:
            NothingStartedError: the task is still running, or not there.
        """
        await self._call("Task/InputOutputDelete", {"tasktoken": tasktoken})

    async def tool_parameters(self) -> tuple[ToolParameter, ...]:
        """Return the tool's inputs as Wiro publishes them."""
        owner, _, name = self._tool.partition("/")
        return decode_tool(await self._call("Tool/Detail", {"slugowner": owner, "slugproject": name}))

    async def _call(self, path: str, body: Mapping[str, str | int]) -> JsonObject:
        """Make a call that can be repeated without harm."""
        async for attempt in self._retries.attempts(path):
            with attempt:
                return await self._exchange(path, body, self._timeouts.call_seconds)
        raise AssertionError("stamina raises after the last attempt")

    async def _exchange(self, path: str, body: Mapping[str, str | int], timeout_seconds: float) -> JsonObject:
        """Send one request, tell of it, and return its answer's envelope."""
        call = path.removesuffix(f"/{self._tool}")
        try:
            answer = await self._ask(path, body, timeout_seconds)
        except WiroError as error:
            self._called(call, error)
            raise
        self._called(call, None)
        return answer

    async def _ask(self, path: str, body: Mapping[str, str | int], timeout_seconds: float) -> JsonObject:
        async with self._slots:
            started = time.monotonic()
            try:
                answer = await self._post(path, body, timeout_seconds)
            except WiroError as error:
                log.debug("wiro.failed", path=path, error=type(error).__name__, milliseconds=_since(started))
                raise
        log.debug("wiro.answered", path=path, status=answer.status, milliseconds=_since(started))
        decode = partial(
            decode_answer,
            answer.status,
            answer.body,
            retry_after=answer.retry_after,
            hidden=self._hidden(body),
        )
        # A large one would hold up the event loop for longer than it takes to start a thread.
        return await asyncio.to_thread(decode) if len(answer.body) > _LARGE_BYTES else decode()

    async def _post(self, path: str, body: Mapping[str, str | int], timeout_seconds: float) -> _Answer:
        """Send one request and translate what aiohttp raises."""
        try:
            async with self._session.post(
                f"{self._api_base}/{path}",
                json=body,
                headers={"User-Agent": self._user_agent, **headers(self._credentials, self._nonce())},
                timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=self._timeouts.connect_seconds),
                allow_redirects=False,
            ) as response:
                return _Answer(response.status, response.headers.get("Retry-After"), await _read(response))
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise _translate(exc, self._hidden(body)) from exc

    def _nonce(self) -> str:
        """Return the time in milliseconds, or the next whole number where that was used before."""
        self._last_nonce = max(self._last_nonce + 1, time.time_ns() // 1_000_000)
        return str(self._last_nonce)

    @property
    def _own_secrets(self) -> tuple[str, str]:
        return self._credentials.key, self._credentials.secret or ""

    def _hidden(self, body: Mapping[str, str | int]) -> list[str]:
        """Return what no message of an exception may hold."""
        return [*self._own_secrets, *(str(body[name]) for name in _SECRET_FIELDS if name in body)]


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise UnreadableAnswerError(f"HTTP {response.status}, more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _translate(exc: Exception, hidden: Collection[str]) -> WiroError:
    reason = one_line(f"{type(exc).__name__}: {exc}", hidden)
    if isinstance(exc, _NOT_CONNECTED):
        return WiroUnreachableError(reason)
    if isinstance(exc, _NOT_READ):
        return UnreadableAnswerError(reason)
    return NoAnswerError(reason)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
