"""JSON as it goes over the wire: compact text, and the type of an object before anyone has looked into it."""

import json
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""One JSON object. What is read from a client goes through `sandbox.discord.forms` first."""

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def encode(value: object) -> str:
    """Return `value` as compact JSON."""
    return _encoder.encode(value)
