"""The commands as Discord gets them hold the model's limits."""

from typing import Any

import discord
import pytest
from discord import app_commands

from bot.parameters import DESCRIPTIONS, SIZES, limits
from cogs.inspire import InspireCog
from cogs.sana import SanaCog

TREE = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
COMMANDS = [command.to_dict(TREE) for cog in (SanaCog, InspireCog) for command in cog.__cog_app_commands__]
SANA: dict[str, Any] = next(command for command in COMMANDS if command["name"] == "sana")


def test_names_are_unique_and_descriptions_fit() -> None:
    """Every command and option has a name of its own and a description of at most 100 characters."""
    for things in (COMMANDS, SANA["options"]):
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
