"""Line charts as SVG, small enough to be read in the repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from pathlib import Path
from typing import Final

_WIDTH: Final = 640
_HEIGHT: Final = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 48, 48
_COLOURS: Final = ("#3b6fb6", "#c0562b", "#3f8f5b")
_ROOM_ABOVE: Final = 1.2
_SVG: Final = "http://www.w3.org/2000/svg"
_FONT: Final = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its unit or name, and its values by number."""

    name: str
    values: Mapping[int, float]


def draw(path: Path, title: str, lines: Sequence[Line]) -> None:
    """Draw curves over a logarithmic axis of numbers, from zero up."""
    numbers = sorted({number for line in lines for number in line.values})
    most = max(value for line in lines for value in line.values.values()) * _ROOM_ABOVE
    parts = [
        f'<svg xmlns="{_SVG}" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">{escape(title)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="#888"/>',
    ]
    foot = _HEIGHT - _BOTTOM + 20
    parts += [
        f'<text x="{_x(number, numbers):.0f}" y="{foot}" text-anchor="middle">{number:,}</text>'
        for number in numbers
    ]
    for index, line in enumerate(lines):
        parts += _curve(line, numbers, most, _COLOURS[index % len(_COLOURS)], index)
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _curve(line: Line, numbers: Sequence[int], most: float, colour: str, index: int) -> list[str]:
    places = [(_x(number, numbers), _y(value, most), value) for number, value in sorted(line.values.items())]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
    return [
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y, _ in places),
        *(
            f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle" fill="{colour}">{value:.2f}</text>'
            for x, y, value in places
        ),
        _name(line.name, colour, index),
    ]


def _name(name: str, colour: str, index: int) -> str:
    place = f'x="{_WIDTH - _RIGHT}" y="{_TOP + 16 * index}"'
    return f'<text {place} text-anchor="end" fill="{colour}">{escape(name)}</text>'


def _x(number: int, numbers: Sequence[int]) -> float:
    place = (log10(max(number, 1)), log10(max(numbers[0], 1)), log10(max(numbers[-1], 1)))
    share = (place[0] - place[1]) / (place[2] - place[1]) if place[2] > place[1] else 0.5
    margin = 40
    return _LEFT + margin + share * (_WIDTH - _LEFT - _RIGHT - 2 * margin)


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)
