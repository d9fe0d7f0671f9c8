"""docs/operations.md names what the code has."""

import re
from pathlib import Path

import discord
import pytest

from tests.docs.pages import ROOT, section

OPERATIONS = ROOT / "docs" / "operations.md"
SETUP = ROOT / "docs" / "setup.md"
README = ROOT / "README.md"

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
    add_reactions=True,
)
WITH_MANAGE_MESSAGES = discord.Permissions(NEEDED.value, manage_messages=True)


def code() -> str:
    """Return all of the bot's code."""
    files = (path for name in ("bot", "cogs", "storage") for path in (ROOT / name).rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_the_events_that_need_attention_are_written() -> None:
    """Each event of the table is one that the bot logs, at the level that the table says."""
    rows = re.findall(r"^\| (`[a-z_.`, ]+)(?: \((\w+?)s?\))? \|", section(OPERATIONS, "Logs"), re.MULTILINE)
    written = code()
    assert len(rows) > 5
    for events, level in rows:
        for event in re.findall(r"[a-z_.]+", events):
            assert re.search(rf'log\.{level or "warning"}\(\s*"{event}"', written), event


def test_errors_that_the_log_calls_errors_are_all_there() -> None:
    """No event at level error is left out, but of what its own message explains."""
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", section(OPERATIONS, "Logs")))
    written = set(re.findall(r'log\.error\(\s*"([a-z_.]+)"', code()))
    assert written - named == set()


@pytest.mark.parametrize("page", [SETUP, README], ids=lambda page: page.name)
def test_the_invite_asks_for_what_is_needed(page: Path) -> None:
    """The link's number is the permissions that the bot uses; a second one adds Manage Messages alone."""
    numbers = re.findall(r"permissions=(\d+)", page.read_text(encoding="utf-8"))
    assert discord.Permissions(int(numbers[0])) == NEEDED
    assert all(discord.Permissions(int(number)) == WITH_MANAGE_MESSAGES for number in numbers[1:])
