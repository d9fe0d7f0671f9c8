"""One life of the bot's process: its tasks, and its death, after which nothing of it has an effect."""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final, TypeVar, cast

from simulation.loop import VirtualLoop

_T = TypeVar("_T")
_MANY_TASKS: Final = 64
_CURRENT: ContextVar["Process | None"] = ContextVar("process", default=None)


def watch_tasks(loop: VirtualLoop) -> None:
    """Let the loop tell each process of the tasks that begin in it, in their order."""
    loop.set_task_factory(_make_task)


def _make_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, _T] | Generator[Any, None, _T],
    **rest: Any,  # noqa: ANN401 - as asyncio has it
) -> asyncio.Task[_T]:
    task = asyncio.Task(cast("Coroutine[Any, Any, _T]", coroutine), loop=loop, **rest)
    context: Context | None = rest.get("context")
    process = _CURRENT.get() if context is None else context.get(_CURRENT)
    if process is not None:
        process.own(task)
    return task


class Process:
    """What a start begins and a death ends.

    Args:
        loop: runs it, and the world around it.
        number: which start it is, from 1.
    """

    def __init__(self, loop: VirtualLoop, number: int) -> None:
        self._loop = loop
        self.number = number
        self.is_alive = True
        self._died_at = 0.0
        self.ended = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []
        self._context = copy_context()
        self._context.run(_CURRENT.set, self)

    def own(self, task: asyncio.Task[Any]) -> None:
        """A task has begun in this process."""
        if len(self._tasks) >= _MANY_TASKS:
            self._tasks = [each for each in self._tasks if not each.done()]
        self._tasks.append(task)

    def spawn(self, coroutine: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
        """Begin a task in this process."""
        return self._loop.create_task(coroutine, name=name, context=self._context)

    def die(self) -> None:
        """End now: from here on no call of it goes out, and no answer comes in."""
        self.is_alive = False
        self._died_at = self._loop.time()
        self.ended.set()

    @property
    def dead_for_seconds(self) -> float:
        """How long ago it died; 0 while it lives."""
        return 0.0 if self.is_alive else self._loop.time() - self._died_at

    def check(self) -> None:
        """Let a call of a dead process end its task.

        Raises:
            CancelledError: the process has died.
        """
        if not self.is_alive:
            raise asyncio.CancelledError

    async def bury(self) -> None:
        """Throw the tasks of a dead process away; called from outside of it, and takes no time."""
        while open_tasks := [task for task in self._tasks if not task.done()]:
            for task in open_tasks:
                task.cancel()
            await asyncio.sleep(0)
