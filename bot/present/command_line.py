"""Text to copy: the `/sana` line that makes a job's pictures again, in a block that nothing breaks out of."""

import re
from typing import Final

from bot.parameters import DESCRIPTIONS, SanaParameters

_BACKTICKS: Final = re.compile(r"`{3,}")
_LINE_BREAKS: Final = re.compile(r"\s*[\n\t\v\f\r\x85\u2028\u2029]\s*")
_LIKE_AN_OPTION: Final = re.compile(rf"\b({'|'.join(DESCRIPTIONS)}):")


def code_block(text: str) -> str:
    """Return Markdown that shows a text as it is, to be copied; three backticks in a row become quotes."""
    return f"```\n{_without_fences(text)}\n```"


def command_line(parameters: SanaParameters) -> tuple[str, bool]:
    """Return the line that fills in `/sana` when it is pasted into Discord, and whether it says everything.

    Only what differs from the defaults is in it, and the seed always. Discord's client ends an option's value
    where it reads the name of another one and a colon, and takes no line breaks: a prompt with such things
    is changed as little as possible, and so is one with three backticks in a row. An empty negative prompt
    cannot be typed at all.
    """
    given = parameters.model_dump(exclude_defaults=True)
    if "scale" in given:
        given["scale"] = parameters.scale_text
    values = {name: str(value) for name, value in given.items() if value != ""}
    typed = {name: _typeable(value) for name, value in values.items()}
    line = " ".join(["/sana", *(f"{name}:{value}" for name, value in typed.items())])
    return line, typed == {name: str(value) for name, value in given.items()}


def _typeable(value: str) -> str:
    return _without_fences(_LIKE_AN_OPTION.sub("\\1\N{FULLWIDTH COLON}", _LINE_BREAKS.sub(" ", value)))


def _without_fences(text: str) -> str:
    return _BACKTICKS.sub(lambda found: "'" * len(found[0]), text)
