"""The guides as tests read them: Markdown files, and the commands in their fenced blocks."""

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")


@dataclass(frozen=True)
class Command:
    """A command line of a guide."""

    page: str
    line: str

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.page}: {self.line}"

    @property
    def words(self) -> list[str]:
        """Its words, without the variables before them and what it is piped into."""
        words = shlex.split(self.line.split(" | ")[0])
        while words and _ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        return words

    @property
    def variables(self) -> dict[str, str]:
        """The variables that are set for it alone."""
        before = itertools.takewhile(_ASSIGNMENT.fullmatch, shlex.split(self.line))
        return dict(word.split("=", 1) for word in before)


def fences(text: str, language: str) -> Iterator[str]:
    """Go through what stands in the fenced blocks of a language."""
    return (body for found, body in _FENCE.findall(text) if found == language)


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def commands_in(page: Path, text: str | None = None) -> list[Command]:
    """Return the commands of a page, or of a part of it, in their order."""
    name = page.relative_to(ROOT).as_posix()
    found = []
    for body in fences(page.read_text(encoding="utf-8") if text is None else text, "sh"):
        lines = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in body.replace("\\\n", "").splitlines())
        found += [Command(name, line) for line in lines if line]
    return found


def section(page: Path, title: str) -> str:
    """Return the part of a page below a heading, down to the next one of its level."""
    (found,) = re.findall(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return str(found)


ALL_COMMANDS = [command for page in PAGES for command in commands_in(page)]
