"""From a member's options to parameters, or to a sentence for each field that is wrong.

Every sentence says what was given, the nearest value that would do, and what is allowed.
"""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import ValidationError

from bot.errors import InvalidParametersError
from bot.parameters.choices import SIZES
from bot.parameters.model import DESCRIPTIONS, Range, SanaParameters, clean, limits

_SHOWN_CHARACTERS: Final = 40
_LARGEST_SHOWN: Final = 2**64


def parse(options: Mapping[str, object], *, draw_seed: Callable[[], int]) -> SanaParameters:
    """Return the parameters that a member's options ask for.

    Args:
        options: the command's options by name: `size`, and the fields of `SanaParameters`. What is absent or
            None takes its default.
        draw_seed: returns a seed; called where the options hold none.

    Raises:
        InvalidParametersError: with a sentence for every field that is wrong.
    """
    given = {name: value for name, value in options.items() if value is not None}
    unknown = sorted(given.keys() - DESCRIPTIONS.keys())
    problems = {name: f"{_quoted(name)} is no option of this command." for name in unknown}
    wanted = given.pop("size", SIZES[0].name)
    size = next((size for size in SIZES if size.name == wanted), None)
    if size is None:
        problems["size"] = _wrong_size(wanted)
        size = SIZES[0]
    fields = {"width": size.width, "height": size.height} | given
    if "seed" not in fields:
        fields["seed"] = draw_seed()
    try:
        parameters = SanaParameters.model_validate({n: v for n, v in fields.items() if n in DESCRIPTIONS})
    except ValidationError as error:
        wrong = [str(details["loc"][0]) for details in error.errors(include_input=False)]
        problems |= {name: _wrong_field(name, fields.get(name)) for name in wrong}
    else:
        if not problems:
            return parameters
    raise InvalidParametersError(tuple(problems.values()))


def _wrong_size(value: object) -> str:
    names = [size.name for size in SIZES]
    alike = get_close_matches(value[:_SHOWN_CHARACTERS].lower(), names, n=1) if isinstance(value, str) else []
    nearest = alike[0] if alike else names[0]
    return f"`size` was {_shown(value)}; {nearest} would do (one of {', '.join(names)})."


def _wrong_field(name: str, value: object) -> str:
    if name == "spoiler":
        return f"`spoiler` was {_shown(value)}; true or false would do."
    allowed = limits(name)
    return _wrong_text(name, value, allowed) if allowed.is_text else _wrong_number(name, value, allowed)


def _wrong_text(name: str, value: object, allowed: Range) -> str:
    between = f"{allowed.minimum:,} to {allowed.maximum:,} characters"
    if not isinstance(value, str):
        was = "missing" if value is None else _shown(value)
        return f"`{name}` was {was}; a few words would do ({between})."
    length = len(clean(value))
    if length < allowed.minimum:
        return f"`{name}` was blank; a few words would do ({between})."
    return f"`{name}` had {length:,} characters; the first {allowed.maximum:,} would do ({between})."


def _wrong_number(name: str, value: object, allowed: Range) -> str:
    would_do = " or ".join(_nearest(value, allowed))
    kind = "whole numbers, " if allowed.step == 1 else ""
    steps = f", in steps of {allowed.step}" if allowed.step not in {None, 1} else ""
    between = f"{kind}{allowed.minimum:,} to {allowed.maximum:,}{steps}"
    return f"`{name}` was {_shown(value)}; {would_do} would do ({between})."


def _nearest(value: object, allowed: Range) -> tuple[str, ...]:
    """Return what would do instead: the nearer bound, both neighbours, or else the default."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < allowed.minimum:
            return (f"{allowed.minimum:,}",)
        if value > allowed.maximum:
            return (f"{allowed.maximum:,}",)
        if allowed.step is not None and not math.isnan(value):
            below = int(value // allowed.step) * allowed.step
            return f"{below:,}", f"{below + allowed.step:,}"
    return ("any number" if allowed.default is None else f"{allowed.default:,}",)


def _shown(value: object) -> str:
    """Return a given value as a sentence can hold it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "not a number" if math.isnan(value) else f"{value:,}".removesuffix(".0")
    if isinstance(value, int):
        return f"{value:,}" if abs(value) <= _LARGEST_SHOWN else "far out of range"
    return _quoted(value) if isinstance(value, str) else "something else"


def _quoted(text: str) -> str:
    """Return a text, cut short, as inline code that neither Markdown nor a mention in it can break out of."""
    plain = "".join(char if char.isprintable() else " " for char in text.strip())
    if not plain.strip():
        return "blank"
    cut = plain if len(plain) <= _SHOWN_CHARACTERS else plain[: _SHOWN_CHARACTERS - 1] + "…"
    return "`" + cut.replace("`", "'").replace("@", "@\N{ZERO WIDTH SPACE}") + "`"
