"""Wiro, simulated: tasks that wait, run and end, limits, trouble with the account, and what it bills."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.errors import BalanceError, NotFoundError, TaskLimitError
from bot.wiro.wire import Accepted, Output, Task
from simulation.faults import Faults
from simulation.loop import VirtualClock, VirtualLoop
from simulation.trace import Trace

_DOMAIN: Final = "wiro"
_RUNNING: Final = ("task_accept", "task_assign", "task_start", "task_output", "task_output_full", "task_new")
_STALE_SECONDS: Final = 5.0  # for which Task/Detail may go on to show how it was
FAULTS: Final = (
    "balance too low",
    "task limit",
    "task listed late",
    "kill not obeyed",
    "task never ends",
    "slow task",
    "detail of another task",
    "stale detail",
    "killed too late",
    "task fails",
    "task breaks",
    "task without outputs",
    "fewer outputs",
)
NEVER: Final = 10.0**9
"""A time that does not come."""


@dataclass(slots=True, kw_only=True)
class SimulatedTask:
    """A task that a Run started."""

    taskid: str
    tasktoken: str
    job_id: int
    inputs: Mapping[str, str | int]
    callback_url: str | None
    created_at: datetime
    starts_at: float
    ends_at: float
    listed_from: float
    end: str  # the last status
    pexit: str | None
    outputs: tuple[Output, ...]
    obeys: bool  # a kill
    is_over: bool = False
    told_to_stop_at: float = NEVER
    looks_in_vain: int = 0  # that showed it running although its job is being cancelled, and led to nothing
    has_files: bool = True
    was_heard_of: bool = False  # the bot took a callback about its end
    token_of_end: int = 0  # which of the planned ends holds

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended with pictures."""
        return (
            self.is_over
            and self.end == "task_postprocess_end"
            and self.pexit in {None, "0"}
            and bool(self.outputs)
        )


@dataclass(slots=True)
class RunRecord:
    """One Run that was sent for a job, as its caller knows it."""

    is_certain_to_have_started_nothing: bool = False


@dataclass(slots=True)
class Account:
    """What Wiro's account allows at the moment."""

    limit: int  # tasks at once
    taken_by_others: int = 0
    has_balance: bool = True


class WiroServer:
    """Holds the tasks.

    Args:
        loop, clock, trace, faults: the run's.
        begun: is told of each task that begins, and of the id of any task.
        ended: is told of each task that has ended.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        clock: VirtualClock,
        trace: Trace,
        faults: Faults,
        *,
        begun: Callable[[SimulatedTask, str], None],
        ended: Callable[[SimulatedTask], None],
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._trace = trace
        self._faults = faults
        self._begun = begun
        self._ended = ended
        self.account = Account(limit=faults.random.choice((1, 1, 2, 3, 8)))
        self.echoes_addresses = faults.chance(0.8)
        self.tasks: dict[str, SimulatedTask] = {}
        self._by_token: dict[str, SimulatedTask] = {}
        self.runs: dict[int, list[RunRecord]] = {}
        self._add_foreign_task()
        self.listings: list[float] = []  # when each listing was made whose answer arrived

    @property
    def is_quiet(self) -> bool:
        """Whether every task has ended, or never will."""
        return all(task.is_over or task.ends_at >= NEVER for task in self.tasks.values())

    def of_job(self, job_id: int) -> list[SimulatedTask]:
        """Return the tasks that a job's Runs started."""
        return [task for task in self.tasks.values() if task.job_id == job_id]

    def task_of(self, taskid: str | None, tasktoken: str | None) -> SimulatedTask | None:
        """Return a task by its token or its id."""
        return self._by_token.get(tasktoken) if tasktoken else self.tasks.get(taskid or "")

    # What calls do.

    def run(self, job_id: int, inputs: Mapping[str, str | int], callback_url: str | None) -> Accepted:
        """Start a task."""
        faults, now = self._faults, self._loop.time()
        if not self.account.has_balance:
            faults.count("wiro: balance too low")
            raise BalanceError("code 97: insufficient balance")
        under_way = sum(self._takes_room(task) for task in self.tasks.values())
        if under_way + self.account.taken_by_others >= self.account.limit:
            faults.count("wiro: task limit")
            stated = self.account.limit if faults.chance(0.5) else None
            raise TaskLimitError("code 96: too many tasks", stated)
        number = len(self.tasks)
        starts_at = now + faults.seconds(0.05, 5.0 if faults.are_over else 30.0)
        end, pexit, made = self._draw_end(int(inputs["samples"]))
        task = SimulatedTask(
            taskid=f"{1000 + number}",
            tasktoken=f"tasktoken-{number}",
            job_id=job_id,
            inputs=inputs,
            callback_url=callback_url,
            created_at=self._clock.now(),
            starts_at=starts_at,
            ends_at=NEVER,
            listed_from=now
            + (faults.seconds(1.0, 1800.0) if faults.strike(_DOMAIN, "task listed late", times=4.0) else 0.0),
            end=end,
            pexit=pexit,
            outputs=tuple(
                Output(
                    f"{number}-{index}.png", f"https://cdn.wiro.ai/{number}/{index}", "image/png", 1_000_000
                )
                for index in range(made)
            ),
            obeys=not faults.strike(_DOMAIN, "kill not obeyed", times=6.0),
        )
        self.tasks[task.taskid] = self._by_token[task.tasktoken] = task
        if not faults.strike(_DOMAIN, "task never ends"):
            slow = faults.strike(_DOMAIN, "slow task", times=3.0)
            longest = 7200.0 if slow else 5.0 if faults.are_over else 40.0
            self._end_at(task, starts_at + faults.seconds(0.3, longest))
        self._begun(task, faults.random.choice(("1000", *self.tasks)))
        return Accepted(task.taskid, task.tasktoken)

    def detail(self, tasktoken: str | None, taskid: str | None) -> Task:
        """Show one task."""
        task = self.task_of(taskid, tasktoken)
        if task is None:
            raise NotFoundError("code 1: no such task")
        if self._faults.strike(_DOMAIN, "detail of another task"):
            task = next(iter(self.tasks.values()))
        is_fresh = self._loop.time() - task.ends_at > _STALE_SECONDS
        return self._show(
            task, is_stale=not is_fresh and self._faults.strike(_DOMAIN, "stale detail", times=2.0)
        )

    def list(self, start: int, limit: int) -> tuple[float, list[Task]]:
        """Show the tasks, newest first, and tell when."""
        now = self._loop.time()
        listed = [task for task in reversed(self.tasks.values()) if task.listed_from <= now]
        return now, [self._show(task, is_stale=False) for task in listed[start : start + limit]]

    def cancel(self, taskid: str) -> None:
        """Cancel a task that waits."""
        task = self.tasks[taskid]
        task.told_to_stop_at = min(task.told_to_stop_at, self._loop.time())
        if task.is_over or self._loop.time() >= task.starts_at:
            raise NotFoundError("code 1: it does not wait")
        task.end, task.pexit, task.outputs = "task_cancel", None, ()
        self._end_at(task, self._loop.time())

    def delete_files(self, tasktoken: str) -> None:
        """Delete the files of a task that has ended."""
        task = self._by_token[tasktoken]
        if not task.is_over:
            raise NotFoundError("code 1: it has not ended")
        task.has_files = False

    def kill(self, taskid: str) -> None:
        """Stop a task that runs."""
        task = self.tasks[taskid]
        task.told_to_stop_at = min(task.told_to_stop_at, self._loop.time())
        if task.is_over or self._loop.time() < task.starts_at:
            raise NotFoundError("code 1: it does not run")
        if task.obeys and not self._faults.strike(_DOMAIN, "killed too late"):
            task.end, task.pexit, task.outputs = "task_cancel", None, ()
            self._end_at(task, self._loop.time() + self._faults.seconds(0.1, 20.0))

    # How tasks go on.

    def _takes_room(self, task: SimulatedTask) -> bool:
        """Tell whether a task counts towards the limit; in the end Wiro forgets those that never end."""
        return not task.is_over and not (self._faults.are_over and task.ends_at >= NEVER)

    def _add_foreign_task(self) -> None:
        """Another client of the account has made a picture, too."""
        inputs: dict[str, str | int] = {
            "prompt": "a fox",
            "seed": "77",
            "width": 512,
            "height": 512,
            "samples": 1,
        }
        task = SimulatedTask(
            taskid="1000",
            tasktoken="tasktoken-0",
            job_id=0,
            inputs=inputs,
            callback_url=None,
            created_at=self._clock.now(),
            starts_at=0.0,
            ends_at=0.0,
            listed_from=0.0,
            end="task_postprocess_end",
            pexit="0",
            outputs=(Output("0.png", "https://cdn.wiro.ai/0", "image/png", 1_000_000),),
            obeys=True,
            is_over=True,
        )
        self.tasks[task.taskid] = self._by_token[task.tasktoken] = task

    def _draw_end(self, samples: int) -> tuple[str, str | None, int]:
        faults = self._faults
        if faults.strike(_DOMAIN, "task fails", times=2.0):
            return "task_postprocess_end", "1", 0
        if faults.strike(_DOMAIN, "task breaks"):
            return "task_error", None, 0
        if faults.strike(_DOMAIN, "task without outputs"):
            return "task_postprocess_end", "0", 0
        if samples > 1 and faults.strike(_DOMAIN, "fewer outputs", times=2.0):
            return "task_postprocess_end", "0", faults.random.randrange(1, samples)
        return "task_postprocess_end", faults.random.choice(("0", None)), samples

    def _end_at(self, task: SimulatedTask, when: float) -> None:
        task.ends_at = when
        task.token_of_end += 1
        self._loop.call_at(when, self._end, task, task.token_of_end)

    def _end(self, task: SimulatedTask, token: int) -> None:
        if task.is_over or token != task.token_of_end:
            return
        task.is_over = True
        self._trace.note(
            _DOMAIN, f"task {task.taskid} of S-{task.job_id} ended: {task.end}, {len(task.outputs)} outputs"
        )
        self._ended(task)

    def _show(self, task: SimulatedTask, *, is_stale: bool) -> Task:
        now = self._loop.time()
        is_over = task.is_over and not is_stale
        if is_over:
            status = task.end
        elif now < task.starts_at:
            status = "task_queue"
        else:
            status = _RUNNING[int(now) % len(_RUNNING)]
        parameters = {name: str(given) for name, given in task.inputs.items()}
        if self.echoes_addresses and task.callback_url is not None:
            parameters["callbackUrl"] = task.callback_url
        return Task(
            taskid=task.taskid,
            tasktoken=task.tasktoken,
            status=status,
            pexit=task.pexit if is_over else None,
            parameters=parameters,
            outputs=task.outputs if is_over else (),
            cost_usd="0.003" if is_over else None,
            elapsed_seconds=task.ends_at - task.starts_at if is_over else None,
            created_at=task.created_at,
        )
