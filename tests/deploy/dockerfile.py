"""Reads a Dockerfile and a .dockerignore, as far as this project's need it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    """One instruction: its word in capitals, the rest of its line, and the stage it belongs to, from 0."""

    word: str
    rest: str
    stage: int


def instructions() -> list[Instruction]:
    """Return all instructions of the project's Dockerfile, in their order."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    stage, found = -1, []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            stage += word.upper() == "FROM"
            found.append(Instruction(word.upper(), rest.strip(), stage))
    return found


def all_of(word: str, *, stage: int | None = None) -> list[str]:
    """Return what stands behind an instruction's word, wherever it is used, or in one stage."""
    return [each.rest for each in instructions() if each.word == word and stage in {None, each.stage}]


def command_of(word: str) -> list[str]:
    """Return the command of the last HEALTHCHECK, ENTRYPOINT or CMD: a JSON list, after options and CMD."""
    command: list[str] = json.loads(re.sub(r"^(?:--\S+ )*(?:CMD )?", "", all_of(word)[-1]))
    return command


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(pair.split("=", 1) for rest in all_of("ENV") for pair in rest.split())


def copied_sources() -> list[str]:
    """Return every path that is copied from the repository, not from another stage."""
    return [
        source for rest in all_of("COPY") if not rest.startswith("--from=") for source in rest.split()[:-1]
    ]


def is_ignored(path: str, patterns: Sequence[str] | None = None) -> bool:
    """Tell whether .dockerignore keeps a path out of the image: the last pattern that matches decides."""
    if patterns is None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    ignored = False
    for pattern in patterns:
        if _matches(path, pattern.removeprefix("!")):
            ignored = not pattern.startswith("!")
    return ignored


def _matches(path: str, pattern: str) -> bool:
    """Tell whether a pattern names the path or a folder above it; `**/` stands for any folders, or none."""
    parts = PurePosixPath(path).parts
    anywhere = pattern.startswith("**/")
    wanted = PurePosixPath(pattern.removeprefix("**/")).parts
    starts = range(len(parts) - len(wanted) + 1) if anywhere else range(min(1, len(parts) - len(wanted) + 1))
    return any(
        all(fnmatchcase(part, each) for part, each in zip(parts[start:], wanted, strict=False))
        for start in starts
    )
