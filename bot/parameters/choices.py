"""What a member can choose by name: sizes, and the tool's inspires. And what a size costs."""

from dataclasses import dataclass
from typing import Final

PIXELS_PER_CREDIT: Final = 1_048_576
"""A picture costs one credit for every started 1,048,576 pixels. Source: the design, Credits."""

NEGATIVE_PROMPT: Final = "bad, ugly, low quality"
"""The tool's default. Source: Wiro's reference, The tool."""


def credits_per_picture(width: int, height: int) -> int:
    """Return what one picture of this size costs."""
    return -(-width * height // PIXELS_PER_CREDIT)


@dataclass(frozen=True, slots=True)
class Size:
    """A named size, so that nobody needs to think in pixels."""

    name: str
    title: str
    width: int
    height: int

    @property
    def label(self) -> str:
        """What a member reads in the list of choices; dearer sizes say what they cost."""
        label = f"{self.title} {self.width} × {self.height}"
        cost = credits_per_picture(self.width, self.height)
        return label if cost == 1 else f"{label} ({cost} credits)"


SIZES: Final = (
    Size("square", "Square", 1024, 1024),
    Size("portrait", "Portrait", 896, 1152),
    Size("landscape", "Landscape", 1152, 896),
    Size("wide", "Wide", 1344, 768),
    Size("tall", "Tall", 768, 1344),
    Size("square-2k", "2K square", 2048, 2048),
    Size("wide-2k", "2K wide", 2688, 1536),
    Size("tall-2k", "2K tall", 1536, 2688),
    Size("square-4k", "4K square", 4096, 4096),
)
"""The choices of the option `size`, the default first."""


@dataclass(frozen=True, slots=True)
class Inspire:
    """A sample input that the tool's page offers, under a title of ours."""

    title: str
    prompt: str
    negative_prompt: str = NEGATIVE_PROMPT


INSPIRES: Final = (
    Inspire(
        title="Black panther",
        prompt="Cinematic photo, black panther, trending on artstation",
    ),
    Inspire(
        title="Haunted house",
        prompt="haunted house, pixel-art, low-res, blocky, pixel art style, 8-bit graphics, colorful",
    ),
    Inspire(
        title="Double exposure",
        prompt="double exposure portrait of a beautiful woman with brown hair and a snowy tree under the"
        " bright moonlight by Dave White, Conrad Roset, Brandon Kidwell, Andreas Lie, Dan Mountford,"
        " Agnes Cecile, splash art, winter colours, gouache, triadic colours, thick opaque strokes,"
        " brocade, depth of field, hyperdetailed, whimsimcal, amazing depth, dynamic, dreamy"
        " masterwork",
    ),
    Inspire(
        title="Ancient dragon",
        prompt="a fantasy illustration of a majestic, ancient dragon with an opalescent scales, amidst"
        " glowing enchanted forest, illuminated by magical moonlight, intricate, highly detailed,"
        " rich textures, mystical ambiance, digital painting, vivid colors, ethereal, artstation"
        " trending, detailed matte background, sharp focus, smooth, majestic, by Todd Lockwood,"
        " Donato Giancola, Frank Frazetta, and Brom",
    ),
)
"""The tool's four inspires, word for word. Source: Wiro's reference, The tool."""
