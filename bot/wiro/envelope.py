"""The envelope of Wiro's answers: taken apart, and its failures raised as exceptions. Pure.

::

    HTTP status         body               outcome
    2xx                 result true        the answer
    2xx, 4xx            result false       by the code and, for code 0, by the message
    401, 403            any                AuthenticationError
    404                 any                NotFoundError
    429                 any                WiroThrottledError
    5xx                 any                ServerFaultError
    any other combination                  UnreadableAnswerError

Source: Wiro's reference, Answers; the design, *Run is never sent twice*.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import (
    AuthenticationError,
    BalanceError,
    NotFoundError,
    NothingStartedError,
    ParameterError,
    RefusedError,
    ServerFaultError,
    TaskLimitError,
    UnreadableAnswerError,
    WiroError,
    WiroThrottledError,
)
from bot.visible import visible
from bot.wiro.reading import JsonObject, count, json_object, number, parse, text

NO_TASK: Final = "There is no task yet."
"""Wiro's message, with code 1, where a task does not exist or a listing is empty."""

_MAX_MESSAGE_LENGTH: Final = 300
_MAX_PROBLEMS: Final = 5

_SUCCESS: Final = 2
_CLIENT_ERROR: Final = 4
_SERVER_FAULT: Final = 500

_TASK_LIMIT: Final = 96
_CODES: Final[Mapping[int, type[NothingStartedError]]] = {
    1: NotFoundError,
    97: BalanceError,
    98: AuthenticationError,
    99: AuthenticationError,
}

_LIMIT: Final = re.compile(r"you can run up to (\d{1,6}) tasks? at the same time", re.IGNORECASE)
_BARE: Final = (
    (_TASK_LIMIT, _LIMIT),
    (1, re.compile(rf"tool-not-accessible|slug-owner-project-not-exist|{re.escape(NO_TASK)}")),
)
"""The codes of messages that tell theirs, for an entry of `errors` that is a bare string."""

_PARAMETER: Final = re.compile(r"\brequest parameters?\b", re.IGNORECASE)
_ACCOUNT: Final = re.compile(
    r"project authorization is not|project requires signature authentication"
    r"|requested ip .{1,60} is not allowed|your account has been suspended|you don.t have any permission",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Problem:
    code: int
    message: str


def decode_answer(
    status: int, body: bytes, *, retry_after: str | None = None, hidden: Collection[str] = ()
) -> JsonObject:
    """Return the envelope of a call that worked.

    Args:
        status: the HTTP status.
        body: the whole body.
        retry_after: the header Retry-After.
        hidden: texts that no exception's message may hold: key, secret, tokens.

    Raises:
        WiroError: the call did not work; see the module's table.
    """
    try:
        answer = _envelope(body)
    except UnreadableAnswerError as exc:
        message = f"HTTP {status}, {exc}"
        raise _by_status(status, message, retry_after) or UnreadableAnswerError(message) from exc
    kind = status // 100
    if answer["result"] and kind == _SUCCESS:
        return answer
    problems = _problems(answer)
    said = "; ".join(f"code {problem.code}: {problem.message}" for problem in problems)
    message = one_line(f"HTTP {status}, {said or 'no message'}", hidden)
    if error := _by_status(status, message, retry_after):
        raise error
    if not answer["result"] and kind in {_SUCCESS, _CLIENT_ERROR}:
        raise _by_code(problems, said, message)
    raise UnreadableAnswerError(message)


def is_no_task(error: NotFoundError) -> bool:
    """Whether Wiro itself said that there is no task, rather than that there is no such address."""
    return NO_TASK in str(error)


def one_line(message: str, hidden: Collection[str]) -> str:
    """Return a message for operators: a single short line to be seen, without the texts that are hidden."""
    return visible(" ".join(hide(message, hidden).split()))[:_MAX_MESSAGE_LENGTH]


def hide(message: str, hidden: Collection[str]) -> str:
    """Return a message without the texts that are hidden; of an address its last part is one of them."""
    ends = [address.rpartition("/")[2] for address in hidden if "://" in address]
    for secret in sorted(filter(None, [*hidden, *ends]), key=len, reverse=True):
        message = message.replace(secret, "***")
    return message


def _envelope(body: bytes) -> JsonObject:
    answer = json_object(parse(body))
    if answer is None or not isinstance(answer.get("result"), bool):
        raise UnreadableAnswerError("no JSON object with a true or false `result`")
    return answer


def _by_status(status: int, message: str, retry_after: str | None) -> WiroError | None:
    """Return what the HTTP status alone decides."""
    match status:
        case 401 | 403:
            return AuthenticationError(message)
        case 404:
            return NotFoundError(message)
        case 429:
            seconds = number(retry_after)
            return WiroThrottledError(message, None if seconds is None else max(0.0, seconds))
        case _:
            return ServerFaultError(message) if status >= _SERVER_FAULT else None


def _by_code(problems: list[_Problem], said: str, message: str) -> NothingStartedError:
    """Return what a `result: false` means. The first code but 0 decides; without one, what was said."""
    code = next((problem.code for problem in problems if problem.code), 0)
    if code == _TASK_LIMIT:
        limit = _LIMIT.search(said)
        return TaskLimitError(message, int(limit[1]) or None if limit else None)
    if code == 0 and _PARAMETER.search(said):
        return ParameterError(message)
    if code == 0 and _ACCOUNT.search(said):
        return AuthenticationError(message)
    return _CODES.get(code, RefusedError)(message)


def _problems(answer: JsonObject) -> list[_Problem]:
    """Return the entries of `errors`: a list, or one entry without a list, of objects or bare strings."""
    errors = answer.get("errors")
    entries = errors if isinstance(errors, list) else [errors]
    return [_problem(entry) for entry in entries[:_MAX_PROBLEMS] if entry]


def _problem(entry: object) -> _Problem:
    if (fields := json_object(entry)) is not None:
        return _Problem(count(fields.get("code")) or 0, text(fields.get("message")) or "")
    message = text(entry) or ""
    return _Problem(next((code for code, said in _BARE if said.search(message)), 0), message)
