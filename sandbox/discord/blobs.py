"""The bytes of attachments, held in memory up to a bound, and what can be told from their first bytes.

Sources: PNG specification, IHDR; GIF89a, logical screen descriptor; JPEG (ITU T.81), frame header;
WebP container specification.
"""

import mimetypes
import struct
from dataclasses import dataclass

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3})
_MAX_JPEG_SEGMENTS = 500


@dataclass(frozen=True, slots=True)
class Blob:
    """One file: what it holds and as what it is served."""

    data: bytes
    content_type: str


class Blobs:
    """Files by the path they are served under. Beyond `limit_bytes` the oldest are forgotten."""

    def __init__(self, limit_bytes: int = 512 * 1024 * 1024) -> None:
        self.limit_bytes = limit_bytes
        self._size_bytes = 0
        self._blobs: dict[str, Blob] = {}

    def put(self, path: str, blob: Blob) -> None:
        """Keep a file under a new path."""
        self._blobs[path] = blob
        self._size_bytes += len(blob.data)
        while self._size_bytes > self.limit_bytes:
            oldest = self._blobs.pop(next(iter(self._blobs)))
            self._size_bytes -= len(oldest.data)

    def get(self, path: str) -> Blob | None:
        """Return the file that is served under a path, if it is still there."""
        return self._blobs.get(path)


def content_type(filename: str, data: bytes) -> str:
    """Return the content type that Discord would serve a file as: by its first bytes, else by its name."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    guessed = mimetypes.guess_type(filename)[0]
    return guessed if guessed and not guessed.startswith("image/") else "application/octet-stream"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG, GIF, JPEG or WebP picture; None for anything else."""
    try:
        return _measure(data)
    except (struct.error, IndexError):
        return None


def _measure(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG"):
        return _pair(">II", data, 16)
    if data.startswith(b"GIF8"):
        return _pair("<HH", data, 6)
    if data.startswith(b"\xff\xd8"):
        return _measure_jpeg(data)
    if data[8:12] == b"WEBP":
        return _measure_webp(data)
    return None


def _measure_jpeg(data: bytes) -> tuple[int, int] | None:
    offset = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker, length = struct.unpack_from(">xBH", data, offset)
        if marker in _JPEG_FRAMES:
            height, width = _pair(">HH", data, offset + 5)
            return width, height
        offset += 2 + length
    return None


def _measure_webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return width + 1, height + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = _pair("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _pair(form: str, data: bytes, offset: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, data, offset)
    return int(first), int(second)
