"""Wiro's callbacks on their way to the bot: lost, doubled, late, too early, or forged."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from simulation.bot import Bot
from simulation.faults import Faults
from simulation.loop import VirtualLoop
from simulation.trace import Trace
from simulation.wiro_server import SimulatedTask

_DOMAIN: Final = "callback"
FAULTS: Final = ("lost", "doubled", "late", "says too early that all is well", "names another task")


class Callbacks:
    """Sends them to whichever process listens.

    Args:
        loop, trace, faults: the run's.
        bot: returns the bot that is up, if one is.
    """

    def __init__(
        self, loop: VirtualLoop, trace: Trace, faults: Faults, bot: Callable[[], Bot | None]
    ) -> None:
        self._loop = loop
        self._trace = trace
        self._faults = faults
        self._bot = bot
        self.under_way = 0

    def task_began(self, task: SimulatedTask, another: str) -> None:
        """Somebody may say that it has succeeded already, or that it is another one."""
        if task.callback_url is None:
            return
        if self._faults.strike(_DOMAIN, "says too early that all is well"):
            self._send(task, task.taskid, self._faults.seconds(0.001, 20.0))
        if self._faults.strike(_DOMAIN, "names another task", times=4.0):
            self._send(task, another, self._faults.seconds(0.001, 20.0))

    def task_ended(self, task: SimulatedTask) -> None:
        """Wiro says so, if all goes well."""
        faults = self._faults
        if task.callback_url is None or faults.strike(_DOMAIN, "lost", times=2.0):
            return
        for _ in range(2 if faults.strike(_DOMAIN, "doubled", times=2.0) else 1):
            is_late = faults.strike(_DOMAIN, "late", times=2.0)
            self._send(
                task, task.taskid, faults.seconds(10.0, 7200.0) if is_late else faults.seconds(0.01, 1.0)
            )

    def _send(self, task: SimulatedTask, taskid: str, delay: float) -> None:
        self.under_way += 1
        self._loop.call_later(delay, self._arrive, task, taskid)

    def _arrive(self, task: SimulatedTask, taskid: str) -> None:
        self.under_way -= 1
        bot = self._bot()
        if bot is None or task.callback_url is None or not bot.process.is_alive:
            self._trace.note(_DOMAIN, f"of task {task.taskid}: nobody listens")
            return
        outputs = [{"name": "0.png", "url": f"https://cdn.wiro.ai/said/{taskid}", "contenttype": "image/png"}]
        said = {"id": taskid, "status": "task_postprocess_end", "pexit": "0", "outputs": outputs}
        token = task.callback_url.rpartition("/")[2]
        heard = bot.service.callbacks.hear_callback(token, json.dumps({"tasklist": [said]}).encode())
        bot.attempt("callback", self._note(task, heard))

    async def _note(self, task: SimulatedTask, heard: Awaitable[bool]) -> None:
        is_known = await heard
        self._trace.note(_DOMAIN, f"of task {task.taskid}: {'known' if is_known else 'unknown'}")
        task.was_heard_of = task.was_heard_of or (is_known and task.is_over)
