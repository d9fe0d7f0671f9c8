"""Which task a callback speaks of, if it can be read. Pure, and never believed: only asked after.

Source: Wiro's reference, Callback: Task/Detail's answer, a bare TASK, or just some of its fields.
"""

from bot.errors import UnreadableAnswerError
from bot.wiro.reading import json_object, label, parse


def taskid_hint(body: bytes) -> str | None:
    """Return the id of the task that a callback's body names, or None; raises nothing, whatever the body."""
    try:
        answer = json_object(parse(body)) or {}
    except UnreadableAnswerError:
        return None
    tasks = answer.get("tasklist")
    task = json_object(tasks[0]) if isinstance(tasks, list) and tasks else json_object(answer.get("data"))
    named = (task or answer).get("taskid") or (task or answer).get("id")
    return label(named) or None
