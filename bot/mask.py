"""Secrets in what is written for operators: the owner's own, and those that addresses hold.

The parts of the bot keep secrets out of what they write. This is the net below them, for what they cannot
know: tracebacks, and messages of libraries, with the addresses of calls in them.
"""

import json
import re
from collections.abc import Collection
from typing import Final

_IN_ADDRESSES: Final = re.compile(r"(?<=/)(webhooks/\d+|interactions/\d+|wiro/callback)/[^\s/?\"'\\<>()]+")
_MASKED: Final = "***"


class Mask:
    """Takes secrets out of a text.

    Args:
        secrets: the owner's own; those of interactions and callbacks are known by the addresses they are in.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        written = {form for secret in secrets for form in _forms(secret) if form}
        longest_first = sorted(written, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, longest_first))) if written else None

    def __call__(self, text: str) -> str:
        """Return the text with asterisks in the place of each."""
        text = _IN_ADDRESSES.sub(rf"\1/{_MASKED}", text)
        return text if self._own is None else self._own.sub(_MASKED, text)


def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, in JSON, and as Python shows it without and beside both quote marks."""
    shown = secret.replace("\\", "\\\\")
    return (secret, json.dumps(secret)[1:-1], shown, shown.replace("'", r"\'"))
