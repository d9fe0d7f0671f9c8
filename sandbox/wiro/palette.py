"""The colours of a drawing: a mood chosen by the prompt's words, or by chance where no word speaks of one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The colours of one mood, from the sky down to the ground."""

    zenith: Colour
    """The top of the sky."""
    middle: Colour
    """The sky half-way down."""
    haze: Colour
    """The sky at the horizon, and the mist between the hills."""
    glow: Colour
    """The light around the sun or moon."""
    disc: Colour
    """The sun or moon itself."""
    ground: Colour
    """The nearest hill; farther ones fade from it into the haze."""
    stars: int
    """How many stars shine."""
    moon: bool = False
    """Whether the disc is the moon."""


_NIGHT = Palette(
    (8, 10, 28), (21, 28, 66), (64, 78, 128), (150, 170, 225), (243, 241, 226), (7, 9, 20), 240, moon=True
)
_EMBER = Palette(
    (58, 30, 72), (190, 74, 72), (250, 168, 88), (255, 214, 130), (255, 246, 214), (48, 18, 30), 0
)
_FOREST = Palette(
    (24, 58, 66), (72, 132, 112), (190, 214, 160), (246, 246, 190), (255, 253, 228), (8, 32, 28), 0
)
_WINTER = Palette(
    (66, 104, 158), (144, 182, 216), (226, 236, 244), (255, 244, 226), (255, 252, 244), (30, 54, 88), 0
)
_SEA = Palette(
    (18, 78, 128), (70, 156, 186), (196, 228, 218), (255, 244, 206), (255, 252, 234), (8, 44, 66), 0
)
_DAWN = Palette(
    (88, 84, 150), (206, 130, 162), (252, 206, 180), (255, 232, 196), (255, 250, 232), (52, 34, 70), 24
)
_NEON = Palette(
    (18, 8, 46), (96, 24, 112), (246, 84, 138), (255, 168, 120), (255, 232, 150), (14, 6, 34), 120
)
_DESERT = Palette(
    (86, 140, 176), (206, 198, 170), (246, 214, 152), (255, 238, 184), (255, 252, 232), (104, 48, 30), 0
)
_MYSTIC = Palette(
    (14, 22, 52),
    (38, 72, 104),
    (112, 176, 158),
    (190, 250, 206),
    (240, 255, 236),
    (6, 22, 30),
    160,
    moon=True,
)

_WORDS = (
    (_MYSTIC, "dragon enchanted magic magical mystical fantasy fairy wizard elf aurora"),
    (_NEON, "neon pixel bit 8 cyberpunk city robot retro synthwave arcade future"),
    (_WINTER, "winter snow snowy ice icy frozen arctic polar white cold glacier"),
    (_NIGHT, "night panther black dark moon moonlight haunted ghost star stars space cat raven"),
    (_EMBER, "fox red orange fire autumn fall sunset tiger lion lava pumpkin flame"),
    (_SEA, "sea ocean water lake river fish whale boat ship island wave blue beach"),
    (_FOREST, "forest green jungle tree trees wood woods garden frog leaf moss bear deer"),
    (_DESERT, "desert sand dune camel canyon yellow gold golden egypt pyramid"),
    (_DAWN, "dawn sunrise pink flower flowers rose love woman girl portrait purple spring bird"),
)
_MOODS = tuple((palette, frozenset(words.split())) for palette, words in _WORDS)


def choose(prompt: str, chance: Callable[[], float]) -> Palette:
    """Give the mood whose words the prompt holds most of (the earlier listed of equals), slightly varied.

    `chance` gives numbers from 0 to below 1; it is asked the same number of times whatever the prompt is.
    """
    words = re.findall(r"[a-z0-9]+", prompt.lower())
    drawn = _MOODS[int(chance() * len(_MOODS))][0]
    counts = [(sum(word in vocabulary for word in words), palette) for palette, vocabulary in _MOODS]
    most, named = max(counts, key=lambda count: count[0])
    shift = int(chance() * 25) - 12
    return _varied(named if most else drawn, shift)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Give the colour that is `share` (0 to 1) of the way from `one` to `other`."""
    return (
        int(one[0] + (other[0] - one[0]) * share),
        int(one[1] + (other[1] - one[1]) * share),
        int(one[2] + (other[2] - one[2]) * share),
    )


def _varied(palette: Palette, shift: int) -> Palette:
    """Move the sky's and the haze's red and blue a little against each other."""

    def moved(colour: Colour) -> Colour:
        return (_bounded(colour[0] + shift), colour[1], _bounded(colour[2] - shift))

    return replace(
        palette, zenith=moved(palette.zenith), middle=moved(palette.middle), haze=moved(palette.haze)
    )


def _bounded(value: int) -> int:
    return max(0, min(255, value))
