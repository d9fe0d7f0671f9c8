"""Buttons whose state is in their `custom_id`, so that they work after any restart."""

import re
from typing import Any, Final

import discord
from discord import ui

CANCEL_TEMPLATE: Final = re.compile(r"sana:cancel:(?P<number>.*)")
INSPIRE_TEMPLATE: Final = re.compile(r"sana:inspire:(?P<number>.*)")
"""What discord.py recognises a click by. The rest comes from outside and is read by `read_number`."""

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LARGEST: Final = 2**63 - 1  # SQLite's largest integer


def read_number(text: str) -> int | None:
    """Return the number that a `custom_id` holds, or None where it is not one that this bot ever wrote."""
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and number <= _LARGEST else None


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
