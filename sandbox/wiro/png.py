"""Writing PNG files (8-bit truecolour RGB), sound ones and, for tests of a client's defences, unsound ones.

Source: the PNG specification, third edition: signature, chunks, IHDR, IDAT, IEND, filter type 0.
"""

import random
import struct
import zlib
from collections.abc import Iterable

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE_RGB = 2
_BATCH_BYTES = 256 * 1024  # what is compressed at once: large enough to let other threads run meanwhile
_STORED, _FAST = 0, 1


def encode(width: int, height: int, rows: Iterable[bytes | bytearray]) -> bytes:
    """Give the PNG file of `height` rows of `width` pixels, three bytes (red, green, blue) each."""
    return _file(width, height, _compress(rows, level=_FAST))


def noise(width: int, height: int, seed: int) -> bytes:
    """Give a valid PNG of random pixels, which nothing can compress: about three bytes for every pixel."""
    source = random.Random(seed)  # noqa: S311 - pixels, not secrets
    rows = (source.randbytes(width * 3) for _ in range(height))
    return _file(width, height, _compress(rows, level=_STORED))


def bomb(side: int = 50_000) -> bytes:
    """Give a tiny file whose header declares `side` x `side` pixels; its data are a few rows of black."""
    rows = (bytes(side * 3) for _ in range(8))
    return _file(side, side, _compress(rows, level=9))


def with_wrong_checksum(png: bytes) -> bytes:
    """Give the file with one bit of its last IDAT chunk's checksum turned over."""
    end = len(png) - len(_chunk(b"IEND", b"")) - 1
    return png[:end] + bytes([png[end] ^ 1]) + png[end + 1 :]


def truncated(png: bytes) -> bytes:
    """Give the first half of the file."""
    return png[: len(png) // 2]


def _file(width: int, height: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE_RGB, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join(
        (struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
    )


def _compress(rows: Iterable[bytes | bytearray], level: int) -> bytes:
    compressor = zlib.compressobj(level)
    packed: list[bytes] = []
    batch = bytearray()
    for row in rows:
        batch.append(0)  # filter type 0: the row as it is
        batch += row
        if len(batch) >= _BATCH_BYTES:
            packed.append(compressor.compress(batch))
            batch = bytearray()
    packed.append(compressor.compress(batch))
    packed.append(compressor.flush())
    return b"".join(packed)
