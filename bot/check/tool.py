"""Whether the tool takes what this program sends: its inputs as Wiro publishes them against our own. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.check.report import Outcome, fault, note, ok
from bot.parameters import Range, limits
from bot.wiro.tool import ToolParameter

OURS: Final[Mapping[str, str]] = {
    "prompt": "prompt",
    "negativePrompt": "negative_prompt",
    "steps": "steps",
    "scale": "scale",
    "samples": "samples",
    "seed": "seed",
    "width": "width",
    "height": "height",
}
"""The tool's inputs that are sent, and the fields of `bot.parameters` that they come from."""

_TEXTS: Final = frozenset({"text", "textarea"})
_NUMBERS: Final = frozenset({"number", "float", "range", "text"})
_WITHOUT_DEFAULT: Final = frozenset({"prompt", "seed"})  # a member gives the one, the bot draws the other
_MEND: Final = (
    "Update sana-bot. If this is the newest version, please report it: until it is mended, Wiro refuses what"
    " it does not take, and the credits go back."
)


def compare(published: Sequence[ToolParameter]) -> Outcome:
    """Return whether all that members can ask for is taken."""
    by_name = {parameter.name: parameter for parameter in published}
    faults = [
        *(f"it requires `{each.name}`, which is not sent" for each in published if _is_foreign(each)),
        *(problem for name in OURS for problem in _problems(name, by_name.get(name))),
    ]
    if faults:
        return fault(f"The tool has changed: {'; '.join(faults)}.", _MEND)
    if moved := [words for name in OURS for words in _other_default(by_name[name], limits(OURS[name]))]:
        return note(
            f"Everything that is sent is taken, but defaults differ: {'; '.join(moved)}.",
            "Nothing has to be done.",
        )
    return ok(f"Its {len(OURS)} inputs take everything that members can ask for.")


def _is_foreign(parameter: ToolParameter) -> bool:
    return parameter.required and parameter.default is None and parameter.name not in OURS


def _problems(name: str, theirs: ToolParameter | None) -> Iterator[str]:
    ours = limits(OURS[name])
    if theirs is None:
        yield f"it has no `{name}` any more"
        return
    kinds = _TEXTS if ours.is_text else _NUMBERS
    if theirs.type is not None and theirs.type not in kinds:
        yield f"`{name}` is of the type “{theirs.type}” now"
    elif not ours.is_text:
        yield from _out_of_range(name, theirs, ours)


def _out_of_range(name: str, theirs: ToolParameter, ours: Range) -> Iterator[str]:
    if theirs.minimum is not None and theirs.minimum > ours.minimum:
        yield f"`{name}` takes {theirs.minimum:g} at least, and members may ask for {ours.minimum}"
    if theirs.maximum is not None and theirs.maximum < ours.maximum:
        yield f"`{name}` takes {theirs.maximum:g} at most, and members may ask for {ours.maximum}"
    if theirs.step and ours.step and ours.step % theirs.step:
        yield f"`{name}` goes in steps of {theirs.step:g}, and members may ask for steps of {ours.step}"


def _other_default(theirs: ToolParameter, ours: Range) -> Iterator[str]:
    if theirs.name in _WITHOUT_DEFAULT or theirs.default is None or ours.default is None:
        return
    same = theirs.default == str(ours.default)
    if not ours.is_text:
        same = same or _as_number(theirs.default) == float(ours.default)
    if not same:
        yield f"`{theirs.name}` is “{theirs.default}” at Wiro and “{ours.default}” here"


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
