"""Drawing: a landscape made from prompt and seed, so that the same input gives the same picture."""

import hashlib
import random
from collections.abc import Iterator

from sandbox.wiro import png
from sandbox.wiro.painting import WHOLE, Cloud, Disc, Layer, Light, Point, Row, veil
from sandbox.wiro.palette import choose, mix
from sandbox.wiro.terrain import Chance, Hills, outline, pines

_WHITE = (255, 255, 255)
_RIPPLES = 256
# The chains of hills from the farthest to the nearest: where each stands below the horizon, how far it rises,
# the breadth of its hills, their roughness, their waves, and how much of the ground's colour the haze leaves.
_CHAINS = (
    (0.02, 0.36, 0.42, 0.50, 6, 0.24),
    (0.06, 0.24, 0.36, 0.46, 6, 0.40),
    (0.10, 0.15, 0.50, 0.36, 4, 0.58),
    (0.15, 0.12, 0.60, 0.30, 3, 0.75),
)
_WOODED = 2  # the chain from which on trees can be seen


def draw_png(width: int, height: int, prompt: str, seed: int, index: int) -> bytes:
    """Give the PNG file, `width` x `height` pixels, of the picture number `index` of a task.

    The same input gives the same pixels on every machine, and the same bytes wherever zlib is the same.
    A prompt and a seed give the same scene at every size. 1024 x 1024 take about 60 ms: call it in a thread.
    """
    text = f"{seed}\n{index}\n{prompt}".encode(errors="surrogatepass")
    chance = random.Random(hashlib.sha256(text).digest()).random  # noqa: S311 - a picture, not a secret
    return png.encode(width, height, _Scene(width, height, prompt, chance).rows())


class _Scene:
    """One landscape. `unit` is the length that everything is measured by, but for places in the sky."""

    def __init__(self, width: int, height: int, prompt: str, chance: Chance) -> None:
        self._width, self._height = width, height
        self._unit = min(height, 1.4 * width)
        self._palette = choose(prompt, chance)
        self._horizon = height * (0.56 + 0.08 * chance())
        at = (width * (0.18 + 0.64 * chance()), self._horizon * (0.36 + 0.34 * chance()))
        self._light = Light(width, at, 1.1 * self._unit, self._palette.glow)
        self._discs = self._make_discs(at, chance)
        self._stars = self._make_stars(chance)
        self._clouds = self._make_clouds(chance)
        self._water = int(self._horizon + self._unit * (0.12 + 0.05 * chance()))
        self._ripples = [chance() for _ in range(_RIPPLES)]
        self._layers = [self._make_layer(number, chance) for number in range(len(_CHAINS))]
        self._shore = self._make_shore(chance)

    def rows(self) -> Iterator[Row]:
        """Paint the picture from top to bottom."""
        mirror: list[Row] = []
        for y in range(self._height):
            if y < self._water:
                row = self._land(y)
                if self._water - y <= self._height - self._water:
                    mirror.append(row[:])
            else:
                row = self._lake(y, mirror)
            self._shore.paint(row, y)
            yield row

    def _make_discs(self, at: Point, chance: Chance) -> list[Disc]:
        """Make the sun or moon and, since far light spreads, two halos around it."""
        radius = min(self._width, self._height) * (0.05 + 0.045 * chance())
        glow, disc = self._palette.glow, self._palette.disc
        discs = [Disc(at, radius * 2.1, glow, 5), Disc(at, radius * 1.5, glow, 7), Disc(at, radius, disc)]
        for _ in range(5):
            away = (1.2 * (chance() - 0.5) * radius, 1.2 * (chance() - 0.5) * radius)
            size = radius * (0.1 + 0.16 * chance())
            if self._palette.moon:  # a moon has seas
                discs.append(Disc((at[0] + away[0], at[1] + away[1]), size, glow, 9))
        return discs

    def _make_stars(self, chance: Chance) -> dict[int, list[tuple[int, int, int]]]:
        """Give the stars of every row: from, to, brightness."""
        stars: dict[int, list[tuple[int, int, int]]] = {}
        for _ in range(self._palette.stars):
            x, y = int(chance() * self._width), int(chance() * self._horizon)
            bright = chance() ** 3
            size = max(1, round(self._height / 900 * (1 + bright)))
            for row in range(y, y + size):
                stars.setdefault(row, []).append((x, x + size, 14 + int(46 * bright)))
        return stars

    def _make_clouds(self, chance: Chance) -> list[Cloud]:
        colour = mix(self._palette.haze, self._palette.glow, 0.5)
        return [
            Cloud(
                (self._width * chance(), self._horizon * (0.2 + 0.6 * chance())),
                (self._unit * (0.15 + 0.3 * chance()), self._unit * (0.006 + 0.016 * chance())),
                colour,
            )
            for _ in range(3 + int(5 * chance()))
        ]

    def _make_layer(self, number: int, chance: Chance) -> Layer:
        below, rise, span, roughness, waves, nearness = _CHAINS[number]
        unit, palette = self._unit, self._palette
        hills = Hills(
            base=self._horizon + below * unit,
            rise=rise * (0.8 + 0.4 * chance()) * unit,
            span=span * unit,
            roughness=roughness,
            waves=waves,
        )
        tops = outline(hills, self._width, chance)
        near = number - _WOODED + 1
        trees = pines(tops, 0.03 * near * unit, 0.011 * near * unit, chance) if near > 0 else []
        colours = (mix(palette.haze, palette.ground, nearness), palette.haze)
        return Layer(tops, trees, colours, 0.24 * unit, self._light)

    def _make_shore(self, chance: Chance) -> Layer:
        """Make the near bank, dark against everything else."""
        unit, ground = self._unit, self._palette.ground
        hills = Hills(base=self._height, rise=0.16 * unit, span=0.8 * unit, roughness=0.3, waves=4)
        tops = outline(hills, self._width, chance)
        return Layer(tops, pines(tops, 0.3 * unit, 0.05 * unit, chance), (ground, ground), unit, self._light)

    def _sky(self, y: int) -> Row:
        palette = self._palette
        down = min(1.0, y / self._horizon) * 2
        colour = (
            mix(palette.zenith, palette.middle, down)
            if down < 1
            else mix(palette.middle, palette.haze, down - 1)
        )
        row = self._light.row(y, colour, 0.7)
        for first, last, brightness in self._stars.get(y, ()):
            veil(row, first, last, _WHITE, brightness)
        for cloud in self._clouds:
            cloud.paint(row, y)
        for disc in self._discs:
            disc.paint(row, y)
        return row

    def _land(self, y: int) -> Row:
        """Paint the sky and the hills before it, beginning with the nearest thing that fills the row."""
        full = [number for number, layer in enumerate(self._layers) if y > layer.deepest]
        row = self._layers[full[-1]].row(y) if full else self._sky(y)
        for layer in self._layers[full[-1] + 1 if full else 0 :]:
            layer.paint(row, y)
        return row

    def _lake(self, y: int, mirror: list[Row]) -> Row:
        """Paint the water: what is above it upside down, shifted by waves that grow towards the viewer."""
        down = y - self._water
        near = down / (self._height - self._water)
        place = 40 * near / (0.25 + near)
        knot = int(place)
        t = place - knot
        t *= t * (3 - 2 * t)
        wave = self._ripples[knot] * (1 - t) + self._ripples[knot + 1] * t - 0.5
        source = len(mirror) - 1 - down - int(wave * near * 0.06 * self._unit)
        row = mirror[max(0, min(len(mirror) - 1, source))][:]
        tint = mix(self._palette.middle, self._palette.ground, 0.4)
        veil(row, 0, self._width, tint, int(WHOLE * (0.2 + 0.3 * near)))
        return row
