"""The life of a task, from the queue to its end.

    task_queue, task_accept, task_assign, task_preprocess_start, task_preprocess_end, task_start, task_output,
    task_output_full (task_error_full where the process fails), task_end, task_postprocess_start,
    task_postprocess_end

A task may also end as task_error before it starts, and as task_cancel at any time.
Source: Wiro's reference, Task/Detail.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from sandbox.wiro.account import Account
from sandbox.wiro.callbacks import Callbacks
from sandbox.wiro.envelope import NOT_FOUND, CallError
from sandbox.wiro.files import Files
from sandbox.wiro.outputs import Outputs
from sandbox.wiro.sockets import Hub
from sandbox.wiro.tasks import Task, TaskStore
from sandbox.wiro.tool import SIDE_STEP
from sandbox.wiro.waiting import Waiters

_SHARE = 1 / 30  # of a task's seconds: for every status but the next two
_SHARE_OF_OUTPUT = 0.7
_SHARE_OF_UNKNOWN = 0.2  # on top of the rest
_log = logging.getLogger(__name__)


class Life:
    """Leads tasks through their statuses, one asyncio task each."""

    def __init__(
        self,
        *,
        store: TaskStore,
        account: Account,
        hub: Hub,
        outputs: Outputs,
        files: Files,
        callbacks: Callbacks,
    ) -> None:
        self._store = store
        self._account = account
        self._hub = hub
        self._outputs = outputs
        self._files = files
        self._callbacks = callbacks
        self._running: set[asyncio.Task[None]] = set()
        self.changed: Waiters[Task] = Waiters()
        """Told of every task that is new or takes on a status."""

    def start(self, task: Task) -> None:
        """Let a task that stands in the queue go its way."""
        self.changed.tell(task)
        running = asyncio.create_task(self._live(task), name=f"wiro task {task.taskid}")
        self._running.add(running)
        running.add_done_callback(self._stopped)

    def cancel(self, task: Task) -> None:
        """End a task that is still queued; nobody is called back. Raises CallError."""
        if task.status != "task_queue":
            raise CallError(NOT_FOUND, "Task is not in a cancellable state.")
        self._end(task, "task_cancel")

    def kill(self, task: Task) -> None:
        """End a task that has left the queue. Raises CallError."""
        if task.ended:
            raise CallError(NOT_FOUND, "Task could not be killed: it has ended")
        if task.status == "task_queue":
            raise CallError(NOT_FOUND, "Task could not be killed: it is still queued")
        self._end(task, "task_cancel")

    async def close(self) -> None:
        """Stop all tasks where they are."""
        for running in self._running:
            running.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def _stopped(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if not running.cancelled() and (error := running.exception()) is not None:
            _log.error("%s broke", running.get_name(), exc_info=error)

    async def _live(self, task: Task) -> None:
        try:
            await self._proceed(task)
            if "task_accept" in task.times:  # a task cancelled while queued has no callback
                await self._callbacks.deliver(task)
        finally:
            task.settled.set()

    async def _proceed(self, task: Task) -> None:
        for status in _statuses(task):
            if task.ended:
                return
            self._enter(task, status)
            if status == "task_output":
                await self._generate(task)
            elif status == task.script.unknown_status:
                await self._pause(task, _SHARE_OF_UNKNOWN)
            else:
                await self._pause(task, _SHARE)
        if not task.ended:
            await self._conclude(task)

    def _enter(self, task: Task, status: str) -> None:
        task.enter(status)
        if status == "task_end":
            task.pexit = _exit_code(task)
        if status != "task_output":  # which tells of itself, in its own words
            self._hub.tell(task, status)
        self.changed.tell(task)

    async def _generate(self, task: Task) -> None:
        """Show the process's output: a line, a progress for every step, and a line of stderr if it fails."""
        task.debugoutput = "the pipeline is loaded"
        self._hub.tell(task, "task_output", task.debugoutput)
        steps = task.inputs.steps
        step_seconds = task.seconds * _SHARE_OF_OUTPUT / steps
        for step in range(1, steps + 1):
            await self._pause(task, _SHARE_OF_OUTPUT / steps)
            if task.ended:
                return
            self._hub.tell(task, "task_output", _progress(step, steps, step_seconds))
        if task.failed:
            task.debugerror = _stderr(task)
            self._hub.tell(task, "task_error", task.debugerror)

    async def _pause(self, task: Task, share: float) -> None:
        """Let a share of the task's seconds pass, or all the time there is, unless it is to hurry."""
        if task.script.stuck and task.status == task.script.stuck_at:
            await task.hurry.wait()
        elif task.seconds > 0 and not task.hurry.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(task.seconds * share):
                    await task.hurry.wait()

    async def _conclude(self, task: Task) -> None:
        if task.script.task_error:
            task.debugerror = task.script.debugerror
            self._end(task, "task_error")
            return
        drafts = [] if task.failed else await self._outputs.draft(task)
        if not task.ended:  # it may have been killed meanwhile
            self._outputs.publish(task, drafts)
            self._end(task, "task_postprocess_end")

    def _end(self, task: Task, status: str) -> None:
        """Take on a terminal status, settle the price, and tell everyone."""
        task.enter(status)
        success = status == "task_postprocess_end" and not task.failed
        if success:
            task.cost = f"{task.inputs.price_usd:.12f}"
        self._account.close(task.inputs.price_usd, pay=success)
        self._hub.tell(task, status, _last_words(task))
        self._hub.forget(task)
        forgotten = self._store.retire(task)
        if forgotten is not None:
            self._files.remove(forgotten.taskid)
        task.hurry.set()
        self.changed.tell(task)


def _statuses(task: Task) -> Iterator[str]:
    """Give the statuses that a task goes through before its terminal one."""
    yield "task_queue"
    yield "task_accept"
    yield "task_assign"
    if task.script.unknown_status is not None:
        yield task.script.unknown_status
    yield "task_preprocess_start"
    yield "task_preprocess_end"
    if task.script.task_error:
        return
    yield "task_start"
    yield "task_output"
    yield "task_error_full" if task.failed else "task_output_full"
    yield "task_end"
    yield "task_postprocess_start"


def _exit_code(task: Task) -> str:
    if task.failed and task.script.pexit == "0":
        return "1"
    return task.script.pexit


def _stderr(task: Task) -> str:
    if not task.inputs.size_accepted:
        return f"ValueError: width and height must be multiples of {SIDE_STEP}"
    return task.script.debugerror


def _last_words(task: Task) -> object:
    """Give what the socket says when a task ends."""
    if task.status == "task_postprocess_end":
        return [output.record() for output in task.outputs]
    return task.debugerror if task.status == "task_error" else None


def _progress(step: int, steps: int, step_seconds: float) -> dict[str, str]:
    """Give a progress message; a task that takes no time at all counts as one step a millisecond."""
    per_step = max(step_seconds, 0.001)
    return {
        "type": "progressGenerate",
        "task": "Generate",
        "percentage": str(100 * step // steps),
        "stepCurrent": str(step),
        "stepTotal": str(steps),
        "speed": f"{1 / per_step:.1f}",
        "speedType": "it/s",
        "elapsedTime": f"{step * per_step:.0f}s",
        "remainingTime": f"{(steps - step) * per_step:.0f}s",
    }
