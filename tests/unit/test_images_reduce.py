import hashlib
import time
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image, ImageChops, ImageCms, JpegImagePlugin, PngImagePlugin

from bot.errors import PictureRefusedError
from bot.images.encoded import Encoded
from bot.images.measure import measure
from bot.images.reduce import reduce

TEN_MIB = 10 * 1024 * 1024


def detailed(side: int) -> Image.Image:
    """Return a picture as hard to compress as a photograph: coarse shapes under fine grain."""
    layers = []
    for name in ("red", "green", "blue"):
        shape = Image.frombytes("L", (8, 8), hashlib.shake_128(name.encode()).digest(64))
        grain = Image.frombytes("L", (256, 256), hashlib.shake_128(name.upper().encode()).digest(256 * 256))
        tiled = Image.new("L", (side, side))
        for left in range(0, side, 256):
            for top in range(0, side, 256):
                tiled.paste(grain, (left, top))
        layers.append(Image.blend(shape.resize((side, side), Image.Resampling.BICUBIC), tiled, 0.2))
    return Image.merge("RGB", layers)


def encoded(image: Image.Image, file_format: str = "PNG", **options: object) -> Encoded:
    """Return an image as a file."""
    buffer = BytesIO()
    image.save(buffer, file_format, **options)
    return Encoded(file_format, image.width, image.height, buffer.getvalue())


def opened(picture: Encoded) -> Image.Image:
    """Return a file as an image."""
    return Image.open(BytesIO(picture.content))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean square of the difference of two images' pixels."""
    counts = ImageChops.difference(one, other).histogram()
    return sum(count * (value % 256) ** 2 for value, count in enumerate(counts)) / sum(counts)


@pytest.fixture(scope="module")
def image() -> Image.Image:
    """A detailed picture of 512 by 512 pixels."""
    return detailed(512)


def test_the_result_is_a_valid_jpeg_of_the_same_size_that_fits(image: Image.Image) -> None:
    """A picture that is too large keeps its pixels, and comes close to the limit without exceeding it."""
    reduced = reduce(encoded(image), 100_000)
    assert 90_000 < len(reduced.content) <= 100_000
    measured = measure(reduced.content)
    assert (measured.format, measured.width, measured.height) == ("JPEG", 512, 512)
    assert (reduced.format, reduced.width, reduced.height) == ("JPEG", 512, 512)


def test_more_room_means_more_quality(image: Image.Image) -> None:
    """The best quality that fits is taken: with every larger limit, the result is closer to the original."""
    limits = (20_000, 40_000, 80_000, 160_000)
    errors = [difference(image, opened(reduce(encoded(image), limit))) for limit in limits]
    assert all(small_limit > large_limit for small_limit, large_limit in pairwise(errors))


def test_colours_are_not_subsampled(image: Image.Image) -> None:
    """Every pixel keeps its own colour: the JPEG stores colour at full resolution."""
    reduced = opened(reduce(encoded(image), 100_000))
    assert JpegImagePlugin.get_sampling(reduced) == 0  # Pillow's number for 4:4:4


def test_only_what_fits_at_no_quality_is_scaled_down(image: Image.Image) -> None:
    """A limit far too low for all the pixels gives a smaller picture of the same shape."""
    wide = encoded(image.crop((0, 0, 512, 256)))
    reduced = reduce(wide, 5_000)
    assert len(reduced.content) <= 5_000
    assert reduced.width < 512
    assert reduced.width / reduced.height == pytest.approx(2, rel=0.05)
    assert opened(reduced).size == (reduced.width, reduced.height)


def test_what_cannot_fit_is_refused(image: Image.Image) -> None:
    """No JPEG is as small as 100 bytes."""
    with pytest.raises(PictureRefusedError, match="100 bytes"):
        reduce(encoded(image), 100)


def test_metadata_is_left_behind_and_the_colour_profile_kept(image: Image.Image) -> None:
    """Comments and EXIF are gone from the result; the profile, which the colours need, is not."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "secret")
    exif = Image.Exif()
    exif[0x010E] = "secret"
    for picture in (
        encoded(image, pnginfo=text, exif=exif, icc_profile=profile),
        encoded(image, "JPEG", quality=95, comment=b"secret", exif=exif, icc_profile=profile),
    ):
        assert b"secret" in picture.content
        for limit in (100_000, 10_000):
            reduced = reduce(picture, limit)
            assert b"secret" not in reduced.content
            assert opened(reduced).info["icc_profile"] == profile


def test_a_profile_for_other_colours_is_left_behind(image: Image.Image) -> None:
    """A profile that speaks of print colours would spoil the plain ones that the result has."""
    picture = encoded(image.convert("CMYK"), "JPEG", icc_profile=b"a profile for print")
    assert "icc_profile" not in opened(reduce(picture, 100_000)).info


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "1"])
def test_every_kind_of_pixel_can_be_encoded(image: Image.Image, mode: str) -> None:
    """Grey, palettes, transparency and print colours become the same picture in plain colours."""
    converted = image.convert("L").convert(mode) if mode == "LA" else image.convert(mode)
    picture = encoded(converted, "JPEG" if mode == "CMYK" else "PNG")
    reduced = reduce(picture, 1_000_000)
    assert difference(opened(reduced), opened(picture).convert("RGB")) < 100


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    """A grey picture with 16 bits a pixel does not turn white."""
    picture = encoded(Image.new("I;16", (64, 64), 0x8000))
    reduced = opened(reduce(picture, 1_000_000))
    assert reduced.getpixel((5, 5)) == (128, 128, 128)


def test_a_damaged_picture_is_refused(image: Image.Image) -> None:
    """Pixels that cannot be decoded are no picture, whatever Pillow raises."""
    picture = encoded(image)
    damaged = picture.content.replace(picture.content[1000:1100], b"\0" * 100)
    with pytest.raises(PictureRefusedError, match="encoded anew"):
        reduce(Encoded("PNG", 512, 512, damaged), 1000)


def test_the_tools_largest_picture_takes_seconds() -> None:
    """A picture of 4096 by 4096 pixels fits Discord's lowest limit within six seconds of work."""
    picture = encoded(detailed(4096), compress_level=1)
    assert len(picture.content) > 2 * TEN_MIB
    began = time.process_time()
    reduced = reduce(picture, TEN_MIB)
    assert time.process_time() - began < 6
    assert TEN_MIB * 0.9 < len(reduced.content) <= TEN_MIB
    assert (reduced.width, reduced.height) == (4096, 4096)
