"""The page of Details: what a job was asked for, how it went, what it cost, and its family."""

from collections.abc import Sequence
from typing import Any, Final

from discord import ui

from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Family
from bot.parameters import SanaParameters
from bot.present.command_line import code_block, command_line
from bot.present.ends import end_lines
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.text import count_of_credits, cut, cut_escaped, escape, escape_line, mention, timestamp

_MAX_END: Final = 100
_MAX_DOLLARS: Final = 20
_ROOM_FOR_PROMPTS: Final = 100
"""Characters that a large family leaves them; the longest of all lines to copy leaves no fewer."""

_LINE: Final = "Copy this into the message box to make it again:"
_CHANGED: Final = "\n-# It differs a little: a command cannot hold all of it as it was."

_COLOURS: Final = {
    State.QUEUED: Colour.WAITING,
    State.SUBMITTING: Colour.RUNNING,
    State.RUNNING: Colour.RUNNING,
    State.FINISHED: Colour.RUNNING,
    State.DELIVERED: Colour.DELIVERED,
}
_UNDER_WAY: Final = {
    State.QUEUED: "It waits in line.",
    State.SUBMITTING: "It is being made.",
    State.RUNNING: "It is being made.",
    State.FINISHED: "It is finished and about to be posted.",
}


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
    line, is_exact = command_line(parameters)
    copied = f"{_LINE}\n{code_block(line)}{'' if is_exact else _CHANGED}"
    settings = _settings(parameters)
    about = "\n".join([*_story(job), *_times(job), _cost(job, parameters, is_moderator=is_moderator)])
    room = MAX_TEXT - sum(map(len, (copied, settings, about)))
    kin = _kin(family, room - _ROOM_FOR_PROMPTS)
    prompts = _prompts(parameters, room - len(kin))
    texts = [text for text in (about, prompts, settings, copied, kin) if text]
    return Page(_COLOURS.get(job.state, Colour.ENDED), [ui.TextDisplay[Any](text) for text in texts])


def _story(job: Job) -> list[str]:
    asked = f"**{job.reference}**, asked for by {mention(job.member_id)} {timestamp(job.created_at, 'f')}"
    if job.removed_by is not None:
        return [asked, f"{mention(job.removed_by)} deleted it."]
    if job.state in REFUNDED:
        what_happened, *_ = end_lines(job)
        return [asked, cut_escaped(what_happened, _MAX_END)]
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
    return [f"**Time:** {', '.join(times)}"] if times else []


def _cost(job: Job, parameters: SanaParameters, *, is_moderator: bool) -> str:
    if job.refunded:
        cost = "nothing"
    elif job.state is not State.DELIVERED:
        cost = f"{count_of_credits(job.credits)}, charged only if a picture comes"
    elif parameters.samples > 1:
        each = parameters.credits_per_picture
        cost = f"{count_of_credits(job.credits)}, less {each} for each picture that did not come"
    else:
        cost = count_of_credits(job.credits)
    dollars = ""
    if is_moderator and job.cost_usd is not None:
        dollars = f"; the owner paid {cut(f'${float(job.cost_usd):.6f}', _MAX_DOLLARS)}"
    return f"**Cost:** {cost}{dollars}"


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
