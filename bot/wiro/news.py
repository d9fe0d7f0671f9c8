"""What Wiro's socket tells of a task: decoded, or left out where it is of no use. Pure.

A task sends some forty messages, of which a member sees a few at most. So most are only searched for the
words that matter, and how far a task is is decoded when it is shown.

Source: Wiro's reference, WebSocket; how numbers may be written, Answers.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from bot.errors import UnreadableAnswerError
from bot.wiro.envelope import one_line
from bot.wiro.reading import JsonObject, count, json_object, label, number, parse, text

_ENDS: Final = ("task_postprocess_end", "task_cancel")
"""The types that end a task. `task_error` does not: here it is a line that the process wrote."""

_PROGRESS: Final = "progressGenerate"
_COMPLAINT: Final = "error"

_TOLD_AT_MOST: Final = 4096
"""Characters of a message that tells progress; those of the tool have 250."""

_TASKTOKEN: Final = re.compile(r'"tasktoken"\s*:\s*"([^"\\]+)"')

_MOST: Final = 1_000_000
"""More steps or seconds than this are a mistake, and not shown."""

_LONG_WORD: Final = re.compile(r"\S{16,}")
"""What may be a token, or hold one."""

_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", re.ASCII)
_SPAN: Final = re.compile(r"(?:(\d+)h)? ?(?:(\d+)m)? ?(?:(\d+(?:\.\d+)?)s)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """How far a task is, as the tool reports it; what it does not report is None."""

    percentage: int  # 0 to 100
    step: int | None = None
    steps: int | None = None  # in all; never less than `step`
    remaining_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNews:
    """One message about a task: perhaps how far it is, or that it ended, which Task/Detail is to confirm."""

    tasktoken: str
    ended: bool = False
    told: str = field(default="", repr=False)  # the message, where it may tell progress

    def progress(self) -> TaskProgress | None:
        """Return how far the task is; None where the message tells of another task, or no progress.

        Raises nothing, whatever the message.
        """
        fields = _read(self.told)
        if label(fields.get("type")) != "task_output" or text(fields.get("tasktoken")) != self.tasktoken:
            return None
        return _decode_progress(fields.get("message"))


def decode_news(message: str) -> TaskNews | None:
    """Return what a message of the socket tells of a task; None where it tells neither progress nor an end.

    Raises nothing, whatever the message.
    """
    if any(end in message for end in _ENDS):
        fields = _read(message)
        kind, tasktoken = label(fields.get("type")), text(fields.get("tasktoken"))
        return TaskNews(tasktoken=tasktoken, ended=True) if tasktoken and kind in _ENDS else None
    if _PROGRESS not in message or len(message) > _TOLD_AT_MOST:
        return None
    found = _TASKTOKEN.search(message)
    return None if found is None else TaskNews(tasktoken=found[1], told=message)


def decode_complaint(message: str) -> str | None:
    """Return what Wiro says of a registration that it cannot read, in one line without tokens.

    None for any other message. Raises nothing, whatever the message.
    """
    if f'"{_COMPLAINT}"' not in message:
        return None
    fields = _read(message)
    if fields.get("type") != _COMPLAINT:
        return None
    return one_line(_LONG_WORD.sub("***", text(fields.get("message")) or "no message"), ())


def _read(message: str) -> JsonObject:
    """Return the message's object; an empty one where it is none."""
    try:
        return json_object(parse(message.encode(errors="replace"))) or {}
    except UnreadableAnswerError:
        return {}


def _decode_progress(value: object) -> TaskProgress | None:
    """Return how far a task is; None where the message is a line of text, or tells no number."""
    fields = json_object(value) or {}
    if fields.get("type") != _PROGRESS:
        return None
    step, steps = _up_to_most(count(fields.get("stepCurrent"))), _up_to_most(count(fields.get("stepTotal")))
    percentage = number(fields.get("percentage"))
    if percentage is None and step is not None and steps:
        percentage = 100 * step / steps
    if percentage is None:
        return None
    return TaskProgress(
        percentage=int(min(100.0, max(0.0, percentage))),
        step=step if step is None or not steps else min(step, steps),
        steps=steps or None,
        remaining_seconds=_decode_seconds(label(fields.get("remainingTime")) or ""),
    )


def _decode_seconds(written: str) -> int | None:
    """Return whole seconds from ``3``, ``3.2s``, ``1m 3s``, ``2h``, ``00:03`` or ``1:00:03``; else None."""
    plain = number(written)
    if plain is not None:
        return _up_to_most(int(plain)) if plain >= 0 else None
    match = _CLOCK.fullmatch(written.strip()) or _SPAN.fullmatch(written.strip().lower())
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return _up_to_most(int(hours * 3600 + minutes * 60 + seconds))


def _up_to_most(value: int | None) -> int | None:
    return value if value is not None and value <= _MOST else None
