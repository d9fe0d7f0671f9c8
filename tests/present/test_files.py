"""The files of an upload: whose bytes they hold, and for how long."""

import gc
import io
from weakref import ref

import discord
import pytest

from bot.images import FetchedPicture
from bot.present.parts import files

CONTENT = bytes(1000)


def _picture(number: int = 1) -> FetchedPicture:
    return FetchedPicture(
        filename=f"sana-{number}.png", content=CONTENT, width=8, height=8, url="", reduced=False
    )


def _send(file: discord.File) -> None:
    """Do with a file what discord.py does."""
    file.reset(seek=True)
    assert file.fp.read() == CONTENT
    file.close()


def test_a_file_makes_no_copy_of_its_picture() -> None:
    """Asked for its buffer, as aiohttp asks first, a file gives the very bytes that were fetched."""
    with files([_picture()]) as (file,):
        assert isinstance(file.fp, io.BytesIO)
        assert file.fp.getbuffer().obj is CONTENT
        _send(file)
        _send(file)  # discord.py repeats what was answered with a 5xx


def test_the_bytes_are_let_go_of_at_once() -> None:
    """What was sent holds no bytes, although discord.py leaves it to the garbage collector."""
    gc.disable()
    try:
        with files([_picture(1), _picture(2)]) as uploads:
            streams = [ref(file.fp) for file in uploads]
            for file in uploads:
                _send(file)
        del file, uploads
        left = [stream for stream in (stream() for stream in streams) if stream is not None]
        assert all(stream.closed for stream in left)
    finally:
        gc.enable()


def test_the_bytes_are_let_go_of_after_a_failure() -> None:
    """An attempt that fails keeps no bytes either."""
    with pytest.raises(TimeoutError), files([_picture()]) as uploads:
        raise TimeoutError
    assert uploads[0].fp.closed
