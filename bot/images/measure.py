"""What a file is, from its own bytes: PNG, JPEG and WebP, walked through without decoding a pixel.

Each walk proves that the file is whole and finds its size in pixels and its end, behind which anything may
have been hung. Sources: the PNG specification, third edition; ITU-T T.81, annex B; RFC 9649.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from bot.errors import PictureRefusedError

_SIDE_AT_MOST: Final = 8192
_PIXELS_AT_MOST: Final = 4096 * 4096 * 11 // 10  # the tool's largest picture, and a little
_PIECES_IN_ANY: Final = 1024
_BYTES_A_PIECE: Final = 1024  # beyond those; libpng writes 8 KiB a piece

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTHS_BY_COLOUR_TYPE: Final = {
    0: {1, 2, 4, 8, 16},
    2: {8, 16},
    3: {1, 2, 4, 8},
    4: {8, 16},
    6: {8, 16},
}

_JPEG_SIGNATURE: Final = b"\xff\xd8\xff"
# Possessive, so that a million fill bytes are not tried from each of them anew.
_JPEG_MARKER: Final = re.compile(rb"\xff++([^\x00\xd0-\xd7])")
_JPEG_MARKER_AFTER_DATA: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Baseline, extended and progressive: those that browsers show.
_JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_SCAN: Final = 0xDA
_SCANS_AT_MOST: Final = 100  # libjpeg writes ten; a decoder may go through the whole picture in each
_JPEG_END: Final = 0xD9

_WEBP_LOSSY_START: Final = b"\x9d\x01\x2a"
_WEBP_LOSSLESS_START: Final = 0x2F


@dataclass(frozen=True, slots=True)
class Measured:
    """What a walk found."""

    format: str  # Pillow's name for it
    width: int
    height: int
    size_bytes: int  # up to the end of the picture; what follows is none of it


def measure(content: bytes) -> Measured:
    """Return what a file is.

    Raises:
        PictureRefusedError: it is no PNG, JPEG or still WebP, is damaged or cut off, or has too many pixels.
    """
    try:
        measured = _walk(content)
    except struct.error as error:
        raise PictureRefusedError("the picture is cut off") from error
    width, height = measured.width, measured.height
    if not (0 < width <= _SIDE_AT_MOST and 0 < height <= _SIDE_AT_MOST and width * height <= _PIXELS_AT_MOST):
        raise PictureRefusedError(f"the picture claims {width} by {height} pixels")
    return measured


def _walk(content: bytes) -> Measured:
    if content.startswith(_PNG_SIGNATURE):
        return _walk_png(content)
    if content.startswith(_JPEG_SIGNATURE):
        return _walk_jpeg(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _walk_webp(content)
    raise PictureRefusedError("the file is no picture")


def _pieces_at_most(content: bytes) -> int:
    """Return how many pieces a file may be in: each takes time, and a small file is not given a thread."""
    return _PIECES_IN_ANY + len(content) // _BYTES_A_PIECE


def _walk_png(content: bytes) -> Measured:
    """Walk the chunks and check each one's CRC."""
    view = memoryview(content)
    at = len(_PNG_SIGNATURE)
    header: tuple[int, int] | None = None
    has_pixels = False
    for _ in range(_pieces_at_most(content)):
        size, kind = struct.unpack_from(">I4s", content, at)
        (crc,) = struct.unpack_from(">I", content, at + 8 + size)
        if zlib.crc32(view[at + 4 : at + 8 + size]) != crc:
            raise PictureRefusedError("the PNG is damaged")
        if (kind == b"IHDR") != (header is None):
            raise PictureRefusedError("the PNG's header is missing, or comes twice")
        header = header or _read_png_header(content, at + 8, size)
        has_pixels = has_pixels or kind == b"IDAT"
        at += 12 + size
        if kind == b"IEND" and has_pixels:
            return Measured("PNG", *header, at)
    raise PictureRefusedError("the PNG is in too many pieces")


def _read_png_header(content: bytes, at: int, size: int) -> tuple[int, int]:
    layout = ">IIBBBBB"
    width, height, depth, colours, compression, filters, interlace = struct.unpack_from(layout, content, at)
    known = size == struct.calcsize(layout) and depth in _PNG_DEPTHS_BY_COLOUR_TYPE.get(colours, ())
    if not known or compression or filters or interlace > 1:
        raise PictureRefusedError("the PNG's header makes no sense")
    return width, height


def _walk_jpeg(content: bytes) -> Measured:
    """Walk the segments, and across the coded data behind each scan's header to the next marker."""
    at = 2
    frame: tuple[int, int] | None = None
    scans = 0
    for _ in range(_pieces_at_most(content)):
        marker = _JPEG_MARKER.match(content, at)
        if marker is None:
            raise PictureRefusedError("the JPEG is damaged or cut off")
        kind = marker[1][0]
        at = marker.end()
        if kind == _JPEG_END and frame and scans:
            return Measured("JPEG", *frame, at)
        (size,) = struct.unpack_from(">H", content, at)
        if kind in _JPEG_FRAMES:
            if frame:
                raise PictureRefusedError("the JPEG has two frames")
            height, width = struct.unpack_from(">HH", content, at + 3)
            frame = (width, height)
        at += size
        if kind == _JPEG_SCAN:
            scans += 1
            if scans > _SCANS_AT_MOST:
                raise PictureRefusedError("the JPEG has too many scans")
            following = _JPEG_MARKER_AFTER_DATA.search(content, at)
            at = following.start() if following else at
    raise PictureRefusedError("the JPEG is in too many pieces")


def _walk_webp(content: bytes) -> Measured:
    """Walk the RIFF chunks; an animation has no picture of its own among them."""
    (size,) = struct.unpack_from("<I", content, 4)
    end = 8 + size
    if end > len(content):
        raise PictureRefusedError("the WebP is cut off")
    at = 12
    canvas: tuple[int, int] | None = None
    frame: tuple[int, int] | None = None
    for _ in range(_pieces_at_most(content)):
        if at >= end:
            break
        kind, size = struct.unpack_from("<4sI", content, at)
        if at + 8 + size > end:
            raise PictureRefusedError("the WebP is damaged")
        if kind == b"VP8X":
            canvas = _read_webp_canvas(content, at + 8)
        elif kind in {b"VP8 ", b"VP8L"}:
            if frame:
                raise PictureRefusedError("the WebP has two pictures")
            frame = (_read_webp_lossy if kind == b"VP8 " else _read_webp_lossless)(content, at + 8)
        at += 8 + size + size % 2
    else:
        raise PictureRefusedError("the WebP is in too many pieces")
    if frame is None or canvas not in {None, frame}:
        raise PictureRefusedError("the WebP is animated, or holds no whole picture")
    return Measured("WEBP", *frame, end)


def _read_webp_canvas(content: bytes, at: int) -> tuple[int, int]:
    sides = content[at + 4 : at + 10]
    return 1 + int.from_bytes(sides[:3], "little"), 1 + int.from_bytes(sides[3:], "little")


def _read_webp_lossy(content: bytes, at: int) -> tuple[int, int]:
    start, width, height = struct.unpack_from("<3sHH", content, at + 3)
    if start != _WEBP_LOSSY_START:
        raise PictureRefusedError("the WebP is damaged")
    return width & 0x3FFF, height & 0x3FFF


def _read_webp_lossless(content: bytes, at: int) -> tuple[int, int]:
    start, packed = struct.unpack_from("<BI", content, at)
    if start != _WEBP_LOSSLESS_START:
        raise PictureRefusedError("the WebP is damaged")
    return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
