"""What `/usage` shows a member, and `/quota show` a moderator: all about one member's credits."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from discord import ui

from bot.jobs.model import Job
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.progress_bar import bar
from bot.present.quota_entries import entry_in_words, state_in_words
from bot.present.quota_words import (
    LAST,
    Names,
    allowance_in_words,
    block_end,
    origin_in_words,
    reason_in_words,
)
from bot.present.text import count_of_credits, mention, timestamp
from bot.quotas.model import Block, LedgerEntry, MemberView, Return

_RETURNS_SHOWN: Final = 3
_JOBS_SHOWN: Final = 5
_MAX_BLOCK_REASON: Final = 500
_LEAST_REASON: Final = 20
_ENTRIES_SHOWN: Final = 10


def usage(view: MemberView, names: Names, *, own: bool) -> Page:
    """Return the page.

    Args:
        view: what there is to know.
        names: of roles, and who has left.
        own: whether its reader is the member.
    """
    heading = "**Your credits in this server**" if own else f"**Credits of {names.member(view.member_id)}**"
    colour = Colour.WAITING if view.block is None else Colour.HELD
    facts = "\n".join([heading, *_facts(view, names, own=own)])
    entries = _entries(view.entries, MAX_TEXT - len(facts))
    return Page(colour, [ui.TextDisplay[Any](facts), ui.Separator[Any](), ui.TextDisplay[Any](entries)])


def _facts(view: MemberView, names: Names, *, own: bool) -> Iterator[str]:
    if view.block is not None:
        yield _blocked(view.block, own=own)
    yield from _use(view)
    allowance = allowance_in_words(view.entitlement.allowance)
    yield f"Allowance: {allowance}, {origin_in_words(view.entitlement.origin, names, own=own)}."
    granted = view.standing.granted
    yield (
        f"Extra credits: **{granted:,}**. They do not expire, and are used after the allowance."
        if granted
        else "Extra credits: none."
    )
    if view.returns:
        returns = _by_minute(view.returns)[:_RETURNS_SHOWN]
        yield "Next to return: " + "; ".join(map(_return, returns)) + "."
    yield _under_way(view.jobs, view.jobs_under_way)


def _blocked(block: Block, *, own: bool) -> str:
    who = "You are" if own else "They are"
    by = "" if own else f" by {mention(block.by)}"
    reason = reason_in_words(block.reason, _MAX_BLOCK_REASON)
    return f"**{who} blocked{by}** {block_end(block.until)}, and can start no job.{reason}"


def _use(view: MemberView) -> Iterator[str]:
    standing = view.standing
    last = LAST[standing.allowance.period]
    if standing.allowance.credits is None:
        yield f"**{standing.used:,}** used in {last}; there is no limit to what is left."
        return
    yield bar(standing.used, standing.allowance.credits)
    left = "" if standing.left is None else f", **{standing.left:,} left**"
    extra = " with the extra credits" if standing.granted else ""
    yield f"**{standing.used:,} of {standing.allowance.credits:,}** used in {last}{left}{extra}."


def _by_minute(returns: Sequence[Return]) -> list[Return]:
    """Put together what comes back within one minute: Discord shows no seconds."""
    minutes = groupby(returns, key=lambda each: each.at.replace(second=0, microsecond=0))
    together = (list(group) for _, group in minutes)
    return [Return(group[0].at, sum(each.credits for each in group)) for group in together]


def _return(each: Return) -> str:
    return f"{count_of_credits(each.credits)} {timestamp(each.at, 'R')} ({timestamp(each.at, 'f')})"


def _under_way(jobs: Sequence[Job], count: int) -> str:
    if not count:
        return "Jobs under way: none."
    named = [f"{job.reference} {state_in_words(job.state)}" for job in jobs[:_JOBS_SHOWN]]
    more = [f"{count - len(named):,} more"] if count > len(named) else []
    return f"Jobs under way: **{count:,}** ({'; '.join([*named, *more])})."


def _entries(entries: Sequence[LedgerEntry], room: int) -> str:
    """Return the last entries of the ledger, with reasons as long as all of them have room for."""
    heading = "**Last entries**"
    if not entries:
        return f"{heading}\nNone yet."
    shown = entries[:_ENTRIES_SHOWN]
    bare = sum(len(_entry(entry, 0)) + 1 for entry in shown) + len(heading)
    each_reason = max(_LEAST_REASON, (room - bare) // len(shown))
    return "\n".join([heading, *(_entry(entry, each_reason) for entry in shown)])


def _entry(entry: LedgerEntry, reason_room: int) -> str:
    return f"{timestamp(entry.at, 'f')} {entry_in_words(entry, reason_room=reason_room)}"
