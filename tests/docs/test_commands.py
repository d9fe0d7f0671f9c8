"""Every command of the guides is run, or read by what would run it, or stands here with a reason."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Final

import pytest
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.settings import Settings
from tests.docs.pages import ALL_COMMANDS, ROOT, Command
from tests.docs.story import is_told

CANNOT_RUN: Final[Mapping[str, str]] = {
    "git clone ": "there is no network",
    "git pull": "there is no network",
    "cd sana-bot": "goes into what the line before cloned",
    "make ": "would make anew the .venv that the tests run on; its targets and variables are looked up",
    "sudo ": "changes the machine",
    "docker ": "needs Docker's engine",
    'eval "$(': "run by tests/sandbox/test_discord_command_line.py",
}
"""How commands begin that are not run, and why not."""

_REPOSITORY = re.compile(
    r"(?:/opt/sana-bot/)?((?:bot|cogs|deploy|docs|scripts|storage|tests)/[\w./-]+|\.env\.example)"
)


def bot_arguments(words: list[str]) -> list[str] | None:
    """Return what follows `sana-bot` where that is what is run, by sudo or in a container too."""
    for index, word in enumerate(words):
        if word.endswith("bin/sana-bot") or words[max(0, index - 2) : index + 1] == [
            "exec",
            "bot",
            "sana-bot",
        ]:
            return words[index + 1 :]
    return None


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=str)
def test_every_command_is_tried_or_has_a_reason(command: Command) -> None:
    """A new command in a guide is noticed here, and one that is gone leaves no reason behind."""
    is_module = command.words[0] == ".venv/bin/python"
    has_reason = any(command.line.startswith(beginning) for beginning in CANNOT_RUN)
    assert [is_told(command), is_module, has_reason].count(True) == 1


def test_every_reason_is_needed() -> None:
    """Nothing is excused that no guide says."""
    for beginning in CANNOT_RUN:
        assert any(command.line.startswith(beginning) for command in ALL_COMMANDS), beginning


@pytest.mark.parametrize(
    "command", [each for each in ALL_COMMANDS if bot_arguments(each.words) is not None], ids=str
)
def test_the_command_line_takes_it(command: Command) -> None:
    """`sana-bot` knows the command and its options, and the variables before it are settings."""
    result = CliRunner().invoke(cli, [*(bot_arguments(command.words) or []), "--help"])
    assert result.exit_code == 0, result.output
    assert {name.lower() for name in command.variables} <= set(Settings.model_fields)


@pytest.mark.parametrize("command", [each for each in ALL_COMMANDS if "make" in each.words[:2]], ids=str)
def test_make_knows_it(command: Command) -> None:
    """The Makefile has the target, and reads the variables that it is given."""
    makefile = (ROOT / "Makefile").read_text()
    words = [word for word in command.words if word not in {"sudo", "make", "-C", "/opt/sana-bot"}]
    for word in words:
        name, is_variable, _ = word.partition("=")
        wanted = rf"\b{name}\)|\$\${name}\b" if is_variable else rf"^{name}:"
        assert re.search(wanted, makefile, re.MULTILINE), word
    assert words


@cache
def help_of(module: str) -> str:
    """Return what a module says of its options."""
    said = subprocess.run(  # noqa: S603 - a module of this project
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return said.stdout


@pytest.mark.parametrize(
    "command", [each for each in ALL_COMMANDS if each.words[0] == ".venv/bin/python"], ids=str
)
def test_python_runs_it(command: Command) -> None:
    """The module is there and has the options; that its files are there is tested below."""
    _, dash, module, *arguments = command.words
    assert dash == "-m"
    assert importlib.util.find_spec(module) is not None
    for option in (word.partition("=")[0] for word in arguments if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}\b", help_of(module)), option


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=str)
def test_its_files_are_there(command: Command) -> None:
    """Whatever a command takes from the repository is in it."""
    for word in command.words:
        if found := _REPOSITORY.fullmatch(word):
            assert (ROOT / found[1]).exists(), word


def test_profiles_are_those_of_the_compose_file() -> None:
    """`--profile` names what compose.yaml has."""
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    named = {name for command in ALL_COMMANDS for name in re.findall(r"--profile (\S+)", command.line)}
    assert named
    for name in named:
        assert re.search(rf"profiles:\n\s+- {name}\n", text), name
