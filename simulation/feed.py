"""Wiro's socket, simulated: news of tasks, some of them lost, doubled or late."""

import asyncio
import json
from collections.abc import Callable
from contextvars import Context
from typing import Final

from bot.wiro.news import TaskNews
from simulation.faults import Faults
from simulation.loop import VirtualLoop
from simulation.process import Process
from simulation.wiro_server import NEVER, SimulatedTask, WiroServer

_DOMAIN: Final = "socket"
FAULTS: Final = ("news lost", "news doubled", "news late", "says too early that it has ended")
_STEPS: Final = 4


class FeedPort:
    """Implements `bot.jobs.ports.Feed` for one process.

    Args:
        loop, faults: the run's.
        process: hears the news.
        server: makes them.
        outside: the context in which it does.
    """

    def __init__(
        self, loop: VirtualLoop, faults: Faults, process: Process, server: WiroServer, outside: Context
    ) -> None:
        self._loop = loop
        self._faults = faults
        self._process = process
        self._server = server
        self._outside = outside
        self._hear: Callable[[TaskNews], None] | None = None
        self._followed: set[str] = set()
        self._stopping = asyncio.Event()

    def follow(self, tasktoken: str) -> None:
        """Ask for the news of a task."""
        self._followed.add(tasktoken)
        task = self._server.task_of(None, tasktoken)
        if task is None:
            return
        if self._faults.strike(_DOMAIN, "says too early that it has ended"):
            self._send(TaskNews(tasktoken=tasktoken, ended=True), 0.5)
        now = self._loop.time()
        for step in range(1, _STEPS):
            moment = task.starts_at + (task.ends_at - task.starts_at) * step / _STEPS
            if now < moment < now + NEVER / _STEPS / 2:
                self._send(TaskNews(tasktoken=tasktoken, told=_output(tasktoken, step)), moment - now)

    def forget(self, tasktoken: str) -> None:
        """Ask for no more news of a task."""
        self._followed.discard(tasktoken)

    async def run(self, hear: Callable[[TaskNews], None]) -> None:
        """Call `hear` with every piece of news until stopped."""
        self._hear = hear
        await self._stopping.wait()
        self._hear = None

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopping.set()

    def task_ended(self, task: SimulatedTask) -> None:
        """Say so, if all goes well."""
        self._send(TaskNews(tasktoken=task.tasktoken, ended=True), 0.0)

    def _send(self, news: TaskNews, delay: float) -> None:
        faults = self._faults
        if faults.strike(_DOMAIN, "news lost", times=2.0):
            return
        for _ in range(2 if faults.strike(_DOMAIN, "news doubled") else 1):
            is_late = faults.strike(_DOMAIN, "news late")
            late = faults.seconds(1.0, 600.0) if is_late else faults.seconds(0.005, 0.2)
            self._loop.call_later(delay + late, self._arrive, news, context=self._outside)

    def _arrive(self, news: TaskNews) -> None:
        if self._process.is_alive and self._hear is not None and news.tasktoken in self._followed:
            self._hear(news)


def _output(tasktoken: str, step: int) -> str:
    """Return the message that the tool has come so far."""
    progress = {"type": "progressGenerate", "percentage": 100 * step // _STEPS}
    return json.dumps({"type": "task_output", "tasktoken": tasktoken, "message": progress})
