"""Lenient reading of JSON values: numbers may be strings, strings may be numbers. Pure."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from bot.errors import UnreadableAnswerError

JsonObject = Mapping[str, Any]

_MAX_LABEL_LENGTH: Final = 200
_WHOLE_FLOAT_LIMIT: Final = 2.0**53
"""Above it a float no longer tells one whole number from the next."""


def parse(body: bytes) -> object:
    """Return the JSON value that a body holds.

    Bytes that are no UTF-8 are replaced: a stray one in a log line must not hide a finished task.

    Raises:
        UnreadableAnswerError: the body is cut off, nested too deeply, or not JSON at all.
    """
    try:
        value: object = json.loads(body.decode(errors="replace"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise UnreadableAnswerError(f"not JSON, {len(body)} bytes: {type(exc).__name__}") from exc
    return value


def text(value: object) -> str | None:
    """Return a string, or a number as a string; None for anything else.

    Whole floats lose their point, for 25 and 25.0 are one number. Half surrogate pairs, which a text that was
    cut can end with, are replaced, for no database and no log takes them.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _int_text(value)
    return None


def label(value: object) -> str | None:
    """Return a text as `text` does, cut at 200 characters: an id, a name, a status."""
    found = text(value)
    return None if found is None else found[:_MAX_LABEL_LENGTH]


def number(value: object) -> float | None:
    """Return a finite number, written as a number or as a string; None for anything else."""
    try:
        result = float(text(value) or "")
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def count(value: object) -> int | None:
    """Return a whole number that is not negative, written in any way; None for anything else."""
    result = number(value)
    return int(result) if result is not None and result >= 0 and result.is_integer() else None


def json_object(value: object) -> JsonObject | None:
    """Return a JSON object, or None for anything else."""
    return value if isinstance(value, dict) else None


def objects(value: object, name: str) -> list[JsonObject]:
    """Return a list of JSON objects; `name` is what the error calls it.

    Raises:
        UnreadableAnswerError: it is anything else.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnreadableAnswerError(f"{name} is not a list of objects")
    return value


def texts(value: object) -> Mapping[str, str]:
    """Return those members of a JSON object that are texts or numbers; none where there is no object."""
    pairs = ((text(name), text(member)) for name, member in (json_object(value) or {}).items())
    return {name: member for name, member in pairs if name is not None and member is not None}


def _int_text(value: int) -> str | None:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return None


def _float_text(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    return str(int(value)) if abs(value) < _WHOLE_FLOAT_LIMIT and value.is_integer() else str(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
