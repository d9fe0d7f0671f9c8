"""Whether the promises were kept: what the two servers saw, held against the bot's books and its log.

Source of the promises: the issue on crashes, *Promises*.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from faults.books import JobRow, read_books
from faults.journal import log_problems, secret_problems
from faults.stage import Stage
from faults.witness import Look, Witness, looks
from sandbox.discord.model import Message
from sandbox.wiro import Task

_PICTURELESS: Final = frozenset({"failed", "cancelled", "expired", "lost", "undeliverable"})
_KINDS: Final = frozenset({"pending", "end", "pictures"})


def judge(stage: Stage) -> list[str]:
    """Return what was promised and not kept; the bot must be down."""
    books = read_books(stage.database)
    tasks = _tasks_of(stage.wiro.tasks)
    messages = stage.witness.of_jobs()
    problems = [f"integrity: {problem}" for problem in books.integrity if problem != "ok"]
    for job in books.jobs:
        case = _Case(
            job=job,
            messages=messages.pop(job.id, []),
            tasks=tasks.pop((job.prompt, str(job.seed)), []),
            witness=stage.witness,
        )
        problems += [f"S-{job.id} ({job.state}): {problem}" for problem in case.problems()]
    problems += [f"a message of S-{job_id}, which is not in the books" for job_id in messages]
    problems += [f"a task that is no job's: {prompt}" for prompt, _ in tasks]
    return [*problems, *log_problems(stage.bot.log), *secret_problems(stage)]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One job, with all that the servers know of it."""

    job: JobRow
    messages: Sequence[Message]
    tasks: Sequence[Task]
    witness: Witness

    def problems(self) -> Iterator[str]:
        if self.job.is_open:
            yield "it is still open"
        if self.job.keeps_token:
            yield "its interaction token is still stored"
        if len(self.tasks) > 1:
            yield f"{len(self.tasks)} tasks were run for it"
        if len(self.messages) > 1:
            yield f"it has {len(self.messages)} messages"
        yield from self._ledger()
        yield from self._success()
        if self.messages:
            yield from self._message(self.messages[0])
        else:
            yield from self._never_acknowledged()

    def _ledger(self) -> Iterator[str]:
        """Check that what was reserved was settled or given back, once and exactly."""
        job = self.job
        if job.reserved != (job.credits,):
            yield f"{job.credits} credits, and reserved were {job.reserved}"
        if len(job.settled) > 1 or len(job.refunded) > 1:
            yield f"settled {job.settled}, refunded {job.refunded}"
        if sum(job.settled) + sum(job.refunded) != job.credits:
            yield f"of {job.credits} credits {job.settled} were settled and {job.refunded} refunded"
        if job.settled and job.state != "delivered":
            yield "it was settled without a delivery"
        if job.is_refunded and job.settled:
            yield "it is marked as refunded, and was settled"

    def _success(self) -> Iterator[str]:
        """Check that a task which succeeded was delivered, and no other."""
        succeeded = [task for task in self.tasks if task.status == "task_postprocess_end" and task.outputs]
        if self.job.state == "delivered" and not succeeded:
            yield "it was delivered without a task that succeeded"
        was_taken = any(map(self.witness.was_taken_away, self.messages))
        if succeeded and self.job.state != "delivered" and not was_taken:
            yield f"task {succeeded[0].taskid} succeeded, and was not delivered ({self.job.detail})"

    def _never_acknowledged(self) -> Iterator[str]:
        if self.job.message_id is not None:
            yield f"its message {self.job.message_id} was never seen"
        if self.job.state != "cancelled":
            yield "it was never acknowledged, and did not end so"
        if self.tasks:
            yield "a task was run for it, and it was never acknowledged"

    def _message(self, message: Message) -> Iterator[str]:
        """Check the message of an acknowledged job."""
        states = looks(message)
        yield from _order(states, was_late=self.job.is_refunded)
        if self.witness.was_taken_away(message):
            return
        if message.id != self.job.message_id:
            yield f"its message is {message.id}, and stored is {self.job.message_id}"
        if self.witness.is_gone(message) != self.job.is_removed:
            yield "its message is gone" if not self.job.is_removed else "its message still stands"
        yield from self._end(states[-1])

    def _end(self, last: Look) -> Iterator[str]:
        """Check that the last words agree with the books."""
        job = self.job
        if job.state in _PICTURELESS and (last.kind != "end" or job.settled):
            yield f"its message shows {last.kind}: {last.text!r}"
        if job.state != "delivered":
            return
        if last.kind != "pictures":
            yield f"its message shows {last.kind}: {last.text!r}"
        elif job.is_refunded:
            return
        elif sum(job.settled) != last.pictures * job.credits_per_picture:
            yield f"{last.pictures} pictures were delivered, and {job.settled} credits settled"


def _order(states: Sequence[Look], *, was_late: bool) -> Iterator[str]:
    """Check that a message only ever went forward: from pending to one end, which stands.

    Only after a refund may pictures take the place of an end: they turned up after all. An end that an edit
    of unknown outcome replaces for a while has to come back, which the last words show.
    """
    kinds = [state.kind for state in states]
    for before, after in pairwise(kinds):
        if after not in _KINDS or (before == "pictures" and after == "end"):
            yield f"its message went from {before} to {after}"
        elif before == "end" and after == "pictures" and not was_late:
            yield "its message first told of an end, and then held pictures that were paid for"


def _tasks_of(tasks: Sequence[Task]) -> dict[tuple[str, str], list[Task]]:
    """Return Wiro's tasks by what they were run with; each job has its own prompt and seed."""
    found: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        found.setdefault((str(task.sent["prompt"]), str(task.sent["seed"])), []).append(task)
    return found
