"""A caller of the Wiro-compatible server that knows nothing of the bot, and an address to call back."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.wiro import Rule, WiroConfig, WiroServer
from sandbox.wiro.behaviours import Behaviour

RUN = "/Run/Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"
SMALL = {"width": 256, "height": 256}
WAIT_SECONDS = 30.0

Json = dict[str, Any]


class Caller:
    """Calls the API as the reference describes it."""

    def __init__(self, server: WiroServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self._nonce = 0

    def headers(self) -> dict[str, str]:
        """The headers of a signed call."""
        self._nonce += 1
        config = self.server.config
        headers = {"User-Agent": "sandbox-test/1", "x-api-key": config.api_key}
        if config.api_secret is not None:
            text = f"{config.api_secret}{self._nonce}".encode()
            signature = hmac.new(config.api_key.encode(), text, hashlib.sha256).hexdigest()
            headers |= {"x-nonce": str(self._nonce), "x-signature": signature}
        return headers

    async def status(self, path: str, body: Json) -> tuple[int, Any]:
        """Call, and give HTTP status and body."""
        async with self.session.post(
            self.server.api_base + path, json=body, headers=self.headers()
        ) as answer:
            return answer.status, await answer.json()

    async def call(self, path: str, **body: object) -> Json:
        """Call, and give the body of an answer that came with HTTP 200."""
        status, answer = await self.status(path, body)
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    async def error(self, path: str, **body: object) -> tuple[int, str]:
        """Call what must be refused, and give code and message."""
        answer = await self.call(path, **body)
        assert answer["result"] is False
        (error,) = answer["errors"]
        return error["code"], error["message"]

    async def run(self, **inputs: object) -> Json:
        """Start a small task, and give the answer."""
        answer = await self.call(RUN, **{"prompt": "a red fox", **SMALL, **inputs})
        assert answer["result"] is True, answer
        return answer

    async def detail(self, taskid: object) -> Json:
        """Give a task's record."""
        answer = await self.call("/Task/Detail", taskid=taskid)
        assert answer["total"] == "1"
        (record,) = answer["tasklist"]
        assert isinstance(record, dict)
        return record

    async def finished(self, **inputs: object) -> Json:
        """Start a small task, wait for its end, and give its record."""
        taskid = (await self.run(**inputs))["taskid"]
        await self.server.wait_for_task(lambda task: task.taskid == taskid and task.ended, WAIT_SECONDS)
        return await self.detail(taskid)

    async def settled(self, taskid: object) -> None:
        """Wait until a task has ended and its callback, if there is one, is done with."""
        (task,) = (task for task in self.server.tasks if task.taskid == taskid)
        async with asyncio.timeout(WAIT_SECONDS):
            await task.settled.wait()

    async def reached(self, status: str, taskid: str | None = None) -> str:
        """Wait until a task is at a status, and give its number."""
        task = await self.server.wait_for_task(
            lambda task: task.status == status and taskid in (None, task.taskid), WAIT_SECONDS
        )
        return task.taskid

    def script(
        self, call: str, do: Behaviour, *, times: int | None = 1, prompt_contains: str | None = None
    ) -> None:
        """Add a rule."""
        self.server.script.add(Rule(call=call, do=do, times=times, prompt_contains=prompt_contains))

    async def get(self, url: str) -> tuple[int, str, bytes]:
        """Fetch a file as anyone may, and give status, content type and body."""
        async with self.session.get(url, allow_redirects=False) as answer:
            return answer.status, answer.content_type, await answer.read()


@asynccontextmanager
async def wiro(**config: Any) -> AsyncIterator[Caller]:  # noqa: ANN401 - WiroConfig's own fields
    """A server and its caller."""
    timeout = aiohttp.ClientTimeout(total=WAIT_SECONDS)
    async with WiroServer(WiroConfig(**config)) as server, aiohttp.ClientSession(timeout=timeout) as session:
        yield Caller(server, session)


class Listener:
    """An address to call back: keeps what came, and answers with given statuses, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.url = ""
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self._came = asyncio.Event()
        self._statuses = list(statuses) or [200]

    @property
    def answers(self) -> list[Any]:
        """What came, as JSON."""
        return [json.loads(body) for body in self.bodies]

    async def first(self) -> None:
        """Wait until something came."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self._came.wait()

    async def hear(self, request: web.Request) -> web.Response:
        """Take one callback."""
        self.bodies.append(await request.read())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self._came.set()
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        headers = {"Location": self.url} if status == 302 else {}
        return web.Response(status=status, headers=headers)


@asynccontextmanager
async def listener(*statuses: int) -> AsyncIterator[Listener]:
    """A callback listener on a port of its own."""
    heard = Listener(*statuses)
    app = web.Application()
    app.router.add_post("/callback/token", heard.hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        heard.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback/token"
        yield heard
    finally:
        await runner.cleanup()
