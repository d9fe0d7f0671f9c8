"""Calls a step for each job when its time has come: one task for all that wait, a bounded number that work.

Ten thousand jobs that wait cost a heap entry each, not a task each. A job is never worked on twice at once:
a wake during the step leads to at most one more step afterwards, and to none where the step said that it is
done.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

from structlog.contextvars import bind_contextvars

Step = Callable[[int], Awaitable[float | None]]
"""Does what is due for a job; returns the seconds until it is to be called again, or None when it is done."""


class Worker:
    """Runs a step for each job that was put in, until the step returns None.

    Args:
        name: for the names of its tasks.
        step: must handle the failures that it expects; any exception from it ends `run`.
        width: how many steps may be under way at once.
        of_jobs: whether what is put in are jobs, whose references all lines of their steps are to carry.
    """

    def __init__(self, name: str, step: Step, *, width: int, of_jobs: bool = True) -> None:
        self._name = name
        self._step = step
        self._width = width
        self._of_jobs = of_jobs
        self._due: dict[int, float] = {}
        self._heap: list[tuple[float, int, int]] = []
        self._order = itertools.count()
        self._working: set[int] = set()
        self._woken: set[int] = set()
        self._news = asyncio.Event()
        self._stopping = False

    def __len__(self) -> int:
        """Return how many jobs wait or are worked on."""
        return len(self._due) + len(self._working)

    def put(self, job_id: int, *, delay: float = 0.0) -> None:
        """Have the step called after `delay` seconds, instead of when it was to be called so far.

        While the step is under way for this job, this asks for one more once it has ended, unless it is
        done then.
        """
        if job_id in self._working:
            self._woken.add(job_id)
            return
        due = asyncio.get_running_loop().time() + delay
        self._due[job_id] = due
        heapq.heappush(self._heap, (due, next(self._order), job_id))
        self._news.set()

    def stop(self) -> None:
        """Begin no more steps; `run` returns when those under way have ended."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Work until stopped.

        Raises:
            BaseExceptionGroup: a step raised; the others were cancelled.
        """
        async with asyncio.TaskGroup() as steps:
            while not self._stopping:
                self._news.clear()
                if len(self._working) < self._width and (job_id := self._pop_due()) is not None:
                    self._working.add(job_id)
                    steps.create_task(self._work(job_id), name=f"{self._name} {job_id}")
                    continue
                await self._wait()

    async def _work(self, job_id: int) -> None:
        if self._of_jobs:
            bind_contextvars(job=f"S-{job_id}")  # for this task alone
        again = await self._step(job_id)
        self._working.discard(job_id)
        woken = job_id in self._woken
        self._woken.discard(job_id)
        if again is not None:
            self.put(job_id, delay=0.0 if woken else again)
        self._news.set()

    def _pop_due(self) -> int | None:
        now = asyncio.get_running_loop().time()
        while self._heap and self._heap[0][0] <= now:
            due, _, job_id = heapq.heappop(self._heap)
            if self._due.get(job_id) == due:
                del self._due[job_id]
                return job_id
        return None

    async def _wait(self) -> None:
        """Wait for the next due time or for news; entries that were replaced only cost an early look."""
        timeout = None
        if self._heap and len(self._working) < self._width:
            timeout = max(0.0, self._heap[0][0] - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(timeout):
                await self._news.wait()
        except TimeoutError:
            return
