"""What the panel shows of a request at Wiro. Pure.

`by` is "bot", or "wiro" for a callback; `status` is 0 where no answer came; `body` is what was sent, `answer`
the fields of an answer that tell what became of the call; both are null where there was no JSON object.

Headers and a callback's address are without secrets; the rest goes through `sandbox.page.outgoing.veil`.
"""

import json
from datetime import UTC, datetime

from sandbox.page.outgoing import MASK, shown_headers
from sandbox.shown import Json
from sandbox.wiro import Exchange

_MAX_FIELDS = 30
_MAX_TEXT = 300
_MAX_READ_BYTES = 64 * 1024
_TOLD_OF_ANSWER = ("result", "errors", "taskid", "socketaccesstoken", "total")
_TOLD_OF_TASK = ("status", "pexit", "totalcost", "elapsedseconds")


def describe(exchange: Exchange, number: int) -> Json:
    """Return what is shown of a request that has just been answered."""
    is_callback = exchange.call == "callback"
    return {
        "number": number,
        "at": datetime.now(UTC).isoformat(),
        "by": "wiro" if is_callback else "bot",
        "call": exchange.call,
        "method": exchange.method,
        "path": _without_last_part(exchange.path) if is_callback else exchange.path[:_MAX_TEXT],
        "taskid": exchange.taskid,
        "status": exchange.status,
        "milliseconds": round(exchange.seconds * 1000, 1),
        "headers": {name: value[:_MAX_TEXT] for name, value in shown_headers(exchange.headers).items()},
        "body": _body(exchange),
        "answer": _answer(_read(exchange.answer)),
    }


def _body(exchange: Exchange) -> Json | None:
    if isinstance(exchange.body, bytes):
        return _answer(_read(exchange.body))
    if exchange.body is None:
        return None
    return {name: _field(exchange.body[name]) for name in list(exchange.body)[:_MAX_FIELDS]}


def _read(data: bytes) -> Json | None:
    """Return a JSON object; None for anything else."""
    if len(data) > _MAX_READ_BYTES:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _answer(found: Json | None) -> Json | None:
    """Return what an answer says, and of the one task in it what became of it."""
    if found is None:
        return None
    told = {name: _field(found[name]) for name in _TOLD_OF_ANSWER if name in found}
    match found.get("tasklist"):
        case [{"status": _} as task]:
            told |= {name: _field(task[name]) for name in _TOLD_OF_TASK if name in task}
            outputs = task.get("outputs")
            told["outputs"] = len(outputs) if isinstance(outputs, list) else 0
    return told


def _field(value: object) -> object:
    if isinstance(value, bool | int | float | None):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"


def _without_last_part(address: str) -> str:
    """Mask where an address for callbacks has its token."""
    before, slash, _ = address.rpartition("/")
    return f"{before}{slash}{MASK}"[-_MAX_TEXT:]
