"""The modal of the Edit button: what it shows, what is read from it, and what is kept where it is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.errors import InvalidParametersError, Refusal, StorageError
from bot.jobs.model import Job
from bot.parameters import DESCRIPTIONS, SIZES, SanaParameters, credits_per_picture, limits
from bot.present.boundary import calling_discord
from bot.present.buttons import edit_button, edit_id
from bot.present.command_line import code_block
from bot.present.notes import CANNOT_STORE
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.refusals import refusal
from bot.present.text import count_of_credits, count_of_pictures, cut, tidy

_SAME_SIZE: Final = "same"
_ANSWER_SECONDS: Final = 10.0
_MAX_NUMBER: Final = 30
_CHANGED: Final = "-# It differs a little: three backticks in a row became quotes."

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}([ ,'_\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]\d{3})+")
_WHOLE: Final = re.compile(r"[+-]?\d+")
_GROUPING: Final = re.compile(r"[^+\-\d]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a member submitted, as it was typed; the size is the name of one, or stands for the same."""

    prompt: str = ""
    negative_prompt: str = ""
    size: str = _SAME_SIZE
    seed: str = ""
    steps: str = ""


class EditModal(ui.Modal):
    """What one click opens, filled in with the parameters of a job; made for one call and forgotten.

    It is answered by whoever hears its `custom_id` (see ``cogs.edit``). discord.py would hand a submission to
    a modal that it remembers, which none is that was opened before a restart; it remembers none that is
    finished, so this one says that it is: see ``bot.present.page``.
    """

    def __init__(self, job: Job) -> None:
        super().__init__(title=f"Make {job.reference} again, changed", custom_id=edit_id(job.id))
        parameters = SanaParameters.from_json(job.parameters)
        for label in _labels(parameters):
            self.add_item(label)

    def is_finished(self) -> bool:
        """Tell discord.py that there is nothing to listen for."""
        return True


async def ask(interaction: discord.Interaction[Any], modal: EditModal) -> None:
    """Answer with a modal.

    Raises:
        MessageError: Discord did not confirm it.
    """
    async with calling_discord(timeout_seconds=_ANSWER_SECONDS):
        await interaction.response.send_modal(modal)


def read(data: Mapping[str, Any]) -> Typed:
    """Return what was submitted; what is not there, or is no text, counts as left blank.

    Args:
        data: the interaction's. Source: Discord's reference, Modal Submit Data Structure.
    """
    known = Typed.__dataclass_fields__
    return Typed(**{name: text for name, text in _fields(data) if name in known})


def options(typed: Typed, parameters: SanaParameters) -> dict[str, object]:
    """Return what was submitted as options for `bot.parameters.parse`.

    A blank seed is none, so that one is drawn. What the modal does not ask for is taken over from the
    parameters that it was filled in with.
    """
    is_same = typed.size == _SAME_SIZE
    size = {"width": parameters.width, "height": parameters.height} if is_same else {"size": typed.size}
    return {
        "prompt": typed.prompt,
        "negative_prompt": typed.negative_prompt,
        **size,
        "steps": _number(typed.steps),
        "scale": parameters.scale,
        "samples": parameters.samples,
        "seed": _number(typed.seed) if typed.seed.strip() else None,
        "spoiler": parameters.spoiler,
    }


def refused(error: Refusal | StorageError, typed: Typed, job: Job) -> Page:
    """Return the answer to a submission that came to nothing, with its texts to copy: the modal is gone."""
    prompt = cut(tidy(typed.prompt), limits("prompt").maximum)
    negative_prompt = cut(tidy(typed.negative_prompt), limits("negative_prompt").maximum)
    kept = [
        _to_copy(title, text)
        for title, text in (("prompt", prompt), ("negative prompt", negative_prompt))
        if text
    ]
    again = _again(error, job, words_are_kept=bool(kept))
    why = cut(_why(error), MAX_TEXT - sum(map(len, kept)) - len(again))
    texts = [ui.TextDisplay[Any](text) for text in (why + again, *kept)]
    return Page(Colour.ENDED, [*texts, ui.ActionRow[Any](edit_button(job.id))])


def _labels(parameters: SanaParameters) -> Iterator[ui.Label[Any]]:
    yield ui.Label(
        text="Prompt",
        description=DESCRIPTIONS["prompt"],
        component=_text_input("prompt", parameters.prompt, style=discord.TextStyle.paragraph),
    )
    yield ui.Label(
        text="Negative prompt",
        description=f"{DESCRIPTIONS['negative_prompt']}; blank for nothing",
        component=_text_input(
            "negative_prompt", parameters.negative_prompt, style=discord.TextStyle.paragraph
        ),
    )
    yield ui.Label(
        text="Size",
        description=f"With its cost for {count_of_pictures(parameters.samples)}",
        component=ui.Select[Any](custom_id="size", options=_sizes(parameters)),
    )
    yield ui.Label(
        text="Seed",
        description="The same seed makes the same picture again; blank draws a new one",
        component=_text_input("seed", str(parameters.seed)),
    )
    yield ui.Label(
        text="Steps",
        description=DESCRIPTIONS["steps"],
        component=_text_input("steps", str(parameters.steps)),
    )


def _text_input(
    name: str, value: str, *, style: discord.TextStyle = discord.TextStyle.short
) -> ui.TextInput[Any]:
    allowed = limits(name)
    return ui.TextInput(
        custom_id=name,
        style=style,
        default=value,
        required=name in {"prompt", "steps"},
        max_length=allowed.maximum if allowed.is_text else _MAX_NUMBER,
    )


def _sizes(parameters: SanaParameters) -> list[discord.SelectOption]:
    """Return the named sizes with the present one chosen, which goes before them where it is none of them."""
    present = (parameters.width, parameters.height)
    named = [
        (f"{size.title} {size.width} × {size.height}", size.name, size.width, size.height) for size in SIZES
    ]
    if all(present != (size.width, size.height) for size in SIZES):
        named.insert(0, (f"{present[0]} × {present[1]}, as it is", _SAME_SIZE, *present))
    return [
        discord.SelectOption(
            label=label,
            value=value,
            description=count_of_credits(credits_per_picture(width, height) * parameters.samples),
            default=(width, height) == present,
        )
        for label, value, width, height in named
    ]


def _fields(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Go through the inputs that a modal's labels hold: a text has a value, a menu has some."""
    for label in data.get("components", ()):
        found = label.get("component", {})
        given = found.get("value") if "value" in found else next(iter(found.get("values", ())), None)
        if isinstance(given, str):
            yield found.get("custom_id"), given


def _number(text: str) -> int | str:
    """Return the whole number that was typed, however its digits are grouped: "1,000", "1 000".

    Anything else comes back as it is, for the parser to explain: "1.000" means one to some and a thousand to
    others.
    """
    text = text.strip()
    if len(text) <= _MAX_NUMBER and (_WHOLE.fullmatch(text) or _GROUPED.fullmatch(text)):
        return int(_GROUPING.sub("", text))
    return text


def _to_copy(title: str, text: str) -> str:
    block = code_block(text)
    changed = "" if f"\n{text}\n" in block else f"\n{_CHANGED}"
    return f"Your {title}, to copy:\n{block}{changed}"


def _again(error: Refusal | StorageError, job: Job, *, words_are_kept: bool) -> str:
    """Return how to try it again, on a line of its own, after what `_why` leaves out about the credits."""
    credits_ = "Nothing was charged. " if isinstance(error, InvalidParametersError) else ""
    words = "; your words are below, to copy" if words_are_kept else ""
    return f"\n{credits_}Edit opens the form again with {job.reference}'s own values{words}."


def _why(error: Refusal | StorageError) -> str:
    match error:
        case InvalidParametersError():
            return "\n".join(map(_problem, error.problems))
        case Refusal():
            return refusal(error)
        case StorageError():
            return CANNOT_STORE


def _problem(sentence: str) -> str:
    """Return what is wrong with a field, whose name comes first, and what else would do in the modal."""
    if sentence.startswith("`seed`"):
        return f"{sentence.removesuffix('.')}, or leave it blank for a new one."
    return sentence
