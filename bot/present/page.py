"""The frame of every message: a container in the colour of the job's state, within Discord's limits."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

from discord import ui

MAX_TEXT: Final = 4000
"""Characters over all text displays of a message. Source: the design, What can be seen from outside."""


class Colour(IntEnum):
    """Accent colours."""

    WAITING = 0x5865F2
    HELD = 0xE67E22
    RUNNING = 0xF1C40F
    DELIVERED = 0x2ECC71
    ENDED = 0x95A5A6


class Page(ui.LayoutView):
    """What one message shows, made for one call and forgotten.

    A click is answered by the class that is registered for its `custom_id` (see ``cogs``), never by the
    view that was sent. Yet discord.py keeps views for their buttons' sake (ui/view.py, `ViewStore.add_view`):
    one with an ordinary button stays for as long as the process lives, one with dynamic buttons alone is not
    kept but puts their classes in the place of the registered ones, and an ephemeral one costs a task of
    fifteen minutes. It stores no view that is finished, so a page says that it is: nothing is kept for any
    message.
    """

    def __init__(self, colour: Colour, items: Sequence[ui.Item[Any]]) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(*items, accent_colour=int(colour)))

    def is_finished(self) -> bool:
        """Tell discord.py that there is nothing to listen for."""
        return True
