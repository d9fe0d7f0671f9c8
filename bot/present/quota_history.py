"""A page of `/quota history`: entries of the ledger and changes by moderators, newest first."""

import re
from typing import Any, Final

import discord
from discord import ui

from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.quota_changes import change_line
from bot.present.quota_entries import entry_in_words
from bot.present.quota_words import Names
from bot.present.text import timestamp
from bot.quotas.history import Cursor, HistoryItem, HistoryPage
from bot.quotas.model import Change, TargetKind

HISTORY_TEMPLATE: Final = re.compile(r"sana:history:(?P<member>[^:]*):(?P<cursor>.*)")
"""What discord.py recognises a click on Newer or Older by. The rest comes from outside and is checked."""

HISTORY_CHANGED: Final = (
    "This button does not say where the history goes on. Nothing was changed. Send `/quota history` to begin"
    " anew."
)

_LEAST_REASON: Final = 20
_END: Final = "end"  # in the place of a cursor, on the button that leads nowhere


def history(page: HistoryPage, names: Names, member_id: int | None) -> Page:
    """Return the page, with buttons that hold where it goes on.

    Args:
        page: some of the history.
        names: of roles, and who has left.
        member_id: whose history it is; None: everybody's.
    """
    whose = "" if member_id is None else f" of {names.member(member_id)}"
    heading = f"**History{whose}**, newest first"
    text = "\n".join([heading, *_lines(page, names, MAX_TEXT - len(heading), one=member_id is not None)])
    row = ui.ActionRow[Any](
        _button("Newer", "newer", page.newer, member_id), _button("Older", "older", page.older, member_id)
    )
    return Page(Colour.WAITING, [ui.TextDisplay[Any](text), row])


def people_in(page: HistoryPage) -> frozenset[int]:
    """Return the members that a page names."""
    found: set[int] = set()
    for item in page.items:
        if isinstance(item, Change):
            found.add(item.moderator_id)
            found |= {item.target_id} if item.target_kind is TargetKind.MEMBER else set()
        else:
            found.add(item.member_id)
    return frozenset(found)


def _lines(page: HistoryPage, names: Names, room: int, *, one: bool) -> list[str]:
    """Return a line for each item, with reasons as long as all of them have room for."""
    if not page.items:
        return ["Nothing happened yet."]
    bare = sum(len(_line(item, names, 0, one=one)) + 1 for item in page.items)
    each_reason = max(_LEAST_REASON, (room - bare) // len(page.items))
    return [_line(item, names, each_reason, one=one) for item in page.items]


def _line(item: HistoryItem, names: Names, reason_room: int, *, one: bool) -> str:
    when = timestamp(item.at, "f")
    if isinstance(item, Change):
        return f"{when} {change_line(item, names, reason_room=reason_room)}"
    whose = "" if one else f"{names.member(item.member_id)}: "
    return f"{when} {whose}{entry_in_words(item, reason_room=reason_room)}"


def _button(label: str, direction: str, cursor: Cursor | None, member_id: int | None) -> ui.Button[Any]:
    place = f"{_END}-{direction}" if cursor is None else str(cursor)
    return ui.Button(
        style=discord.ButtonStyle.secondary,
        label=label,
        custom_id=f"sana:history:{member_id or ''}:{place}",
        disabled=cursor is None,
    )
