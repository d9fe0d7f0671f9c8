"""A picture as a file, apart from what encodes it: Pillow is imported where it is needed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as a file."""

    format: str  # Pillow's name for it
    width: int
    height: int
    content: bytes
