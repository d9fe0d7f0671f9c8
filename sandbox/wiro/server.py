"""The server: puts the parts together, starts and stops them, and gives tests their hold on it."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from sandbox.guard import Guard
from sandbox.wiro.account import Account
from sandbox.wiro.body import MAX_BODY_BYTES
from sandbox.wiro.callbacks import Callbacks
from sandbox.wiro.calls import Calls
from sandbox.wiro.config import WiroConfig
from sandbox.wiro.control import PREFIX as CONTROL
from sandbox.wiro.control import Control
from sandbox.wiro.drawings import Drawings
from sandbox.wiro.files import Files
from sandbox.wiro.journal import Journal, Seen, Watcher
from sandbox.wiro.life import Life
from sandbox.wiro.outputs import Outputs
from sandbox.wiro.routes import Routes
from sandbox.wiro.script import Script
from sandbox.wiro.sockets import Hub
from sandbox.wiro.tasks import Task, TaskStore

_SHUTDOWN_SECONDS = 0.5  # for requests under way; scripted ones may take for ever
_BACKLOG = 1024


class WiroServer:
    """A Wiro-compatible server on a port of its own: an async context manager, or `start` and `stop`, once.

    Its addresses, and all that it does, are there from its start on.
    """

    origin: str
    """`http://127.0.0.1:PORT`"""
    host_and_port: str
    """`127.0.0.1:PORT`"""

    def __init__(self, config: WiroConfig | None = None) -> None:
        self.config = config or WiroConfig()
        self.script = Script()
        """The scripted behaviours, which may be added to at any time."""
        self._account = Account(self.config.balance_usd)
        self._store = TaskStore()
        self._journal = Journal()
        self._files = Files()
        self._hub = Hub(self._store, self._journal, self.script.socket)
        self._cleanup = AsyncExitStack()
        self._life: Life
        self._calls: Calls

    @property
    def api_base(self) -> str:
        """What calls are added to, for example `/Run/…`."""
        return f"{self.origin}/v1"

    @property
    def socket_url(self) -> str:
        """Where the WebSocket is."""
        return f"ws://{self.host_and_port}/socket/v1"

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, oldest first."""
        return tuple(self._store)

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The newest requests (20,000 at most), oldest first."""
        return self._journal.seen

    @property
    def watchers(self) -> set[Watcher]:
        """Who is told of each request as a whole, secrets included, once it is answered."""
        return self._journal.watchers

    @property
    def sockets(self) -> int:
        """How many WebSocket connections there are."""
        return self._hub.count

    @property
    def balance_usd(self) -> float:
        """What the account holds."""
        return self._account.balance_usd

    @property
    def limit(self) -> int | None:
        """How many tasks the account may have open at once; None: any number."""
        return self._account.limit

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(
                socket.create_server((self.config.host, self.config.port), backlog=_BACKLOG)
            )
            port = listener.getsockname()[1]
            self.host_and_port = f"{self.config.host}:{port}"
            self.origin = f"http://{self.host_and_port}"
            session = await stack.enter_async_context(aiohttp.ClientSession())
            app = self._make_app(Guard(port, CONTROL, field="error"), session, stack)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.SockSite(runner, listener, backlog=_BACKLOG).start()
            stack.push_async_callback(self._hub.close)
            self._cleanup = stack.pop_all()

    async def stop(self) -> None:
        """Close every connection and end everything that was started."""
        await self._cleanup.aclose()

    def finish(self, taskid: str) -> None:
        """Let a stuck or slow task come to its end now. Raises KeyError for an unknown one."""
        task = self._store.get(taskid)
        if task is None:
            raise KeyError(taskid)
        task.hurry.set()

    def set_balance(self, balance_usd: float) -> None:
        """Give the account another balance, and thereby another limit of tasks at once."""
        self._account.balance_usd = balance_usd

    def set_speed(self, seconds: float) -> None:
        """Say how long tasks take that are run from now on."""
        self._calls.seconds = seconds

    async def drop_sockets(self, *, reset: bool = False) -> None:
        """End all WebSocket connections, with a close frame or, as a broken line does, just so."""
        await self._hub.drop(reset=reset)

    async def wait_for_requests(
        self, call: str, count: int, timeout_seconds: float = 30.0
    ) -> tuple[Seen, ...]:
        """Wait until a call (see Seen) was made `count` times since the start. Raises TimeoutError."""
        return await self._journal.wait_for(call, count, timeout_seconds)

    async def wait_for_task(self, predicate: Callable[[Task], bool], timeout_seconds: float = 30.0) -> Task:
        """Wait for a task of which something is, or comes to be, true. Raises TimeoutError."""
        for task in self._store:
            if predicate(task):
                return task
        return await self._life.changed.wait(predicate, timeout_seconds)

    def _make_app(
        self, guard: Guard, session: aiohttp.ClientSession, stack: AsyncExitStack
    ) -> web.Application:
        """Put the parts together; those that must be closed are given to the stack."""
        drawings = Drawings()
        stack.push_async_callback(drawings.close)
        self._life = Life(
            store=self._store,
            account=self._account,
            hub=self._hub,
            outputs=Outputs(drawings, self._files, self.origin),
            files=self._files,
            callbacks=Callbacks(self.config, session, self._journal),
        )
        stack.push_async_callback(self._life.close)
        self._calls = Calls(
            config=self.config,
            script=self.script,
            store=self._store,
            account=self._account,
            life=self._life,
            files=self._files,
        )
        app = web.Application(middlewares=[guard.middleware], client_max_size=MAX_BODY_BYTES)
        app.router.add_get("/socket/v1", self._hub.serve)
        Control(
            script=self.script,
            store=self._store,
            journal=self._journal,
            account=self._account,
            calls=self._calls,
            hub=self._hub,
        ).add_to(app)
        Routes(
            config=self.config,
            script=self.script,
            journal=self._journal,
            calls=self._calls,
            store=self._store,
            files=self._files,
        ).add_to(app)
        return app
