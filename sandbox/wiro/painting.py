"""Painting a picture row by row: light, sun, clouds and hills, each a thing that paints its part of a row.

A row is a bytearray of red, green, blue for every pixel. What is done to many pixels is one call that runs
in C (a slice assignment, a multiplication, a translation through a table); Python itself touches only the
soft pixels along edges.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import sqrt

from sandbox.wiro.palette import Colour, mix
from sandbox.wiro.terrain import Chord

Row = bytearray
Point = tuple[float, float]

WHOLE = 64
"""The share of a veil that hides everything behind it."""

_LEVELS = 256  # of light, from none to full
_MIST_STEPS = 32
_MIST_SHARE = 0.6  # of the mist's colour in the foot of a hill
_HILL_LIGHT = 0.25  # of the light that falls on hills, compared with the sky's


class Light:
    """The glow of the sun or moon: strongest at its place, fading to all sides."""

    def __init__(self, width: int, at: Point, reach: float, colour: Colour) -> None:
        self._colour, self._reach, self._y = colour, reach, at[1]
        self._levels = bytes(int((_LEVELS - 1) * _fade((x + 0.5 - at[0]) / reach)) for x in range(width))

    def row(self, y: int, colour: Colour, strength: float) -> Row:
        """Give a row of one colour, lit by `strength` (0 to 1) where the light is strongest."""
        lit = mix(colour, self._colour, strength * _fade((y + 0.5 - self._y) / self._reach))
        if lit == colour:
            return Row(bytes(colour) * len(self._levels))
        row = Row(len(self._levels) * 3)
        for channel in range(3):
            row[channel::3] = self._levels.translate(_ramp(colour[channel], lit[channel]))
        return row


def _fade(distance: float) -> float:
    """Give 1 at distance 0, falling to 0 at distances of 1 and more.

    This is close to a normal distribution, so the product of one fade across and one down is round.
    """
    rest = max(0.0, 1.0 - distance * distance)
    return rest * rest * rest * rest


@lru_cache(maxsize=4096)
def _ramp(first: int, last: int) -> bytes:
    """Give a translation table from levels of light to values from `first` to `last`."""
    return _steps(abs(last - first)).translate(_from(first, 1 if last > first else -1))


@lru_cache(maxsize=256)
def _steps(height: int) -> bytes:
    """Give a table from levels of light to steps from 0 to `height`."""
    return bytes([height * level // (_LEVELS - 1) for level in range(_LEVELS)])


@lru_cache(maxsize=512)
def _from(value: int, direction: int) -> bytes:
    """Give a table from steps to the value reached from `value`, upwards (1) or downwards (-1)."""
    return bytes([(value + direction * step) % 256 for step in range(256)])


@lru_cache(maxsize=1024)
def _towards(value: int, share: int) -> bytes:
    """Give a translation table that moves every value towards `value` by `share` of WHOLE."""
    return bytes([old + (value - old) * share // WHOLE for old in range(256)])


def veil(row: Row, first: float, last: float, colour: Colour, share: int) -> None:
    """Mix the pixels from `first` to before `last`, where there are any, with a colour: `share` of WHOLE."""
    start, end = max(0, int(first + 0.5)), min(len(row) // 3, int(last + 0.5))
    if start >= end:
        return
    for channel in range(3):
        part = slice(start * 3 + channel, end * 3, 3)
        row[part] = row[part].translate(_towards(colour[channel], share))


def _blend(row: Row, x: int, colours: Row, share: float) -> None:
    """Mix one pixel with the same pixel of another row, by `share` (0 to 1)."""
    at = x * 3
    for channel in (at, at + 1, at + 2):
        old = row[channel]
        row[channel] = old + int((colours[channel] - old) * share)


class Disc:
    """A round spot of one colour: a sun, a moon, a halo."""

    def __init__(self, at: Point, radius: float, colour: Colour, share: int = WHOLE) -> None:
        self._x, self._y = at
        self._radius, self._colour = radius, colour
        # Four chords to a row, drawn over one another, make the edge soft.
        self._shares = (share // 4, share // 3, share // 2, share)

    def paint(self, row: Row, y: int) -> None:
        """Paint the disc's part of row `y`."""
        offs = (abs(y + 0.125 + 0.25 * quarter - self._y) for quarter in range(4))
        halves = sorted((sqrt(self._radius**2 - off**2) for off in offs if off < self._radius), reverse=True)
        for half, share in zip(halves, self._shares, strict=False):
            veil(row, self._x - half, self._x + half, self._colour, share)


class Cloud:
    """A thin bank of cloud: a flat ellipse, denser towards its middle."""

    def __init__(self, at: Point, half: Point, colour: Colour) -> None:
        self._x, self._y = at
        self._half_width, self._half_height = half
        self._colour = colour

    def paint(self, row: Row, y: int) -> None:
        """Paint the cloud's part of row `y`."""
        off = (y + 0.5 - self._y) / self._half_height
        for layer in range(7):
            rest = (1.0 - 0.13 * layer) ** 2 - off * off
            if rest <= 0.0:
                return
            half = self._half_width * sqrt(rest)
            middle = self._x + self._half_width * 0.05 * layer
            veil(row, middle - half, middle + half, self._colour, 4)


class Layer:
    """A chain of hills and the trees on it: everything below an outline, and some chords above it."""

    def __init__(
        self,
        tops: Sequence[float],
        trees: Iterable[Chord],
        colours: tuple[Colour, Colour],
        mist_depth: float,
        light: Light,
    ) -> None:
        """Prepare the edges; the second colour, the mist's, gains on the first within `mist_depth`."""
        self._colour, self._mist = colours
        self._mist_depth, self._light = mist_depth, light
        self._width = len(tops)
        floors = [int(top) for top in tops]
        self._first_floor = floors[0]
        self.deepest = max(floors)
        self._edges = _edges(floors)
        self._soft: dict[int, list[tuple[int, float]]] = {}
        for x, floor in enumerate(floors):
            self._soft.setdefault(floor, []).append((x, floor + 1 - tops[x]))
        self._chords: dict[int, list[tuple[float, float]]] = {}
        for y, first, last in trees:
            self._chords.setdefault(y, []).append((first, last))
        self._highest_hill = min(floors)
        self._highest = min(self._highest_hill, *self._chords) if self._chords else self._highest_hill

    def row(self, y: int) -> Row:
        """Give a whole row of the hills' own colours at that height."""
        share = min(1.0, max(0.0, (y - self._highest_hill) / self._mist_depth))
        stepped = int(share * _MIST_STEPS) / _MIST_STEPS  # fewer colours make smaller files
        return self._light.row(y, mix(self._colour, self._mist, stepped * _MIST_SHARE), _HILL_LIGHT)

    def paint(self, row: Row, y: int) -> None:
        """Paint the hills' part of row `y`."""
        if y < self._highest:
            return
        own = self.row(y)
        inside, start = self._first_floor < y, 0
        for end in (*self._edges.get(y, ()), self._width):
            if inside:
                row[start * 3 : end * 3] = own[start * 3 : end * 3]
            inside, start = not inside, end
        for x, share in self._soft.get(y, ()):
            _blend(row, x, own, share)
        for first, last in self._chords.get(y, ()):
            self._paint_chord(row, own, first, last)

    def _paint_chord(self, row: Row, own: Row, first: float, last: float) -> None:
        if first < 0 or last >= self._width:
            first, last = max(0.0, first), min(float(self._width), last)
        start, end = int(first), int(last)
        if start >= end:
            if 0 <= start < self._width and last > first:
                _blend(row, start, own, last - first)
            return
        _blend(row, start, own, start + 1 - first)
        row[start * 3 + 3 : end * 3] = own[start * 3 + 3 : end * 3]
        if end < self._width:
            _blend(row, end, own, last - end)


def _edges(floors: Sequence[int]) -> dict[int, list[int]]:
    """Give, for every row, the columns at which the hills begin or end in it."""
    edges: dict[int, list[int]] = {}
    before = floors[0]
    for x, floor in enumerate(floors):
        for y in range(min(floor, before) + 1, max(floor, before) + 1):
            edges.setdefault(y, []).append(x)
        before = floor
    return edges
