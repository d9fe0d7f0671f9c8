"""The job's one message, at every stage of its life: a job in, a page of Components V2 out."""

import re
from collections.abc import Sequence
from typing import Any, Final

from discord import ui

from bot.jobs.model import Job
from bot.jobs.ports import Hold, InLine, Picture, Running, Stage, Standing, Unconfirmed
from bot.parameters import SanaParameters, limits
from bot.present.buttons import cancel_button, result_buttons
from bot.present.ends import end_lines
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.parts import gallery, settings_line
from bot.present.progress_bar import how_far
from bot.present.text import (
    count_of_credits,
    count_of_pictures,
    cut_escaped,
    escape,
    escape_line,
    mention,
    small,
)

_WHY_ON_HOLD: Final = {
    Hold.ACCOUNT: "The picture service refuses my account, which its owner has to see to.",
    Hold.SERVICE: "The picture service takes nothing at the moment, and I go on trying.",
}
_UNCONFIRMED: Final = "The picture service has not confirmed this yet"
_MAX_NEGATIVE_PROMPT: Final = 400
_MAX_URL: Final = 400
_LINKABLE: Final = re.compile(r"https?://[^\s<>()\[\]\\\"]+")


def pending(job: Job, stage: Stage, standing: Standing | None = None) -> Page:
    """Return the message of a job that waits or runs; `standing` is known when it was just accepted."""
    parameters = SanaParameters.from_json(job.parameters)
    cost = [f"{count_of_credits(job.credits)}, charged only if a picture comes"]
    left = [] if standing is None else [f"{count_of_credits(standing.left)} left"]
    details = small([*_origin(job), *_settings(parameters), " · ".join([*cost, *left])])
    status = _status(job, stage, parameters)
    prompt = _prompt(parameters, beside=(status, details))
    button = cancel_button(job.id, disabled=job.cancelled_by is not None)
    return Page(
        _pending_colour(stage),
        [
            ui.TextDisplay[Any](status),
            ui.TextDisplay[Any](prompt),
            ui.TextDisplay[Any](details),
            ui.ActionRow[Any](button),
        ],
    )


def delivered(job: Job, pictures: Sequence[Picture], standing: Standing, *, missing: int) -> Page:
    """Return the message that holds the pictures, which go up with it under their filenames."""
    parameters = SanaParameters.from_json(job.parameters)
    notes = [*_unusual(job, len(pictures), missing), *_links_to_originals(pictures)]
    facts = _facts(job, parameters, len(pictures), standing)
    details = "\n".join([*notes, small([*_origin(job), *_settings(parameters), facts])])
    prompt = _prompt(parameters, beside=(details,))
    return Page(
        Colour.DELIVERED,
        [
            ui.MediaGallery[Any](*gallery(parameters, pictures)),
            ui.TextDisplay[Any](prompt),
            ui.TextDisplay[Any](details),
            result_buttons(job.id),
        ],
    )


def ended(job: Job) -> Page:
    """Return the message of a job that ended without pictures.

    Raises:
        ValueError: the job did not end so.
    """
    parameters = SanaParameters.from_json(job.parameters)
    what_happened = "\n".join(end_lines(job))
    details = small([*_origin(job), *_settings(parameters), f"Reference {job.reference}"])
    prompt = _prompt(parameters, beside=(what_happened, details))
    return Page(
        Colour.ENDED,
        [
            ui.TextDisplay[Any](what_happened),
            ui.TextDisplay[Any](prompt),
            ui.TextDisplay[Any](details),
        ],
    )


def _pending_colour(stage: Stage) -> Colour:
    if isinstance(stage, Running):
        return Colour.RUNNING
    return Colour.WAITING if isinstance(stage, InLine) and stage.hold is None else Colour.HELD


def _status(job: Job, stage: Stage, parameters: SanaParameters) -> str:
    if job.cancelled_by is not None:
        sought = "" if not isinstance(stage, Unconfirmed) else f" {_UNCONFIRMED}, so I am looking for it."
        return (
            f"**Stopping, as {mention(job.cancelled_by)} asked.**{sought} A picture that is finished all the"
            " same is posted and paid for; otherwise nothing is charged."
        )
    if isinstance(stage, Running):
        return how_far(stage.progress, samples=parameters.samples)
    if isinstance(stage, Unconfirmed):
        return f"**{_UNCONFIRMED}.** I am looking for it; nothing is charged unless a picture comes."
    if stage.hold is not None:
        return (
            f"**On hold at place {stage.place:,} in line.** {_WHY_ON_HOLD[stage.hold]} Your place is kept,"
            " and this starts by itself. Nothing is charged unless a picture comes; you can wait or cancel."
        )
    if stage.place == 1:
        return "**Next in line.** This starts by itself."
    return f"**Place {stage.place:,} in line.** This starts by itself."


def _origin(job: Job) -> list[str]:
    """Return whose job it is where Discord shows no command above the message."""
    return [] if job.parent_id is None else [f"For {mention(job.member_id)}, from S-{job.parent_id}"]


def _settings(parameters: SanaParameters) -> list[str]:
    """Return what makes the picture again, and the negative prompt where the member chose one."""
    lines = [settings_line(parameters)]
    if parameters.negative_prompt not in {"", limits("negative_prompt").default}:
        avoided = cut_escaped(escape_line(parameters.negative_prompt), _MAX_NEGATIVE_PROMPT)
        lines.append(f"Negative prompt: {avoided}")
    return lines


def _prompt(parameters: SanaParameters, *, beside: Sequence[str]) -> str:
    """Return the prompt, escaped and cut so that the message's texts stay within Discord's limit together."""
    room = MAX_TEXT - sum(len(text) for text in beside)
    return cut_escaped(escape(parameters.prompt), room)


def _facts(job: Job, parameters: SanaParameters, came: int, standing: Standing) -> str:
    cost = "Free" if job.refunded else count_of_credits(parameters.credits_per_picture * came)
    took = [] if job.seconds is None else [f"{job.seconds:.1f} seconds"]
    return " · ".join([cost, f"{count_of_credits(standing.left)} left", *took, job.reference])


def _unusual(job: Job, came: int, missing: int) -> list[str]:
    """Return what sets this delivery apart, and what that means for the credits."""
    lines = []
    if missing:
        others = "the other is" if missing == 1 else "the others are"
        lines.append(f"{came} of {count_of_pictures(came + missing)} came; {others} not charged.")
    if job.refunded:
        lines.append("This turned up late. Your credits had been returned before, so it costs you nothing.")
    elif job.cancelled_by is not None:
        lines.append("This was finished before it could be cancelled, so it is charged.")
    return lines


def _links_to_originals(pictures: Sequence[Picture]) -> list[str]:
    """Return a line for each picture that was made smaller, with a link to its original."""
    lines = []
    for number, picture in enumerate(pictures, start=1):
        if picture.reduced:
            which = "The picture" if len(pictures) == 1 else f"Picture {number}"
            linkable = len(picture.url) <= _MAX_URL and _LINKABLE.fullmatch(picture.url)
            link = f" [The original]({picture.url}) is kept for a limited time." if linkable else ""
            lines.append(f"{which} was compressed to fit this server's upload limit.{link}")
    return lines
