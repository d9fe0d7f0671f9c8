"""Buttons whose state is in their `custom_id`, so that they work after any restart."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

import discord
from discord import ui

CANCEL_TEMPLATE: Final = re.compile(r"sana:cancel:(?P<number>.*)")
INSPIRE_TEMPLATE: Final = re.compile(r"sana:inspire:(?P<number>.*)")
REROLL_TEMPLATE: Final = re.compile(r"sana:reroll:(?P<number>.*)")
EDIT_TEMPLATE: Final = re.compile(r"sana:edit:(?P<number>.*)")
DETAILS_TEMPLATE: Final = re.compile(r"sana:details:(?P<number>.*)")
DELETE_TEMPLATE: Final = re.compile(r"sana:delete:(?P<number>.*)")
"""What discord.py recognises a click by. The rest comes from outside and is read by `read_number`."""

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LARGEST: Final = 2**63 - 1  # SQLite's largest integer


def read_number(text: str) -> int | None:
    """Return the number that a `custom_id` holds, or None where it is not one that this bot ever wrote."""
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and number <= _LARGEST else None


def walk(components: Iterable[discord.Component]) -> Iterator[discord.Component]:
    """Go through the components of a message, and those inside them."""
    for component in components:
        yield component
        if isinstance(component, discord.Container | discord.ActionRow):
            yield from walk(component.children)
        elif isinstance(component, discord.SectionComponent):
            yield component.accessory


def cancel_id(job_id: int) -> str:
    """Return the `custom_id` of a job's Cancel button. Recovery finds a job's message by it."""
    return f"sana:cancel:{job_id}"


def cancel_button(job_id: int, *, disabled: bool) -> ui.Button[Any]:
    """Return the Cancel button of a pending job; disabled once somebody asked for it."""
    return ui.Button(
        style=discord.ButtonStyle.secondary, label="Cancel", custom_id=cancel_id(job_id), disabled=disabled
    )


def inspire_button(number: int) -> ui.Button[Any]:
    """Return the button that runs one of the inspires, counted from 1."""
    return ui.Button(style=discord.ButtonStyle.primary, label="Make this", custom_id=f"sana:inspire:{number}")


def edit_id(job_id: int) -> str:
    """Return the `custom_id` of a result's Edit button, and of the modal that it opens."""
    return f"sana:edit:{job_id}"


def edit_button(job_id: int) -> ui.Button[Any]:
    """Return the button that opens a modal with a job's parameters."""
    return ui.Button(style=discord.ButtonStyle.secondary, label="Edit", custom_id=edit_id(job_id))


def result_buttons(job_id: int) -> ui.ActionRow[Any]:
    """Return the buttons below a job's pictures."""
    button = partial(ui.Button[Any], style=discord.ButtonStyle.secondary)
    return ui.ActionRow[Any](
        button(label="Reroll", emoji="🔁", custom_id=f"sana:reroll:{job_id}"),
        edit_button(job_id),
        button(label="Details", custom_id=f"sana:details:{job_id}"),
        button(label="Delete", style=discord.ButtonStyle.danger, custom_id=f"sana:delete:{job_id}"),
    )
