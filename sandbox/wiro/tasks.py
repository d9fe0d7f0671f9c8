"""Tasks, how the API shows them, and where they are kept."""

import asyncio
import itertools
import secrets
import string
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.wiro.behaviours import CallbackScript, TaskScript
from sandbox.wiro.body import Body
from sandbox.wiro.envelope import Answer, success
from sandbox.wiro.tool import Inputs

TERMINAL = frozenset({"task_postprocess_end", "task_cancel", "task_error"})
"""The statuses after which nothing happens any more."""

_TOKEN_LETTERS = string.ascii_letters + string.digits
_TOKEN_LENGTH = 30
_MAX_ENDED = 20_000
# The fields of TASK that hold a time, and the status whose beginning they tell.
_TIME_FIELDS = {
    "createtime": "task_queue",
    "accepttime": "task_accept",
    "assigntime": "task_assign",
    "preprocessstarttime": "task_preprocess_start",
    "preprocessendtime": "task_preprocess_end",
    "starttime": "task_start",
    "endtime": "task_end",
    "postprocessstarttime": "task_postprocess_start",
    "postprocessendtime": "task_postprocess_end",
    "canceltime": "task_cancel",
}


@dataclass(frozen=True, kw_only=True)
class Output:
    """One of a task's output files, as its record shows it."""

    number: str
    name: str
    contenttype: str
    parentid: str
    size: int
    addedtime: float
    accesskey: str
    url: str

    def record(self) -> Answer:
        """Give the output as the API shows it."""
        return {
            "id": self.number,
            "name": self.name,
            "contenttype": self.contenttype,
            "parentid": self.parentid,
            "uuid": str(uuid.UUID(self.accesskey)),
            "size": str(self.size),
            "addedtime": str(int(self.addedtime)),
            "modifiedtime": str(int(self.addedtime)),
            "accesskey": self.accesskey,
            "url": self.url,
        }


@dataclass(eq=False, kw_only=True)
class Task:
    """A task: what it was run with, how it is to go, and how far it is."""

    taskid: str
    token: str = field(repr=False)
    sent: Mapping[str, object] = field(repr=False)
    """The body of its Run call."""
    inputs: Inputs
    script: TaskScript
    callback: CallbackScript
    seconds: float
    """How long it is to take."""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "task_queue"
    times: dict[str, float] = field(default_factory=lambda: {"task_queue": time.time()})
    """When each status began, in unix seconds."""
    pexit: str | None = None
    debugoutput: str = ""
    debugerror: str = ""
    cost: str = "0"
    outputs: list[Output] = field(default_factory=list)
    hurry: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when it is not to pause any more: finished from outside, cancelled or killed."""
    settled: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when it has ended and its callback, if there is one, was delivered or given up."""

    @property
    def ended(self) -> bool:
        """Whether its status is terminal."""
        return self.status in TERMINAL

    @property
    def failed(self) -> bool:
        """Whether its process ends, or ended, with another code than 0."""
        return self.script.pexit != "0" or not self.inputs.size_accepted

    def enter(self, status: str) -> None:
        """Take on a status."""
        self.status = status
        self.times.setdefault(status, time.time())

    def record(self, *, with_callback_url: bool) -> Answer:
        """Give the task as the API shows it. `pexit` is absent until the process has ended."""
        hidden = () if with_callback_url else ("callbackUrl",)
        record: Answer = {
            "id": self.taskid,
            "uuid": self.uuid,
            "socketaccesstoken": self.token,
            "parameters": {name: value for name, value in self.sent.items() if name not in hidden},
            "status": self.status,
            "debugoutput": self.debugoutput,
            "debugerror": self.debugerror,
            "elapsedseconds": f"{self._elapsed_seconds():.4f}",
            "totalcost": self.cost,
            "outputs": [output.record() for output in self.outputs],
            "size": str(sum(output.size for output in self.outputs)),
        }
        for name, status in _TIME_FIELDS.items():
            record[name] = str(int(self.times.get(status, 0)))
        if self.pexit is not None and not self.script.no_pexit:
            record["pexit"] = self.pexit
        return record

    def _elapsed_seconds(self) -> float:
        start, end = self.times.get("task_start"), self.times.get("task_end") or self.times.get("task_cancel")
        return end - start if start and end else 0.0


def listing(tasks: list[Task], total: int, *, with_callback_url: bool) -> Answer:
    """Give tasks as Task/Detail and Task/List answer with them."""
    records = [task.record(with_callback_url=with_callback_url) for task in tasks]
    return success(total=str(total), tasklist=records)


class TaskStore:
    """All open tasks, and the newest of those that have ended."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._by_token: dict[str, str] = {}
        self._ended: deque[Task] = deque()
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Task]:
        """Go from the oldest to the newest."""
        return iter(self._tasks.values())

    def __reversed__(self) -> Iterator[Task]:
        """Go from the newest to the oldest."""
        return reversed(self._tasks.values())

    def __len__(self) -> int:
        """Count them."""
        return len(self._tasks)

    def add(
        self, sent: Body, inputs: Inputs, how: TaskScript, callback: CallbackScript, seconds: float
    ) -> Task:
        """Make a task that stands in the queue."""
        token = "".join(secrets.choice(_TOKEN_LETTERS) for _ in range(_TOKEN_LENGTH))
        task = Task(
            taskid=str(next(self._numbers)),
            token=token,
            sent=sent,
            inputs=inputs,
            script=how,
            callback=callback,
            seconds=seconds if how.seconds is None else how.seconds,
        )
        self._tasks[task.taskid] = task
        self._by_token[token] = task.taskid
        return task

    def get(self, taskid: str) -> Task | None:
        """Find a task by its number."""
        return self._tasks.get(taskid)

    def by_token(self, token: str) -> Task | None:
        """Find a task by its socketaccesstoken."""
        return self._tasks.get(self._by_token.get(token, ""))

    def retire(self, task: Task) -> Task | None:
        """Note that a task has ended; give the one that is forgotten for it, if there are too many."""
        self._ended.append(task)
        if len(self._ended) <= _MAX_ENDED:
            return None
        oldest = self._ended.popleft()
        del self._tasks[oldest.taskid], self._by_token[oldest.token]
        return oldest
