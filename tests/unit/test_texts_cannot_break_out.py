"""What members and moderators type stays text, wherever it is shown.

Every page is made twice: with something nasty, and with one harmless word in its place. Both must have the
same constructs of Discord's Markdown: the nasty one adds none, ends none, and hides none.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.allowance import Allowance, Period
from bot.errors import BlockedError, InvalidDurationError, InvalidParametersError
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Family, InLine, Running, Standing
from bot.parameters import SanaParameters, parse
from bot.parameters.model import clean
from bot.present.details import details
from bot.present.edit_modal import Typed, refused
from bot.present.mail import letter
from bot.present.messages import delivered, ended, pending
from bot.present.page import MAX_TEXT, Page
from bot.present.quota_changes import change_answer, change_line
from bot.present.quota_history import history
from bot.present.quota_rules import rules
from bot.present.quota_words import Names, unreadable
from bot.present.refusals import MAX_CONTENT, refusal
from bot.present.usage import usage
from bot.quotas.history import HistoryPage
from bot.quotas.model import (
    Action,
    Block,
    Change,
    Entitlement,
    EntryKind,
    MemberView,
    Origin,
    OwnerTerms,
    Rule,
    RuleKind,
    ServerRules,
    TargetKind,
)
from tests.support.pages import GUILD, MEMBER, MODERATOR, NOW, ROLE, entry, texts

HARMLESS: Final = "fox"
MARKS_AT_MOST: Final = 5
TURNS: Final = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BLOCK: Final = re.compile(r"```.*?```", re.DOTALL)
CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
CONSTRUCT: Final = re.compile(
    r"""
    (?P<escape> \\[^0-9A-Za-z\s] )
  | (?P<block>  ```.*?``` )
  | (?P<code>   (?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`) )
  | (?P<inline> [\\*_~|`<@#\[] | :// | :\w+: )
  | (?P<line>   ^[^\S\n]*(?:[>+-]|\d+[.)]) )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
ALLOWANCE: Final = Allowance(20, Period.DAY)
ALONE: Final = Family(parent=None, children=(), children_count=0)
STANDING: Final = Standing(allowance=ALLOWANCE, used=4, granted=3)

PIECES: Final = [
    "@everyone @here ",
    "<@3> <@!3> <@&2> <#5> </sana:1> <id:customize> ",
    "<t:1700000000:R> <:fox:123456789012345678> <a:fox:123456789012345678> :smile: ",
    "[a](https://example.org) <https://example.org> https://discord.gg/x ",
    "```\n", "``` ", "`` ", "` ", "\\", "\\\\` ",
    "**a ", "__a ", "||a ", "~~a ", "*a ", "_a ",
    "\n# a", "\n-# a", "\n> a", "\n>>> a", "\n- a", "\n1. a", "\r\n\u2028\v\f\x85", "\n\n\n",
    "\u202eevil\u2066\u200f\u061c ",
    "o" + "\u0334\u0349\u0351" * 9, "a\u200d" + "\u0301\u200c" * 12,
    "\x00\x1b\x7f\ud800 ", "a" * 90,
]  # fmt: skip
typed = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=60).map("".join)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the fetcher gives it."""

    filename: str = "sana-1.png"
    content: bytes = b"picture"
    width: int = 1024
    height: int = 1024
    url: str = "https://cdn1.wiro.ai/0.png"
    reduced: bool = True


def job(text: str, state: State = State.DELIVERED, **changes: Any) -> Job:  # noqa: ANN401 - the fields' own types hold
    """Return a job whose prompts are a text, with something before it so that neither is blank."""
    parameters = SanaParameters(
        prompt=clean(f"x\n{text}")[:2000], negative_prompt=clean(f"x\n{text}")[:1000], seed=7
    )
    whole = Job(
        id=42,
        state=state,
        guild_id=GUILD,
        channel_id=2,
        member_id=MEMBER,
        message_id=4,
        upload_limit_bytes=10_485_760,
        parameters=parameters.to_json(),
        credits=1,
        created_at=NOW,
        accepted_at=NOW,
        closed_at=NOW,
        parent_id=41,
    )
    return replace(whole, **changes)


def names(text: str) -> Names:
    """Return what roles are called; a name has at most 100 characters."""
    return Names(roles={ROLE: f"x{text}"[:100]}, gone=frozenset({MEMBER}))


def change(action: Action, text: str) -> Change:
    """Return a change for a role or a member, with a reason."""
    kind = TargetKind.ROLE if action is Action.ROLE else TargetKind.MEMBER
    words = {Action.BLOCK: ("", "forever"), Action.ROLE: ("20", "unlimited")}.get(action, ("1", "5"))
    target = ROLE if action is Action.ROLE else MEMBER
    return Change(
        id=1,
        at=NOW,
        moderator_id=MODERATOR,
        action=action,
        target_kind=kind,
        target_id=target,
        before=words[0],
        after=words[1],
        reason=f"x{text}"[:500],
    )


def view(text: str) -> MemberView:
    """Return what there is to know about a blocked member with reasons in the ledger."""
    reason = f"x{text}"[:500]
    block = Block(member_id=MEMBER, until=None, reason=reason, by=MODERATOR, at=NOW)
    grants = tuple(entry(kind, why=reason) for kind in (EntryKind.GRANT, EntryKind.RESET) * 5)
    entitlement = Entitlement(ALLOWANCE, Origin(RuleKind.ROLE, ROLE))
    return MemberView(
        member_id=MEMBER,
        entitlement=entitlement,
        standing=STANDING,
        block=block,
        jobs=(),
        jobs_under_way=0,
        returns=(),
        entries=grants,
    )


def wrong_options(text: str) -> list[str]:
    """Return what is said of options that cannot be read."""
    options = {"prompt": "x", "size": f"x{text}", "steps": f"x{text}", "spoiler": f"x{text}"}
    try:
        parse(options, draw_seed=lambda: 7)
    except InvalidParametersError as error:
        return [refusal(error)]
    raise AssertionError("nothing was wrong")


def wrong_edit(text: str) -> Page:
    """Return the answer to a submission that is refused."""
    given = Typed(prompt=f"x\n{text}", negative_prompt=f"x\n{text}", steps=f"x{text}")
    try:
        parse({"prompt": "x", "steps": given.steps}, draw_seed=lambda: 7)
    except InvalidParametersError as error:
        return refused(error, given, job(HARMLESS))
    raise AssertionError("nothing was wrong")


def page_of_history(text: str) -> Page:
    """Return a full page, of one kind of each."""
    items = [change(action, text) for action in (Action.ROLE, Action.MEMBER, Action.GRANT, Action.BLOCK)]
    entries = [entry(kind, why=f"x{text}"[:500]) for kind in (EntryKind.GRANT, EntryKind.RESET) * 3]
    return history(HistoryPage((*items, *entries), None, None), names(text), None)


def page_of_rules(text: str) -> Page:
    """Return the rules of a server with a rule for a role and for a member."""
    own = (Rule(RuleKind.ROLE, ROLE, 20), Rule(RuleKind.MEMBER, MEMBER, None))
    return rules(ServerRules(guild_id=GUILD, rules=own), OwnerTerms(ALLOWANCE), names(text))[0]


PROMPTS: Final[Mapping[str, Callable[[str], list[str]]]] = {
    "in line": lambda text: texts(pending(job(text, State.QUEUED), InLine(2), STANDING)),
    "being made": lambda text: texts(pending(job(text, State.RUNNING), Running())),
    "being stopped": lambda text: texts(pending(job(text, State.RUNNING, cancelled_by=3), Running())),
    "delivered": lambda text: texts(delivered(job(text), [Picture()], STANDING, missing=1)),
    **{
        state: lambda text, state=state: texts(ended(job(text, state)))  # type: ignore[misc] # bound by the default
        for state in sorted(REFUNDED)
    },
    "details": lambda text: texts(details(job(text), ALONE, is_moderator=True)),
    "reason of an end": lambda text: texts(ended(job(HARMLESS, State.FAILED, reason=f"x{text}"))),
    "letter": lambda text: texts(letter(job(text), [Picture()])),
    "refused edit": lambda text: texts(wrong_edit(text)),
}
"""Texts that have lines of their own."""

PAGES: Final[Mapping[str, Callable[[str], list[str]]]] = {
    "history": lambda text: texts(page_of_history(text)),
    "rules": lambda text: texts(page_of_rules(text)),
    "own usage": lambda text: texts(usage(view(text), names(text), own=True)),
    "another's usage": lambda text: texts(usage(view(text), names(text), own=False)),
}
"""Texts in the middle of the bot's own."""

NOTES: Final[Mapping[str, Callable[[str], list[str]]]] = {
    **{
        f"{action} {made.__name__}": lambda text, action=action, made=made: [  # type: ignore[misc] # as above
            made(change(action, text), names(text))
        ]
        for action in (Action.ROLE, Action.MEMBER, Action.GRANT, Action.RESET, Action.BLOCK)
        for made in (change_answer, change_line)
    },
    "blocked": lambda text: [refusal(BlockedError(until=None, reason=f"x{text}"[:500]))],
    "duration": lambda text: [refusal(InvalidDurationError(f"x{text}"))],
    "wrong options": wrong_options,
    "unreadable": lambda text: [unreadable("credits", f"x{text}", "a number")],
}
"""The same, where what is shown is a message's content."""


def constructs(shown: list[str]) -> list[list[str]]:
    """Return what begins a construct in each text, in order, as Discord's Markdown reads it."""
    return [_constructs(text) for text in shown]


def _constructs(text: str) -> list[str]:
    without_note = text.partition("\n-# It differs a little")[0]
    found = []
    for match in CONSTRUCT.finditer(without_note):
        if match["block"] or match["code"]:
            found.append("code")
        elif not match["escape"]:
            found.append(match[0].strip())
    return found


def longest_pile(text: str) -> int:
    """Return how many marks one letter has at most, outside of code, which only who typed it sees."""
    longest = marks = 0
    for character in CODE.sub("", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else marks if category == "Cf" else 0
        longest = max(longest, marks)
    return longest


@pytest.mark.parametrize("place", [*PROMPTS, *PAGES, *NOTES])
@given(text=typed)
@example(text="".join(PIECES))
def test_nothing_typed_becomes_markdown(place: str, text: str) -> None:
    """No mention, link, emoji, code, heading or list comes of it, and none of the page's own is lost."""
    shown_by = {**PROMPTS, **PAGES, **NOTES}[place]
    shown = shown_by(text)
    assert constructs(shown) == constructs(shown_by(HARMLESS))
    assert sum(map(len, shown)) <= (MAX_CONTENT if place in NOTES else MAX_TEXT)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "".join(shown))
    assert longest_pile("\n".join(shown)) <= MARKS_AT_MOST


@pytest.mark.parametrize("place", [*PAGES, *NOTES])
@given(text=typed)
@example(text="\u202eevil\u2066")
def test_nothing_typed_turns_the_sentence_around_it(place: str, text: str) -> None:
    """Where our own words follow on the line, no sign for another direction is left."""
    assert not TURNS.search("".join({**PAGES, **NOTES}[place](text)))


@pytest.mark.parametrize("place", PROMPTS)
@given(text=typed)
@example(text="\u202eevil\n\u2066evil")
def test_what_turns_text_around_ends_with_its_line(place: str, text: str) -> None:
    """A prompt's directions hold to the end of its line, and nothing of ours stands there behind it."""
    ours = " ".join(PROMPTS[place](HARMLESS))
    for line in BLOCK.sub("", "\n".join(PROMPTS[place](text))).split("\n"):
        _, turn, rest = line.partition(next(iter(TURNS.findall(line)), "\n"))
        words = set(re.findall(r"\w{6,}", rest)) - set(re.findall(r"\w+", text))
        assert not turn or not words & set(re.findall(r"\w{6,}", ours)), line


def test_the_checks_see_what_they_are_for() -> None:
    """Each nasty piece, put into a sentence as it is, is a construct, a turn, a pile or cannot be sent."""
    unseen = {"a" * 90, "\r\n\u2028\v\f\x85", "\n\n\n"}  # those are about lengths and lines
    for piece in PIECES:
        told = "x\n" + piece.strip(" ")
        is_seen = _constructs(told) or TURNS.search(told) or longest_pile(told) > MARKS_AT_MOST
        assert is_seen or "\x00" in piece or piece in unseen, repr(piece)
