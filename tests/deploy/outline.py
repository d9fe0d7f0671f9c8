"""Reads the part of YAML that compose.yaml is written in: mappings, lists of scalars, scalars.

There is no YAML library among the project's; what goes beyond this part raises ValueError.
"""

import re
from typing import TypeAlias

Node: TypeAlias = "str | list[str] | dict[str, Node]"

_LINE = re.compile(r"(?P<indent> *)(?:(?P<item>- )|(?P<key>[\w.-]+):(?: |$))(?P<value>.*)")
_SCALAR = re.compile(r'"(?P<quoted>[^"\\]*)"|(?P<plain>[\w./][^"#{}\[\]&*!|>%@`]*|)')


def read(text: str) -> dict[str, Node]:
    """Return what a document says.

    Raises:
        ValueError: it goes beyond the part that is read here, or names a key twice.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    node, rest = _node(lines, 0)
    if rest or not isinstance(node, dict):
        raise ValueError(f"not understood: {rest[:1]}")
    return node


def _node(lines: list[str], indent: int) -> tuple[Node, list[str]]:
    """Read what is indented so far, and return it with the lines that follow it."""
    mapping: dict[str, Node] = {}
    items: list[str] = []
    while lines and (match := _LINE.fullmatch(lines[0])) and len(match["indent"]) == indent:
        value, lines = _scalar(match["value"]), lines[1:]
        if match["item"]:
            items.append(value)
            continue
        if match["key"] in mapping:
            raise ValueError(f"{match['key']} stands there twice")
        deeper = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
        mapping[match["key"]] = value
        if not value and deeper > indent:
            mapping[match["key"]], lines = _node(lines, deeper)
    if bool(mapping) == bool(items):
        raise ValueError(f"not understood: {lines[:1]}")
    return mapping or items, lines


def _scalar(text: str) -> str:
    match = _SCALAR.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not understood: {text}")
    return match["quoted"] or match["plain"] or ""
