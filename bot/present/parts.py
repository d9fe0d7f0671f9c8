"""What messages with pictures have in common: the gallery, the files that go up with it, and the settings."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import discord

from bot.jobs.ports import Picture
from bot.parameters import SanaParameters
from bot.present.text import count_of_pictures, cut, tidy

MAX_ALT_TEXT: Final = 1024
"""Source: Discord's reference, Media Gallery Item."""


def gallery(parameters: SanaParameters, pictures: Sequence[Picture]) -> list[discord.MediaGalleryItem]:
    """Return the items of a gallery, each with the prompt as its alt text, and its number among several."""
    prompt, count = tidy(parameters.prompt), len(pictures)
    return [
        discord.MediaGalleryItem(
            f"attachment://{picture.filename}",
            description=cut(prompt if count == 1 else f"{number} of {count}: {prompt}", MAX_ALT_TEXT),
            spoiler=parameters.spoiler,
        )
        for number, picture in enumerate(pictures, start=1)
    ]


@contextmanager
def files(pictures: Sequence[Picture]) -> Iterator[list[discord.File]]:
    """Give the files of one attempt, and let go of their bytes after it.

    discord.py leaves every file that was sent in a reference cycle, so that its bytes would stay in memory
    until the garbage collector comes by, which many large pictures do not bring about.
    """
    streams = [_Stream(picture.content) for picture in pictures]
    try:
        yield [
            discord.File(stream, filename=picture.filename)
            for stream, picture in zip(streams, pictures, strict=True)
        ]
    finally:
        for stream in streams:
            io.BytesIO.close(stream)  # discord.py has put something else in the place of its own


class _Stream(io.BytesIO):
    """Bytes that are read without a copy being made: aiohttp asks for the buffer to learn its size."""

    def getbuffer(self) -> memoryview:
        return memoryview(self.getvalue())


def settings_line(parameters: SanaParameters) -> str:
    """Return what, besides the prompts, makes the pictures again."""
    return " · ".join(
        [
            f"Seed {parameters.seed}",
            f"{parameters.width} × {parameters.height}",
            f"{parameters.steps} {'step' if parameters.steps == 1 else 'steps'}",
            f"scale {parameters.scale_text}",
            count_of_pictures(parameters.samples),
        ]
    )
