"""One WebSocket to Wiro for all tasks, open while any is followed. aiohttp's exceptions stop here.

Wiro replays nothing. After a connection was lost, every followed task is registered anew, but what happened
in between is not heard of. Nobody is woken for it: polling covers the gap at its own pace, where wakes would
have ten thousand tasks asked after at once.

Source: Wiro's reference, WebSocket. The times are this project's choice; Wiro states none.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from aiohttp import ClientWebSocketResponse, WSMsgType

from bot.errors import WiroError
from bot.wiro.envelope import one_line
from bot.wiro.news import TaskNews, decode_complaint, decode_news

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""Far more than any message needs, and decoded within 50 ms at worst; a longer one ends the connection."""

_FAULTS: Final = (aiohttp.ClientError, OSError, ValueError)  # TimeoutError is an OSError
_JITTER: Final = 0.25
_LISTENS_FOR_SECONDS: Final = 0.005  # before others have a turn

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take and may take, in seconds."""

    connect_seconds: float = 10.0
    send_seconds: float = 10.0  # for one registration, where Wiro reads slowly
    close_seconds: float = 0.5
    heartbeat_seconds: float = 20.0  # of silence before a ping, whose pong may take half as long
    idle_seconds: float = 30.0  # how long the connection stays open with no task followed
    first_wait_seconds: float = 1.0  # after the first failure; it doubles with each that follows
    longest_wait_seconds: float = 60.0
    lasting_seconds: float = 30.0  # a connection that lasted so long ends an outage


class WiroSocket:
    """The news of all followed tasks, from one connection.

    It connects when the first task is followed, closes when none has been for a while, and connects again
    after every failure, waiting longer each time. Nothing that happens to the connection ends `run`.

    Args:
        session: carries the connection; whoever made it closes it, after `run`.
        url: such as ``wss://socket.wiro.ai/v1``.
        user_agent: names the bot and its version; Wiro refuses some default ones of libraries.
        timing: of the connection.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        user_agent: str,
        timing: Timing = Timing(),
    ) -> None:
        self._session = session
        self._url = url
        self._user_agent = user_agent
        self._timing = timing
        self._followed: set[str] = set()
        self._unregistered: set[str] = set()  # those of the followed that the connection was not told of
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()

    def follow(self, tasktoken: str) -> None:
        """Ask for the news of a task; no matter if it was asked for already."""
        if tasktoken not in self._followed:
            self._followed.add(tasktoken)
            self._unregistered.add(tasktoken)
            self._changed.set()

    def forget(self, tasktoken: str) -> None:
        """Ask for no more news of a task; no matter if it was not asked for."""
        if tasktoken in self._followed:
            self._followed.remove(tasktoken)
            self._unregistered.discard(tasktoken)
            self._changed.set()

    def stop(self) -> None:
        """Let `run` return within a second."""
        self._stopping.set()

    async def run(self, hear: Callable[[TaskNews], None]) -> None:
        """Call `hear` with every piece of news of followed tasks, in order, until stopped.

        Args:
            hear: must be quick; any exception from it ends `run`, and nothing else does.
        """
        await _until_first(work=self._work(hear), stop=self._until_stopped())

    async def _until_stopped(self) -> None:
        await self._stopping.wait()

    async def _until_one_is_followed(self) -> None:
        while not self._followed:
            self._changed.clear()
            await self._changed.wait()

    async def _work(self, hear: Callable[[TaskNews], None]) -> None:
        """Connect whenever a task is followed, and wait after every failure. An outage is told once."""
        failures = 0
        while True:
            await self._until_one_is_followed()
            began = time.monotonic()
            try:
                await self._converse(hear)
            except _ConnectionLostError as error:
                failures = 1 if self._is_lasting(began) else failures + 1
                tell = log.warning if failures == 1 else log.debug
                tell("socket.down", reason=one_line(str(error), self._followed), failures=failures)
                await asyncio.sleep(self._wait_seconds(failures))
            else:
                failures = 0
                log.debug("socket.idle")

    def _is_lasting(self, began: float) -> bool:
        return time.monotonic() - began >= self._timing.lasting_seconds

    def _wait_seconds(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row: never less than after the first."""
        timing = self._timing
        wanted = min(timing.longest_wait_seconds, timing.first_wait_seconds * 2.0 ** min(failures - 1, 30))
        return wanted * random.uniform(1, 1 + _JITTER)  # noqa: S311 - jitter keeps no secret

    async def _converse(self, hear: Callable[[TaskNews], None]) -> None:
        """Have one connection until no task has been followed for a while.

        Raises:
            _ConnectionLostError: it ended otherwise, or was never made.
        """
        websocket = await self._connect()
        log.info("socket.connected", followed=len(self._followed))
        self._unregistered = set(self._followed)
        try:
            await _until_first(
                news=self._listen(websocket, hear), registrations=self._register_until_idle(websocket)
            )
        finally:
            await websocket.close()

    async def _connect(self) -> ClientWebSocketResponse:
        try:
            async with asyncio.timeout(self._timing.connect_seconds):
                return await self._session.ws_connect(
                    self._url,
                    headers={"User-Agent": self._user_agent},
                    timeout=aiohttp.ClientWSTimeout(ws_close=self._timing.close_seconds),
                    heartbeat=self._timing.heartbeat_seconds,
                    max_msg_size=MAX_MESSAGE_BYTES,
                )
        except _FAULTS as exc:
            raise _lost(exc) from exc

    async def _listen(self, websocket: ClientWebSocketResponse, hear: Callable[[TaskNews], None]) -> None:
        """Pass on what is news.

        Raises:
            _ConnectionLostError: in the end.
        """
        has_complained = False
        loop = asyncio.get_running_loop()
        others_waited_since = loop.time()
        while True:
            message = await _next_text(websocket)
            # While messages are at hand, reading them does not give way by itself.
            if loop.time() - others_waited_since > _LISTENS_FOR_SECONDS:
                await asyncio.sleep(0)
                others_waited_since = loop.time()
            news = decode_news(message)
            if news is not None:
                if news.tasktoken in self._followed:
                    hear(news)
            elif not has_complained and (complaint := decode_complaint(message)) is not None:
                has_complained = True
                log.warning("socket.complaint", complaint=complaint)

    async def _register_until_idle(self, websocket: ClientWebSocketResponse) -> None:
        """Register tasks as they are followed; return when none has been for a while.

        Raises:
            _ConnectionLostError: a registration could not be sent.
        """
        while True:
            self._changed.clear()
            while self._unregistered:
                await self._register(websocket, self._unregistered.pop())
            try:
                async with asyncio.timeout(None if self._followed else self._timing.idle_seconds):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _register(self, websocket: ClientWebSocketResponse, tasktoken: str) -> None:
        """Send one registration, and let others have the event loop, which a quick connection never does."""
        try:
            async with asyncio.timeout(self._timing.send_seconds):
                await websocket.send_json({"type": "task_info", "tasktoken": tasktoken})
        except _FAULTS as exc:
            raise _lost(exc) from exc
        await asyncio.sleep(0)


class _ConnectionLostError(WiroError):
    """The connection was not made, or has ended by itself."""


def _lost(exc: BaseException) -> _ConnectionLostError:
    return _ConnectionLostError(f"{type(exc).__name__}: {exc}")


async def _next_text(websocket: ClientWebSocketResponse) -> str:
    """Return the next message that is a text.

    Raises:
        _ConnectionLostError: none will come.
    """
    try:
        async for message in websocket:
            if message.type is WSMsgType.ERROR:
                raise _lost(message.data)
            if message.type is WSMsgType.TEXT:
                text: str = message.data
                return text
    except _FAULTS as exc:  # as where a ping cannot be answered
        raise _lost(exc) from exc
    raise _ConnectionLostError(f"closed with code {websocket.close_code}")


async def _until_first(**works: Coroutine[None, None, None]) -> None:
    """Work at all of them until one has ended, then cancel the others; raise what it raised."""
    tasks = [asyncio.create_task(work, name=f"wiro socket: {name}") for name, work in works.items()]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()
