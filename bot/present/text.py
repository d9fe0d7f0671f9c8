"""Text as Discord shows it: what members typed stays text, and everything fits.

Lengths count Unicode code points, as Discord's API does
(https://github.com/discord/discord-api-docs/issues/1315).
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

ELLIPSIS: Final = "…"

_LINE_BREAKS: Final = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_LONE_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_MARKS: Final = frozenset({"Mn", "Me"})  # Unicode's categories of what stands above, below or around a letter
_INVISIBLE: Final = "Cf"
_MARKS_AT_MOST: Final = (
    5  # of one letter: piles of more cover the lines beside them, and no writing needs them
)

_BLANK_LINES: Final = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+\n")

# Discord shows a backslash before punctuation as that punctuation alone. These begin a construct wherever
# they stand: emphasis, strike, spoiler, code and headings; with "<" and "@" mentions, timestamps, custom
# emoji and bracketed links; with "[" masked links; with ":" bare links and named emoji.
_SPECIAL: Final = re.compile(r"[\\*_~|`<@#\[:]")
# These begin a list or a quote, at the start of a line only: elsewhere they are the dash of "semi-realistic".
_LINE_MARK: Final = re.compile(r"^([^\S\n]*)(?=[>+-])", re.MULTILINE)
_LINE_NUMBER: Final = re.compile(r"^([^\S\n]*\d+)(?=[.)])", re.MULTILINE)
_PIECE: Final = re.compile(r"\\.|.", re.DOTALL)


def tidy(text: str) -> str:
    """Return a text without what cannot be sent, or covers what is beside it.

    Its lines stay, with at most one blank line in a row.
    """
    text = _without_piles(_LINE_BREAKS.sub("\n", text))
    text = _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _UNPRINTABLE.sub(" ", text))
    return _BLANK_LINES.sub("\n\n", text).strip()


def _without_piles(text: str) -> str:
    """Return a text whose letters have no more marks than they need."""
    if text.isascii():  # has none
        return text
    kept, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        if category in _MARKS:
            marks += 1
        elif category != _INVISIBLE:
            marks = 0
        if category not in _MARKS or marks <= _MARKS_AT_MOST:
            kept.append(character)
    return "".join(kept)


def escape(text: str) -> str:
    """Return Markdown that shows the text as it was typed."""
    text = _SPECIAL.sub(r"\\\g<0>", tidy(text))
    text = _LINE_MARK.sub(r"\1\\", text)
    return _LINE_NUMBER.sub(r"\1\\", text)


def escape_line(text: str) -> str:
    """Return Markdown that shows the text as it was typed, on one line."""
    return escape(" ".join(text.split()))


def cut(text: str, limit: int) -> str:
    """Return a plain text in at most `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def cut_escaped(escaped: str, limit: int) -> str:
    """Return what `escape` returned in at most `limit` characters, without leaving half an escape."""
    if len(escaped) <= limit:
        return escaped
    kept: list[str] = []
    room = limit - len(ELLIPSIS)
    for piece in _PIECE.findall(escaped):
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + ELLIPSIS


def count_of_credits(number: int | None) -> str:
    """Return a number of credits in words: "1 credit", "4 credits", "unlimited credits" for None."""
    if number is None:
        return "unlimited credits"
    return "1 credit" if number == 1 else f"{number:,} credits"


def count_of_pictures(number: int) -> str:
    """Return a number of pictures in words: "1 picture", "4 pictures"."""
    return "1 picture" if number == 1 else f"{number} pictures"


def timestamp(moment: datetime, style: Literal["R", "f"]) -> str:
    """Return a time that each reader's Discord shows in their own zone.

    Args:
        moment: an aware time; a started second is rounded up, so that what is promised for it is true then.
        style: "R" as a distance from now, "f" as date and time.
    """
    return f"<t:{math.ceil(moment.timestamp())}:{style}>"


def mention(member_id: int) -> str:
    """Return a member's name as Discord shows it; messages are sent so that it pings nobody."""
    return f"<@{member_id}>"


def small(lines: Iterable[str]) -> str:
    """Return lines in Discord's small print."""
    return "\n".join(f"-# {line}" for line in lines)
