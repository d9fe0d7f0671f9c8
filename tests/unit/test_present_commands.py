"""The commands as Discord gets them hold the model's limits."""

from pathlib import Path
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.parameters import DESCRIPTIONS, SIZES, limits
from bot.quotas.decisions import CREDITS_AT_MOST, REASON_AT_MOST
from bot.quotas.service import QuotaService
from cogs.check import CheckCog
from cogs.inspire import InspireCog
from cogs.quota import QuotaCog
from cogs.sana import SanaCog
from cogs.usage import UsageCog

TREE = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
GROUP = QuotaCog(cast("commands.AutoShardedBot", None), cast("QuotaService", None)).app_command
assert GROUP is not None
QUOTA: dict[str, Any] = GROUP.to_dict(TREE)
COMMANDS = [
    *(
        command.to_dict(TREE)
        for cog in (SanaCog, InspireCog, UsageCog, CheckCog)
        for command in cog.__cog_app_commands__
    ),
    QUOTA,
]
SANA: dict[str, Any] = next(command for command in COMMANDS if command["name"] == "sana")


def test_names_are_unique_and_descriptions_fit() -> None:
    """Every command and option has a name of its own and a description of at most 100 characters."""
    parts = [part["options"] for part in QUOTA["options"]]
    for things in (COMMANDS, SANA["options"], QUOTA["options"], *parts):
        names = [thing["name"] for thing in things]
        assert len(set(names)) == len(names)
        assert all(1 <= len(thing["description"]) <= 100 for thing in things)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["name"])
def test_commands_live_in_servers_only(command: dict[str, Any]) -> None:
    """Commands are installed to servers and offered in servers, nowhere else."""
    assert command["contexts"] == [0]
    assert command["integration_types"] == [0]
    assert command["dm_permission"] is False


def test_options_are_those_of_the_model() -> None:
    """Every field of the model is an option with the model's description; the prompt alone is required."""
    assert {option["name"]: option["description"] for option in SANA["options"]} == dict(DESCRIPTIONS)
    assert [option["name"] for option in SANA["options"] if option["required"]] == ["prompt"]


@pytest.mark.parametrize("option", SANA["options"], ids=lambda option: option["name"])
def test_discord_holds_the_ranges(option: dict[str, Any]) -> None:
    """Discord's clients hold each field to the model's range."""
    if option["name"] == "size":
        assert [choice["value"] for choice in option["choices"]] == [size.name for size in SIZES]
        assert [choice["name"] for choice in option["choices"]] == [size.label for size in SIZES]
    elif option["name"] != "spoiler":
        allowed = limits(option["name"])
        lowest, highest = ("min_length", "max_length") if allowed.is_text else ("min_value", "max_value")
        assert (option[lowest], option[highest]) == (allowed.minimum, allowed.maximum)


QUOTA_OPTIONS = {
    "default": ["credits!", "period!"],
    "role": ["role!", "credits!"],
    "member": ["member!", "credits!"],
    "remove": ["role", "member"],
    "list": [],
    "show": ["member!"],
    "grant": ["member!", "credits!", "reason!"],
    "reset": ["member!", "reason!"],
    "block": ["member!", "reason!", "duration"],
    "unblock": ["member!"],
    "history": ["member"],
    "top": ["period"],
    "export": ["period"],
    "log": ["channel"],
}
"""Each part of `/quota` with its options; those with a mark are required."""


def test_quota_has_all_its_parts() -> None:
    """Every part is there with its options, and all is hidden from whoever has no Moderate Members."""
    found = {
        part["name"]: [each["name"] + "!" * each["required"] for each in part["options"]]
        for part in QUOTA["options"]
    }
    assert found == QUOTA_OPTIONS
    assert QUOTA["default_member_permissions"] == discord.Permissions(moderate_members=True).value


def test_discord_holds_the_ranges_of_quotas() -> None:
    """Credits of a grant, the length of a reason and the periods are held by Discord's clients."""
    parts = {part["name"]: {each["name"]: each for each in part["options"]} for part in QUOTA["options"]}
    granted = parts["grant"]["credits"]
    assert (granted["min_value"], granted["max_value"]) == (-CREDITS_AT_MOST, CREDITS_AT_MOST)
    for name in ("grant", "reset", "block"):
        reason = parts[name]["reason"]
        assert (reason["min_length"], reason["max_length"]) == (1, REASON_AT_MOST)
    for name in ("default", "top", "export"):
        choices = [each["value"] for each in parts[name]["period"]["choices"]]
        assert choices == ["hour", "day", "week", "month"]


def test_the_moderators_page_shows_every_part() -> None:
    """`docs/moderators.md` has a heading for each part of `/quota`, with its options as they are."""
    page = (Path(__file__).parents[2] / "docs" / "moderators.md").read_text(encoding="utf-8")
    for part in QUOTA["options"]:
        options = [each["name"] if each["required"] else f"[{each['name']}]" for each in part["options"]]
        assert f"### `/quota {' '.join([part['name'], *options])}`\n" in page
