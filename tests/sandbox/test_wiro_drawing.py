import asyncio
import hashlib
import io
import time

import pytest
from PIL import Image

from sandbox.wiro.drawing import draw_png
from sandbox.wiro.drawings import Drawings
from sandbox.wiro.tool import read_inputs

INSPIRE = "Cinematic photo, black panther, trending on artstation"

SCENE = "b8a22de199c44a2f89a566811ddb78bcabd2090eccd225150be0f5c4ec80491e"


def pixels(png: bytes) -> Image.Image:
    """Decode a file whole."""
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "RGB")
        return image


@pytest.mark.parametrize(
    "size", [(256, 256), (1024, 1024), (4096, 256), (256, 4096), (832, 1216), (288, 256), (1344, 768)]
)
def test_every_size_is_a_valid_picture(size: tuple[int, int]) -> None:
    """A picture of any size decodes to that size, and is not of one colour."""
    image = pixels(draw_png(*size, INSPIRE, 7, 0))
    assert image.size == size
    assert len(set(image.resize((16, 16)).tobytes())) > 50


def test_the_same_input_gives_the_same_bytes() -> None:
    """Drawing twice gives the same file."""
    assert draw_png(320, 256, "a red fox", 7, 0) == draw_png(320, 256, "a red fox", 7, 0)


def test_the_same_input_gives_the_same_pixels_everywhere() -> None:
    """The pixels are the ones that were drawn when this test was written."""
    image = pixels(draw_png(320, 256, "a red fox", 7, 0))
    assert hashlib.sha256(image.tobytes()).hexdigest() == SCENE


def test_every_input_changes_the_picture() -> None:
    """Prompt, seed and index give another picture each."""
    inputs = [("a red fox", 7, 0), ("a red fox!", 7, 0), ("a red fox", 8, 0), ("a red fox", 7, 1), ("", 0, 0)]
    drawn = {draw_png(256, 256, *each) for each in inputs}
    assert len(drawn) == len(inputs)


def test_the_scene_is_the_same_at_every_size() -> None:
    """A larger picture of the same prompt and seed shows the same scene."""
    small = pixels(draw_png(256, 256, INSPIRE, 7, 0)).resize((8, 8), Image.Resampling.BOX)
    large = pixels(draw_png(768, 768, INSPIRE, 7, 0)).resize((8, 8), Image.Resampling.BOX)
    apart = [abs(one - other) for one, other in zip(small.tobytes(), large.tobytes(), strict=True)]
    assert sum(apart) / len(apart) < 6


def test_words_choose_the_mood() -> None:
    """A panther is drawn at night and a fox in warm colours."""
    night = pixels(draw_png(256, 256, INSPIRE, 7, 0)).resize((1, 1), Image.Resampling.BOX).tobytes()
    fox = pixels(draw_png(256, 256, "a red fox", 7, 0)).resize((1, 1), Image.Resampling.BOX).tobytes()
    assert max(night) < 128
    assert night[2] > night[0]
    assert fox[0] > fox[2] + 20


async def test_a_picture_is_drawn_once() -> None:
    """Whoever asks for a picture gets the same object, at once or later, while there is room for it."""
    fox, owl = (
        read_inputs({"prompt": prompt, "width": 256, "height": 256}) for prompt in ("a fox", "an owl")
    )
    for room, kept in ((10_000_000, True), (1, False)):
        drawings = Drawings(max_kept_bytes=room)
        try:
            first, *others = await asyncio.gather(*(drawings.picture(fox, 0) for _ in range(10)))
            assert all(other is first for other in others)
            await drawings.picture(owl, 0)
            again = await drawings.picture(fox, 0)
            assert again == first
            assert (again is first) is kept
        finally:
            await drawings.close()


def test_drawing_is_quick() -> None:
    """The largest picture takes less than the two seconds that it may, a usual one a fraction."""
    begun = time.process_time()
    draw_png(4096, 4096, INSPIRE, 7, 0)
    assert time.process_time() - begun < 2
