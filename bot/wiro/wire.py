"""What Wiro's answers hold, decoded or refused. Pure.

Rule for every field: what decides (ids, status, `pexit`, the list of outputs) must be readable, or the answer
is an `UnreadableAnswerError`; what merely informs (times, sizes, costs, messages) is None where it is not.
Numbers may be strings, strings may be numbers, unknown fields and statuses are tolerated.
Source: Wiro's reference, Answers, Run, Task/Detail and Task/List.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final

from bot.dollars import dollars
from bot.errors import UnreadableAnswerError
from bot.wiro.envelope import hide
from bot.wiro.reading import JsonObject, count, json_object, label, number, objects, parse, text, texts

MAX_OUTPUTS: Final = 32
"""Outputs that are kept of one task; the tool makes four at most."""

_MAX_ERROR_LENGTH: Final = 1000
_LONGEST_TASK_SECONDS: Final = 1_000_000

_PATH: Final = re.compile(r"(https?://[^\s/]+)/\S+")
"""Where the secret part of an address is, in what a process wrote."""

_RUNNING_STATUSES: Final = frozenset(
    {
        "task_queue",
        "task_accept",
        "task_assign",
        "task_preprocess_start",
        "task_preprocess_end",
        "task_start",
        "task_output",
        # The process has ended; the outputs are still being prepared.
        "task_output_full",
        "task_error_full",
        "task_end",
        "task_postprocess_start",
    }
)
_COMPLETED: Final = "task_postprocess_end"
_CANCELLED: Final = "task_cancel"
_BROKEN: Final = "task_error"
_KNOWN_STATUSES: Final = _RUNNING_STATUSES | {_COMPLETED, _CANCELLED, _BROKEN}


class Verdict(Enum):
    """What a task's status, `pexit` and outputs together mean."""

    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Wiro's answer to Run: the task that it started."""

    taskid: str
    tasktoken: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a task made. Its address is open to anyone who has it, so `repr` leaves it out."""

    name: str
    url: str = field(repr=False)
    contenttype: str
    size_bytes: int | None  # as Wiro states it, not as it was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as Task/Detail and Task/List show it."""

    taskid: str
    tasktoken: str | None = field(default=None, repr=False)
    status: str
    pexit: str | None = None  # the process's exit code; None where there is none (yet)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds the callback's address
    outputs: tuple[Output, ...] = ()
    cost_usd: str | None = None  # dollars, as Wiro wrote them
    elapsed_seconds: float | None = None
    created_at: datetime | None = None
    error: str | None = field(default=None, repr=False)  # the end of stderr, else of stdout, for operators

    @property
    def verdict(self) -> Verdict:
        """Whether the task has ended, and how. Source: Wiro's reference, Statuses.

        A status that is not known yet means that the task is still running. A completed task succeeded if its
        `pexit` is "0" or absent, and there are outputs.
        """
        if self.status == _CANCELLED:
            return Verdict.CANCELLED
        if self.status == _BROKEN:
            return Verdict.FAILED
        if self.status != _COMPLETED:
            return Verdict.RUNNING
        return Verdict.SUCCEEDED if self.pexit in {None, "0"} and self.outputs else Verdict.FAILED

    @property
    def has_known_status(self) -> bool:
        """Whether the status is one of the documented ones."""
        return self.status in _KNOWN_STATUSES

    @property
    def summary(self) -> str:
        """What the verdict rests on, for the log: status, exit code and number of outputs."""
        return f"{self.status}, pexit {self.pexit or 'absent'}, {len(self.outputs)} outputs"


def decode_accepted(answer: JsonObject) -> Accepted:
    """Return the task that Run started.

    Args:
        answer: what `decode_answer` returned; the two fields lie at its top or under `data`.

    Raises:
        UnreadableAnswerError: the id or the token is missing.
    """
    data = json_object(answer.get("data")) or {}
    taskid = label(answer.get("taskid")) or label(data.get("taskid"))
    tasktoken = text(answer.get("socketaccesstoken")) or text(data.get("socketaccesstoken"))
    if not taskid or not tasktoken:
        raise UnreadableAnswerError("Run's answer has no taskid or no socketaccesstoken")
    return Accepted(taskid, tasktoken)


def decode_tasks(answer: JsonObject, hidden: Collection[str] = ()) -> list[Task]:
    """Return the tasks of Task/Detail's or Task/List's answer, in its order.

    Args:
        answer: what `decode_answer` returned.
        hidden: texts that no task's `error` may hold, besides its own tokens: key, secret.

    Raises:
        UnreadableAnswerError: there is no list, or what decides a task's verdict cannot be read.
    """
    return [_decode_task(item, hidden) for item in objects(answer.get("tasklist"), "tasklist")]


def outputs_to_json(outputs: Sequence[Output]) -> str:
    """Return the outputs as JSON text, for storage."""
    return json.dumps(
        [
            {
                "name": output.name,
                "url": output.url,
                "contenttype": output.contenttype,
                "size": output.size_bytes,
            }
            for output in outputs
        ]
    )


def outputs_from_json(stored: str) -> tuple[Output, ...]:
    """Return the outputs that `outputs_to_json` wrote.

    Raises:
        UnreadableAnswerError: the text is not of that shape.
    """
    return _decode_outputs(parse(stored.encode(errors="replace")))


def _decode_task(item: JsonObject, hidden: Collection[str]) -> Task:
    taskid, status = label(item.get("id")), label(item.get("status"))
    if not taskid or not status:
        raise UnreadableAnswerError("a task has no id or no status")
    tasktoken, parameters = text(item.get("socketaccesstoken")), texts(item.get("parameters"))
    hidden = [*hidden, tasktoken or "", parameters.get("callbackUrl", "")]
    return Task(
        taskid=taskid,
        tasktoken=tasktoken or None,
        status=status,
        pexit=_decode_pexit(item.get("pexit")),
        parameters=parameters,
        outputs=_decode_outputs(item.get("outputs")),
        cost_usd=_decode_cost(item.get("totalcost")),
        elapsed_seconds=_decode_seconds(item.get("elapsedseconds")),
        created_at=_decode_time(item.get("createtime")),
        error=_tail(item.get("debugerror"), hidden) or _tail(item.get("debugoutput"), hidden),
    )


def _decode_cost(value: object) -> str | None:
    """Return what a task cost, where what is kept of it is an amount of money."""
    cost = label(value)
    return cost if dollars(cost) is not None else None


def _decode_seconds(value: object) -> float | None:
    """Return how long a task took; None for what no task takes."""
    seconds = number(value)
    return seconds if seconds is not None and 0 <= seconds <= _LONGEST_TASK_SECONDS else None


def _decode_pexit(value: object) -> str | None:
    """Return the exit code; null and the empty text mean the same as an absent one."""
    if value is None or value == "":
        return None
    pexit = label(value)
    if pexit is None:
        raise UnreadableAnswerError("a task's pexit is neither text nor a number")
    return pexit


def _decode_outputs(value: object) -> tuple[Output, ...]:
    """Return the outputs that have an address; without one, an output is of no use to anybody."""
    found = (_decode_output(item) for item in objects(value or [], "outputs")[:MAX_OUTPUTS])
    return tuple(output for output in found if output.url)


def _decode_output(item: JsonObject) -> Output:
    return Output(
        name=label(item.get("name")) or "",
        url=text(item.get("url")) or "",
        contenttype=label(item.get("contenttype")) or "",
        size_bytes=count(item.get("size")),
    )


def _decode_time(value: object) -> datetime | None:
    """Return a time from unix seconds; zero, which stands for never, is None."""
    seconds = number(value)
    if not seconds or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return None


def _tail(value: object, hidden: Collection[str]) -> str | None:
    """Return the end of what a process wrote, without what is hidden and without paths of addresses."""
    end = (text(value) or "").strip()[-2 * _MAX_ERROR_LENGTH :]  # cut later, so that no secret is cut in two
    return _PATH.sub(r"\1/***", hide(end, hidden))[-_MAX_ERROR_LENGTH:] or None
