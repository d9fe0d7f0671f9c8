"""What messages with pictures have in common: the gallery, the files that go up with it, and the settings."""

import io
from collections.abc import Sequence
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


def files(pictures: Sequence[Picture]) -> list[discord.File]:
    """Return the files of one attempt; sending uses them up."""
    return [discord.File(io.BytesIO(picture.content), filename=picture.filename) for picture in pictures]


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
