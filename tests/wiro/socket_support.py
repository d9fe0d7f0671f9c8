"""A feed that runs for a test, and a server for what the sandbox's never does."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import WSMsgType, web

from bot.wiro.news import TaskNews
from bot.wiro.socket import Timing, WiroSocket
from tests.support.log import Log, read_along

AGENT = "sana-bot/0 (+tests)"
QUICK = Timing(first_wait_seconds=0.01, longest_wait_seconds=0.05, idle_seconds=0.05)
TOKEN = "tasktoken-of-the-only-task-there-is"
INPUTS: dict[str, str | int] = {
    "prompt": "a red fox",
    "negativePrompt": "bad",
    "steps": 10,
    "scale": "3.5",
    "samples": 1,
    "seed": "7",
    "width": 256,
    "height": 256,
}

Conversation = Callable[["Server", web.WebSocketResponse], Awaitable[None]]


@dataclass
class Ear:
    """Remembers what it heard."""

    heard: list[TaskNews] = field(default_factory=list)

    def __call__(self, news: TaskNews) -> None:
        """Hear."""
        self.heard.append(news)

    @property
    def ended(self) -> list[str]:
        """The tokens of tasks that were said to have ended."""
        return [news.tasktoken for news in self.heard if news.ended]


@asynccontextmanager
async def feed(url: str, timing: Timing = QUICK) -> AsyncIterator[tuple[WiroSocket, Ear]]:
    """Run a feed until the end of the block, where it must stop soon and without an exception."""
    async with aiohttp.ClientSession() as session:
        socket = WiroSocket(session, url=url, user_agent=AGENT, timing=timing)
        ear = Ear()
        running = asyncio.create_task(socket.run(ear))
        try:
            yield socket, ear
            assert not running.done()
        finally:
            socket.stop()
            async with asyncio.timeout(5):
                await running


@contextmanager
def silent_about_tokens() -> Iterator[Log]:
    """Read the log along; in the end it may not hold the token."""
    with read_along() as log:
        yield log
    assert TOKEN not in repr(log.lines)


@dataclass
class Server:
    """What a server was asked on its connections, oldest first."""

    url: str
    connected_at: list[float] = field(default_factory=list)
    registered: list[list[str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    transports: list[asyncio.Transport | None] = field(default_factory=list)

    async def read_registrations(self, websocket: web.WebSocketResponse) -> None:
        """Note what is registered on the newest connection, until it is closed."""
        tokens = self.registered[-1]
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                content = json.loads(message.data)
                assert content == {"type": "task_info", "tasktoken": content["tasktoken"]}
                tokens.append(content["tasktoken"])


@asynccontextmanager
async def serving(*conversations: Conversation, autoping: bool = True) -> AsyncIterator[Server]:
    """Have each connection served by the next of these, and all further ones by the last."""
    server = Server(url="")

    async def handle(request: web.Request) -> web.WebSocketResponse:
        number = min(len(server.connected_at), len(conversations) - 1)
        server.connected_at.append(time.monotonic())
        server.registered.append([])
        server.agents.append(request.headers["User-Agent"])
        server.transports.append(request.transport)
        websocket = web.WebSocketResponse(autoping=autoping, timeout=0.1)
        await websocket.prepare(request)
        with contextlib.suppress(ConnectionError):
            await conversations[number](server, websocket)
        return websocket

    app = web.Application()
    app.router.add_get("/v1", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        server.url = f"ws://{host}:{port}/v1"
        yield server
    finally:
        await runner.cleanup()


def said(kind: str, message: object = None, tasktoken: str = TOKEN) -> str:
    """Write a message of Wiro's."""
    content = {"type": kind, "id": "1", "tasktoken": tasktoken, "message": message, "result": True}
    return json.dumps(content)


def saying(*messages: str | bytes) -> Conversation:
    """Send these messages, texts or binary ones, and stay connected."""

    async def converse(server: Server, websocket: web.WebSocketResponse) -> None:
        for message in messages:
            send = websocket.send_str(message) if isinstance(message, str) else websocket.send_bytes(message)
            await send
        await server.read_registrations(websocket)

    return converse


async def hang_up(_: Server, websocket: web.WebSocketResponse) -> None:
    """Close the connection as soon as it is open."""
    await websocket.close()


async def hold(_: Server, __: web.WebSocketResponse) -> None:
    """Read nothing, and never close."""
    await asyncio.Event().wait()


listen = saying()
END = said("task_postprocess_end", [])
