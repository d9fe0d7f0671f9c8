"""The bar chart of `/quota top`, as a picture: who used how much.

The figures stand as text beside it, so the picture may leave out what its font cannot write.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.present.quota_top import Bar

_WIDTH: Final = 1000  # pixels; a phone shows a third of them, so everything is large
_MARGIN: Final = 40
_TITLE_HEIGHT: Final = 72
_ROW_HEIGHT: Final = 92
_BAR_HEIGHT: Final = 30
_SMALLEST_BAR: Final = 6
_TITLE_SIZE: Final = 40
_TEXT_SIZE: Final = 32

_BACKGROUND: Final = "#1e1f22"
_TRACK: Final = "#313338"
_BAR: Final = "#7984f5"
_BRIGHT: Final = "#f2f3f5"
_DIM: Final = "#b5bac1"

_NO_CHARACTER: Final = "\U0010ffff"  # never assigned: every font draws its box for what it lacks
_ORNAMENTS: Final = frozenset({"Mn", "Me", "Cf", "Cc", "So", "Sk"})  # Unicode's categories
_LONGEST_NAME: Final = 32  # characters. Source: Discord's reference, nicknames


def draw_chart(title: str, bars: Sequence[Bar]) -> bytes:
    """Return a PNG of horizontal bars, longest first as they come. Takes tens of milliseconds: use a thread.

    Args:
        title: a short line above them, in letters of the Latin alphabet.
        bars: at least one.
    """
    height = _TITLE_HEIGHT + _ROW_HEIGHT * len(bars) + 2 * _MARGIN
    image = Image.new("RGB", (_WIDTH, height), _BACKGROUND)
    canvas = ImageDraw.Draw(image)
    canvas.text((_MARGIN, _MARGIN), title, font=_font(_TITLE_SIZE), fill=_BRIGHT)
    most = max(1, *(bar.credits for bar in bars))
    for rank, bar in enumerate(bars, start=1):
        _draw_row(canvas, _MARGIN + _TITLE_HEIGHT + (rank - 1) * _ROW_HEIGHT, rank, bar, bar.credits / most)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_row(canvas: ImageDraw.ImageDraw, top: int, rank: int, bar: Bar, share: float) -> None:
    font, right = _font(_TEXT_SIZE), _WIDTH - _MARGIN
    figure = f"{bar.credits:,}"
    room = right - _MARGIN - font.getlength(figure) - _TEXT_SIZE
    name = _fitted(f"{rank}.  {_writable(bar.name or '')}".rstrip(), font, room)
    canvas.text((_MARGIN, top), name, font=font, fill=_DIM)
    canvas.text((right, top), figure, font=font, fill=_BRIGHT, anchor="ra")
    bar_top = top + _TEXT_SIZE + 14
    length = max(_SMALLEST_BAR, round((right - _MARGIN) * share)) if bar.credits else 0
    for end, colour in ((right, _TRACK), (_MARGIN + length, _BAR)):
        if end > _MARGIN:
            box = (_MARGIN, bar_top, end, bar_top + _BAR_HEIGHT)
            canvas.rounded_rectangle(box, radius=min(8, (end - _MARGIN) // 2), fill=colour)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font, so that a chart looks the same on every machine."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _writable(name: str) -> str:
    """Return a name without its accents and emoji if the font has all else, or nothing: boxes help nobody."""
    apart = unicodedata.normalize("NFKD", name[:_LONGEST_NAME])
    kept = "".join(each for each in apart if unicodedata.category(each) not in _ORNAMENTS)
    plain = " ".join(kept.split())
    return plain if all(_has(character) for character in set(plain)) else ""


def _has(character: str) -> bool:
    return character == " " or _shape(character) != _shape(_NO_CHARACTER)


def _shape(character: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(_TEXT_SIZE).getmask(character)
    return mask.size, bytes(mask)


def _fitted(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """Return a text cut to a width in pixels."""
    while font.getlength(text) > room:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text
