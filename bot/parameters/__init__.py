"""The tool's inputs: ranges, defaults, descriptions, wire form and cost, each said once.

`SanaParameters` is the one place that holds them. `limits` and `DESCRIPTIONS` read them back for the slash
command, and `parse` turns a member's options into it, or into one sentence for each field that is wrong.
"""

from bot.parameters.choices import INSPIRES, PIXELS_PER_CREDIT, SIZES, Inspire, Size, credits_per_picture
from bot.parameters.model import DESCRIPTIONS, Range, SanaParameters, limits
from bot.parameters.parse import parse

__all__ = [
    "DESCRIPTIONS",
    "INSPIRES",
    "PIXELS_PER_CREDIT",
    "SIZES",
    "Inspire",
    "Range",
    "SanaParameters",
    "Size",
    "credits_per_picture",
    "limits",
    "parse",
]
