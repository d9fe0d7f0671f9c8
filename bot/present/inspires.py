"""The page of `/inspire`."""

from typing import Any

from discord import ui

from bot.parameters import INSPIRES
from bot.present.buttons import inspire_button
from bot.present.page import Colour, Page
from bot.present.text import escape

_HEADING = "**Ideas to begin with.** Looking costs nothing; a picture costs what `/sana` does."


def inspires() -> Page:
    """Return a page of all inspires, each with a button that runs it."""
    sections = [
        ui.Section[Any](
            ui.TextDisplay[Any](f"**{escape(inspire.title)}**\n{escape(inspire.prompt)}"),
            accessory=inspire_button(number),
        )
        for number, inspire in enumerate(INSPIRES, start=1)
    ]
    return Page(Colour.WAITING, [ui.TextDisplay[Any](_HEADING), *sections])
