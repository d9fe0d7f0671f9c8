"""The page of Details: what a job was asked for, how it went, what it cost, and its family."""

from collections.abc import Sequence
from typing import Any, Final

from discord import ui

from bot.dollars import dollars
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Family
from bot.parameters import SanaParameters
from bot.present.command_line import code_block, command_line
from bot.present.ends import end_lines
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.text import (
    count_of_credits,
    count_of_pictures,
    cut,
    cut_escaped,
    escape,
    escape_line,
    mention,
    timestamp,
)

_MAX_END: Final = 100
_MAX_DOLLARS: Final = 20
_ROOM_FOR_PROMPTS: Final = 100
"""Characters that a large family leaves them; the longest of all lines to copy leaves no fewer."""

_LINE: Final = "Copy this into the message box to make it again:"
_CHANGED: Final = "\n-# It differs a little: a command cannot hold all of it as it was."
_TOO_LONG: Final = "\n-# This is longer than Discord's message box takes"
_EDIT_INSTEAD: Final = "; press Edit below the picture instead"
_MESSAGE_BOX: Final = 2000
"""Characters that it takes from members without Nitro. Source: Discord's help pages, Discord Nitro."""

_COLOURS: Final = {
    State.QUEUED: Colour.WAITING,
    State.SUBMITTING: Colour.RUNNING,
    State.RUNNING: Colour.RUNNING,
    State.FINISHED: Colour.RUNNING,
    State.DELIVERED: Colour.DELIVERED,
}
_UNDER_WAY: Final = {
    State.QUEUED: "It waits in line.",
    State.SUBMITTING: "It was asked for, and the picture service has not confirmed it yet.",
    State.RUNNING: "It is being made.",
    State.FINISHED: "It is finished and about to be posted.",
}

_STOPPABLE: Final = {State.QUEUED, State.SUBMITTING, State.RUNNING}


def details(job: Job, family: Family, *, is_moderator: bool) -> Page:
    """Return everything that there is to know about a job.

    The line to copy is always whole. Where it leaves little room, the prompts that it repeats are cut, and
    fewer of the family are named, though always counted.

    Args:
        job: in any state.
        family: its own.
        is_moderator: whether the reader learns what it cost the owner in dollars.
    """
    parameters = SanaParameters.from_json(job.parameters)
    copied = _to_copy(job, parameters)
    settings = _settings(parameters)
    about = "\n".join([*_story(job), *_times(job), _cost(job, family.charged, is_moderator=is_moderator)])
    room = MAX_TEXT - sum(map(len, (copied, settings, about)))
    kin = _kin(family, room - _ROOM_FOR_PROMPTS)
    prompts = _prompts(parameters, room - len(kin))
    texts = [text for text in (about, prompts, settings, copied, kin) if text]
    return Page(_COLOURS.get(job.state, Colour.ENDED), [ui.TextDisplay[Any](text) for text in texts])


def _to_copy(job: Job, parameters: SanaParameters) -> str:
    line, is_exact = command_line(parameters)
    changed = "" if is_exact else _CHANGED
    instead = _EDIT_INSTEAD if job.is_result else ""
    too_long = f"{_TOO_LONG}{instead}." if len(line) > _MESSAGE_BOX else ""
    return f"{_LINE}\n{code_block(line)}{changed}{too_long}"


def _story(job: Job) -> list[str]:
    asked = f"**{job.reference}**, asked for by {mention(job.member_id)} {timestamp(job.created_at, 'f')}"
    if job.removed_by is not None:
        return [asked, f"{mention(job.removed_by)} deleted it."]
    if job.state in REFUNDED:
        what_happened, *_ = end_lines(job)
        return [asked, cut_escaped(what_happened, _MAX_END)]
    if job.cancelled_by is not None and job.state in _STOPPABLE:
        return [asked, f"It is being stopped, as {mention(job.cancelled_by)} asked."]
    return [asked, *([_UNDER_WAY[job.state]] if job.state in _UNDER_WAY else [])]


def _times(job: Job) -> list[str]:
    times = []
    if job.accepted_at is not None:
        times.append(f"{_seconds((job.accepted_at - job.created_at).total_seconds())} in line")
    if job.seconds is not None:
        times.append(f"{_seconds(job.seconds)} of work")
    if job.state is State.DELIVERED and job.closed_at is not None:
        whole = (job.closed_at - job.created_at).total_seconds()
        times.append(f"{_seconds(whole)} from request to picture")
    if job.state in REFUNDED and times == [f"{_seconds(0)} in line"]:
        return []
    return [f"**Time:** {', '.join(times)}"] if times else []


def _cost(job: Job, charged: int | None, *, is_moderator: bool) -> str:
    if job.refunded:
        cost = "nothing"
    elif charged is None:
        cost = f"{count_of_credits(job.credits)}, charged only if a picture comes"
    else:
        cost = f"{count_of_credits(charged)}{_came(job, charged)}"
    paid = dollars(job.cost_usd) if is_moderator else None
    billed = "" if paid is None else f"; the owner paid {cut(f'${paid:.6f}', _MAX_DOLLARS)}"
    return f"**Cost:** {cost}{billed}"


def _came(job: Job, charged: int) -> str:
    """Return how many pictures came where some did not: each costs the same."""
    parameters = SanaParameters.from_json(job.parameters)
    came = charged // parameters.credits_per_picture
    wanted = count_of_pictures(parameters.samples)
    return "" if came == parameters.samples else f" ({came} of {wanted} came)"


def _settings(parameters: SanaParameters) -> str:
    named = {
        "Seed": parameters.seed,
        "Size": f"{parameters.width} × {parameters.height}",
        "Steps": parameters.steps,
        "Scale": parameters.scale_text,
        "Pictures": parameters.samples,
        "Spoiler": "yes" if parameters.spoiler else "no",
    }
    return " · ".join(f"**{name}:** {value}" for name, value in named.items())


def _prompts(parameters: SanaParameters, room: int) -> str:
    """Return both prompts, cut to the room that there is, the negative one to a third of it."""
    titles = "**Prompt:** ", "\n**Negative prompt:** "
    room -= sum(map(len, titles))
    negative = cut_escaped(escape_line(parameters.negative_prompt) or "none", room // 3)
    prompt = cut_escaped(escape(parameters.prompt), room - len(negative))
    return f"{titles[0]}{prompt}{titles[1]}{negative}"


def _kin(family: Family, room: int) -> str:
    """Return what the job was made from, and the newest that was made from it, as many as have room."""
    made_from = [] if family.parent is None else [f"**Made from:** {_link(family.parent)}"]
    shorter_and_shorter = [
        "\n".join([*made_from, *_children(family, family.children[first:])])
        for first in range(len(family.children) + 1)
    ]
    return next((text for text in shorter_and_shorter if len(text) <= room), shorter_and_shorter[-1])


def _children(family: Family, named: Sequence[Job]) -> list[str]:
    if not family.children_count:
        return []
    words = []
    if family.children_count > len(named):
        words.append(f"{family.children_count:,} in all")
    if named:
        words.append(f"{'the newest: ' if words else ''}{', '.join(map(_link, named))}")
    return [f"**Made from this:** {'; '.join(words)}"]


def _link(job: Job) -> str:
    if job.removed_by is not None:
        return f"{job.reference} (deleted)"
    if job.message_id is None:
        return job.reference
    address = f"https://discord.com/channels/{job.guild_id}/{job.channel_id}/{job.message_id}"
    return f"[{job.reference}]({address})"


def _seconds(seconds: float) -> str:
    return f"{max(seconds, 0.0):,.1f} seconds"
