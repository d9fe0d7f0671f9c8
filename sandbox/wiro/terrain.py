"""The outlines of a landscape: where hills begin in every column, and where pines are in every row.

Only arithmetic and `random()` are used, whose results are the same everywhere. All lengths are in pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Chance = Callable[[], float]
"""Gives numbers from 0 to below 1."""
Chord = tuple[int, float, float]
"""A row, and the part of it that something covers: from, to."""

_KNOTS = 257


@dataclass(frozen=True, kw_only=True)
class Hills:
    """What a chain of hills is made from."""

    base: float
    """Where it stands: the distance from the picture's top."""
    rise: float
    """How far its tops may reach above the base."""
    span: float
    """The breadth of its largest hills."""
    roughness: float
    """What each finer wave keeps of the one before: 0 (smooth) to about 0.6 (rocky)."""
    waves: int


def outline(hills: Hills, width: int, chance: Chance) -> list[float]:
    """Give the top of the hills in every column."""
    tops = [0.0] * width
    strength, span, total = 1.0, hills.span, 0.0
    for _ in range(hills.waves):
        _add_wave(tops, [chance() for _ in range(_KNOTS)], strength, span)
        total += strength
        strength *= hills.roughness
        span *= 0.47
    scale = hills.rise / total
    return [hills.base - top * scale for top in tops]


def _add_wave(tops: list[float], knots: Sequence[float], strength: float, span: float) -> None:
    """Add a smooth wave through random knots that are `span` apart."""
    step = 1.0 / max(span, 1.0)
    for x in range(len(tops)):
        place = x * step
        knot = int(place)
        t = place - knot
        left, right = knots[knot % _KNOTS], knots[(knot + 1) % _KNOTS]
        tops[x] += strength * (left + (right - left) * t * t * (3.0 - 2.0 * t))


def pines(tops: Sequence[float], tallest: float, spacing: float, chance: Chance) -> list[Chord]:
    """Give the chords of pines that stand on the hills, in groves with clearings between them.

    `tallest` is the height of the tallest one, `spacing` the mean distance between two in a grove.
    """
    chords: list[Chord] = []
    width = len(tops)
    x = -spacing
    density = chance()
    while x < width + spacing:
        density = 0.7 * density + 0.3 * chance()
        x += spacing * (0.3 + 1.4 * chance()) * (1.0 if density > _GROVE else 4.0)
        size = tallest * (0.4 + 0.6 * chance()) * min(1.0, 0.45 + density)
        ground = tops[min(max(int(x), 0), width - 1)]
        chords += _pine(x, ground + 0.04 * size, size, chance)
    return chords


_GROVE = 0.42


def _pine(middle: float, foot: float, size: float, chance: Chance) -> list[Chord]:
    """Give the chords of one pine: tiers of branches, each broader than the one above it."""
    tiers = 7 + int(chance() * 5)
    breadth = size * (0.16 + 0.05 * chance())
    uneven = [0.85 + 0.3 * chance() for _ in range(2 * tiers + 2)]
    top = int(foot - size)
    chords: list[Chord] = []
    for y in range(max(top, 0), int(foot)):
        drop = (y + 0.5 - top) / size
        if drop > _TRUNK:
            left = right = 0.025 * size
        else:
            place = drop / _TRUNK * tiers
            tier = int(place)
            half = breadth * (0.04 + 0.96 * drop) * (0.55 + 0.45 * (place - tier))
            left, right = half * uneven[2 * tier], half * uneven[2 * tier + 1]
        chords.append((y, middle - left, middle + right))
    return chords


_TRUNK = 0.93
