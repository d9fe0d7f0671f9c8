"""Making a picture's file small enough, at the best quality that is."""

from bisect import bisect
from functools import partial
from io import BytesIO
from math import sqrt
from typing import Final

from PIL import Image

from bot.errors import PictureRefusedError
from bot.images.encoded import Encoded

# Above 95, Pillow's documentation says, files grow and pictures hardly improve.
_QUALITIES: Final = range(40, 96)
_SCALINGS_AT_MOST: Final = 8
_SCALING_MARGIN: Final = 0.9


def reduce(picture: Encoded, limit_bytes: int) -> Encoded:
    """Encode a measured picture anew so that it fits, without its metadata. Takes up to seconds.

    The result is a JPEG without chroma subsampling, at the highest quality that fits: from 2.5 bits a pixel
    on it is closer to the original than a WebP of the same size, and Discord's lowest limit leaves the tool's
    largest picture 5 bits a pixel. Only where no quality fits is the picture scaled down. Transparency, which
    the tool's pictures do not have, is dropped.

    Args:
        picture: the picture.
        limit_bytes: how large the new file may be.

    Raises:
        PictureRefusedError: it cannot be decoded, or cannot be made to fit.
    """
    try:
        reduced = _fit(_decode(picture), limit_bytes)
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise PictureRefusedError(f"the picture cannot be encoded anew: {error!r:.200}") from error
    if reduced is None:
        raise PictureRefusedError(f"the picture cannot be made to fit {limit_bytes} bytes")
    return reduced


def _decode(picture: Encoded) -> Image.Image:
    with Image.open(BytesIO(picture.content), formats=[picture.format]) as opened:
        # Converting 16 bits of grey would cut them off at 255 instead of scaling them.
        eight_bits = opened.point(lambda value: value / 256) if opened.mode == "I;16" else opened
        image = eight_bits.convert("RGB")
        # The profile is kept: without it, the colours would mean something else.
        profile = opened.info.get("icc_profile") if opened.mode in {"RGB", "RGBA"} else None
    image.info = {"icc_profile": profile}
    return image


def _fit(image: Image.Image, limit_bytes: int) -> Encoded | None:
    for _ in range(_SCALINGS_AT_MOST):
        fitting = bisect(_QUALITIES, limit_bytes, key=partial(_encoded_bytes, image))
        if fitting:
            return Encoded("JPEG", image.width, image.height, _encode(image, _QUALITIES[fitting - 1]))
        image = _scale(image, sqrt(limit_bytes / _encoded_bytes(image, _QUALITIES[0])) * _SCALING_MARGIN)
    return None


def _encode(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    profile = image.info.get("icc_profile")
    image.save(buffer, "JPEG", quality=quality, subsampling="4:4:4", icc_profile=profile)
    return buffer.getvalue()


def _encoded_bytes(image: Image.Image, quality: int) -> int:
    return len(_encode(image, quality))


def _scale(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, int(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)
