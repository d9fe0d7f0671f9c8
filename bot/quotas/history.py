"""Pages of a server's history: where one begins, as a short text that a button can carry."""

import re
from dataclasses import dataclass
from typing import Final

from bot.quotas.model import Change, LedgerEntry

_FORM: Final = re.compile(r"([<>])([0-9]{1,15})\.([01])\.([0-9]{1,15})")

HistoryItem = LedgerEntry | Change


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the history: the items older, or newer, than the one that it names."""

    newer: bool  # the direction
    at_ms: int  # the item's time, in milliseconds since 1970
    is_change: bool  # else it is an entry of the ledger
    item_id: int

    def __str__(self) -> str:
        """Return it as a text of at most 34 characters."""
        return f"{'>' if self.newer else '<'}{self.at_ms}.{self.is_change:d}.{self.item_id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Return the cursor that a text stands for, or None where it is not one."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        direction, at_ms, is_change, item_id = match.groups()
        return cls(direction == ">", int(at_ms), is_change == "1", int(item_id))


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of a server's history, newest first, and where it goes on; None: nowhere."""

    items: tuple[HistoryItem, ...]
    newer: Cursor | None
    older: Cursor | None
