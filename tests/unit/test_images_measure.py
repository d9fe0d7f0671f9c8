import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.errors import PictureRefusedError
from bot.images.encoded import Encoded
from bot.images.measure import Measured, measure
from bot.images.reduce import reduce

WIDTH, HEIGHT = 48, 32


def drawn(file_format: str, *, mode: str = "RGB", **options: object) -> bytes:
    """Return a small picture with detail in it as a file."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = bytes(number * number % 251 for number in range(WIDTH * HEIGHT * bands))
    buffer = BytesIO()
    Image.frombytes(mode, (WIDTH, HEIGHT), pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """Return a PNG chunk with its right CRC."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes) -> bytes:
    """Return a PNG made of these chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(width: int, height: int, rest: bytes = b"\x08\x02\0\0\0") -> bytes:
    """Return a PNG's first chunk."""
    return chunk(b"IHDR", struct.pack(">II", width, height) + rest)


PIXELS, END = chunk(b"IDAT", zlib.compress(b"\0" * 100)), chunk(b"IEND")
PNG, JPEG, WEBP = drawn("PNG"), drawn("JPEG"), drawn("WEBP")
VALID = {
    "png": PNG,
    "png-grey": drawn("PNG", mode="L"),
    "png-transparent": drawn("PNG", mode="RGBA"),
    "png-palette": drawn("PNG", mode="P"),
    "jpeg": JPEG,
    "jpeg-progressive": drawn("JPEG", progressive=True),
    "jpeg-with-exif": drawn("JPEG", exif=b"Exif\0\0\xff\xd9\xff\xda", comment=b"\xff\xd9"),
    "jpeg-with-fill-bytes": JPEG.replace(b"\xff\xc0", b"\xff\xff\xff\xc0")[:-2] + b"\xff\xff\xff\xd9",
    "jpeg-with-restarts": drawn("JPEG", restart_marker_blocks=1),
    "webp": WEBP,
    "webp-lossless": drawn("WEBP", lossless=True),
    "webp-transparent": drawn("WEBP", mode="RGBA"),
    "webp-to-be-scaled": WEBP.replace(
        struct.pack("<HH", WIDTH, HEIGHT), struct.pack("<HH", WIDTH | 0x4000, HEIGHT | 0x8000), 1
    ),
    "webp-with-exif": drawn("WEBP", exif=b"Exif\0\0odd"),
}
FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


@pytest.mark.parametrize("name", VALID)
def test_pictures_are_measured(name: str) -> None:
    """Every kind of PNG, JPEG and WebP gives its format, its size in pixels and its own end."""
    content = VALID[name]
    file_format = FORMATS[name.partition("-")[0]]
    assert measure(content) == Measured(file_format, WIDTH, HEIGHT, len(content))


@pytest.mark.parametrize("name", VALID)
def test_what_is_hung_behind_a_picture_is_no_part_of_it(name: str) -> None:
    """A tail, such as another file, does not move the picture's end."""
    assert measure(VALID[name] + b"PK\x03\x04\xff\xd9 a tail").size_bytes == len(VALID[name])


@pytest.mark.parametrize("name", VALID)
def test_a_cut_off_picture_is_refused(name: str) -> None:
    """However much is missing, down to the last byte, it is noticed."""
    for length in range(len(VALID[name])):
        with pytest.raises(PictureRefusedError):
            measure(VALID[name][:length])


def test_every_flipped_bit_of_a_png_is_noticed() -> None:
    """The checksums of a PNG are checked: no byte of it can change unnoticed."""
    for at in range(len(PNG)):
        damaged = bytearray(PNG)
        damaged[at] ^= 0x10
        with pytest.raises(PictureRefusedError):
            measure(bytes(damaged))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><title>Not found</title>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 100,
        b"BM" + b"\0" * 100,
        b"RIFF\x24\0\0\0WAVEfmt ",
        PNG[1:],
        b" " + JPEG,
    ],
    ids=["empty", "html", "svg", "gif", "bmp", "wave", "png-without-its-first-byte", "jpeg-behind-a-space"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    """Web pages, vector pictures and other files are told by their first bytes."""
    with pytest.raises(PictureRefusedError, match="no picture"):
        measure(content)


@pytest.mark.parametrize(
    "content",
    [
        png(header(0, 10), PIXELS, END),
        png(header(10, 0), PIXELS, END),
        png(header(8193, 10), PIXELS, END),
        png(header(10, 8193), PIXELS, END),
        png(header(8192, 4096), PIXELS, END),
        png(header(2**31 - 1, 2**31 - 1), PIXELS, END),
        JPEG.replace(struct.pack(">HH", HEIGHT, WIDTH), b"\xff\x00\xff\x00", 1),
        JPEG.replace(struct.pack(">HH", HEIGHT, WIDTH), b"\0\0\0\x30", 1),
        WEBP.replace(struct.pack("<HH", WIDTH, HEIGHT), b"\xff\x3f\xff\x3f", 1),
    ],
)
def test_a_picture_of_impossible_size_is_refused(content: bytes) -> None:
    """No side may be 0 or above 8192, and the pixels hardly above 4096 times 4096: a bomb is not unpacked."""
    with pytest.raises(PictureRefusedError, match="claims"):
        measure(content)


def test_the_tools_largest_picture_is_accepted() -> None:
    """4096 by 4096 is within the limits."""
    assert measure(png(header(4096, 4096), PIXELS, END)).width == 4096


@pytest.mark.parametrize(
    "content",
    [
        png(PIXELS, header(10, 10), END),
        png(header(10, 10), header(10, 10), PIXELS, END),
        png(header(10, 10), END),
        png(header(10, 10), PIXELS),
        png(header(10, 10, b"\x03\x02\0\0\0"), PIXELS, END),
        png(header(10, 10, b"\x08\x05\0\0\0"), PIXELS, END),
        png(header(10, 10, b"\x08\x02\x01\0\0"), PIXELS, END),
        png(header(10, 10, b"\x08\x02\0\x01\0"), PIXELS, END),
        png(header(10, 10, b"\x08\x02\0\0\x02"), PIXELS, END),
        png(header(10, 10, b"\x08\x02\0\0\0\0"), PIXELS, END),
        png(header(10, 10), *[chunk(b"teXt")] * 70_000, PIXELS, END),
    ],
    ids=[
        "header-late",
        "header-twice",
        "no-pixels",
        "no-end",
        "depth",
        "colours",
        "compression",
        "filter",
        "interlace",
        "header-too-long",
        "too-many-pieces",
    ],
)
def test_a_png_that_makes_no_sense_is_refused(content: bytes) -> None:
    """A PNG's chunks have to be the ones that it needs, in order, and not absurdly many."""
    with pytest.raises(PictureRefusedError):
        measure(content)


SCAN = JPEG[JPEG.index(b"\xff\xda") :]
FRAME = JPEG[JPEG.index(b"\xff\xc0") :][:19]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + SCAN,
        b"\xff\xd8" + FRAME + b"\xff\xd9",
        b"\xff\xd8" + FRAME + FRAME + SCAN,
        b"\xff\xd8" + FRAME.replace(b"\xff\xc0", b"\xff\xc3") + SCAN,
        b"\xff\xd8" + b"\xff\xe0\0\x02" * 70_000 + FRAME + SCAN,
        b"\xff\xd8" + FRAME + b"\0" + SCAN,
    ],
    ids=["no-frame", "no-scan", "two-frames", "lossless", "too-many-pieces", "no-marker"],
)
def test_a_jpeg_that_makes_no_sense_is_refused(content: bytes) -> None:
    """A JPEG needs one frame of a usual kind and a scan, and not absurdly many segments."""
    assert measure(b"\xff\xd8" + FRAME + SCAN).width == WIDTH
    with pytest.raises(PictureRefusedError):
        measure(content)


def test_a_jpeg_of_many_scans_is_refused() -> None:
    """Each scan may touch every pixel anew: so many are no picture, but work for minutes."""
    scan = b"\xff\xda\0\x02"
    assert measure(b"\xff\xd8" + FRAME + scan * 99 + SCAN).width == WIDTH
    with pytest.raises(PictureRefusedError, match="scans"):
        measure(b"\xff\xd8" + FRAME + scan * 100 + SCAN)


def test_a_jpeg_of_fill_bytes_takes_no_time() -> None:
    """Millions of fill bytes are passed in one go, not tried from each of them anew."""
    with pytest.raises(PictureRefusedError):
        measure(b"\xff\xd8" + FRAME + b"\xff\xda\0\x02" + b"\xff" * 4_000_000)
    with pytest.raises(PictureRefusedError):
        measure(b"\xff\xd8" + b"\xff" * 4_000_000)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a WebP made of these chunks."""
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def canvas(width: int, height: int) -> tuple[bytes, bytes]:
    """Return the chunk that begins an extended WebP."""
    return b"VP8X", b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


LOSSY = (b"VP8 ", WEBP[20:])


@pytest.mark.parametrize(
    "content",
    [
        riff(),
        riff(canvas(WIDTH, HEIGHT)),
        riff(canvas(WIDTH, HEIGHT + 1), LOSSY),
        riff(LOSSY, LOSSY),
        riff((b"VP8 ", WEBP[20:].replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b", 1))),
        riff((b"VP8L", b"\0" * 20)),
        riff(*[(b"odd ", b"")] * 70_000, LOSSY),
        riff(LOSSY)[:16] + b"\xff\xff\xff\x7f" + WEBP[20:],
    ],
    ids=[
        "empty",
        "canvas-alone",
        "canvas-differs",
        "two",
        "lossy-start",
        "lossless-start",
        "pieces",
        "length",
    ],
)
def test_a_webp_that_makes_no_sense_is_refused(content: bytes) -> None:
    """A WebP needs one picture, as large as its canvas."""
    assert measure(riff(canvas(WIDTH, HEIGHT), LOSSY)).width == WIDTH
    with pytest.raises(PictureRefusedError):
        measure(content)


@pytest.mark.parametrize(
    "many",
    [
        lambda count: png(header(10, 10), *[chunk(b"teXt")] * count, PIXELS, END),
        lambda count: b"\xff\xd8" + b"\xff\xe0\0\x02" * count + FRAME + SCAN,
        lambda count: riff(*[(b"odd ", b"")] * count, LOSSY),
    ],
    ids=["png", "jpeg", "webp"],
)
def test_a_small_file_of_many_pieces_is_refused(many: Callable[[int], bytes]) -> None:
    """A small file is looked through on the event loop: it may not take as long as the largest."""
    assert measure(many(1000)).width in {10, WIDTH}
    with pytest.raises(PictureRefusedError, match="pieces"):
        measure(many(4000))


def test_a_large_png_of_small_pieces_is_accepted() -> None:
    """Pieces of a kilobyte, an eighth of what libpng writes, are no reason to refuse a picture."""
    pieces = [chunk(b"IDAT", bytes(1012))] * 8192
    assert measure(png(header(10, 10), *pieces, END)).width == 10


def test_an_animation_is_refused() -> None:
    """A WebP that moves is not what the tool makes."""
    frames = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("red", "blue")]
    buffer = BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(PictureRefusedError, match="animated"):
        measure(buffer.getvalue())


@given(
    st.binary()
    | st.sampled_from([PNG[:8], PNG[:33], JPEG[:20], WEBP[:16]]).flatmap(
        lambda start: st.binary().map(lambda rest: start + rest)
    )
)
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    """Whatever a file holds, it is measured or refused."""
    with suppress(PictureRefusedError):
        measure(content)


@given(
    st.sampled_from(sorted(VALID)),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4), st.integers(0, 4)), min_size=1
    ),
)
def test_no_damage_raises_anything_else(name: str, damages: list[tuple[float, bytes, int]]) -> None:
    """A picture with bytes replaced, put in or taken out can be measured and encoded anew, or is refused."""
    content = VALID[name]
    for where, put_in, taken_out in damages:
        at = int(where * len(content))
        content = content[:at] + put_in + content[at + taken_out :]
    with suppress(PictureRefusedError):
        measured = measure(content)
        picture = Encoded(measured.format, measured.width, measured.height, content[: measured.size_bytes])
        assert len(reduce(picture, 900).content) <= 900
