"""What others wrote, made fit for a terminal and a log. Pure."""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what a terminal acts on, what turns a line around, and what breaks one."""


def visible(text: str) -> str:
    r"""Return a text with numbers such as `\x1b` for what cannot be seen; line feeds stay."""
    return text if text.isprintable() else "".join(map(_seen, text))


def _seen(character: str) -> str:
    is_seen = character == "\n" or unicodedata.category(character) not in _UNSEEN
    return character if is_seen else ascii(character)[1:-1]
