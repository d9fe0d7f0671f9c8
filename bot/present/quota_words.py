"""Credits, allowances, people and reasons in plain words: what all pages about quotas are made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.allowance import Allowance, Period
from bot.present.text import count_of_credits, cut_escaped, escape_line, mention, timestamp
from bot.quotas.model import Origin, RuleKind

CAP_SETTING: Final = "QUOTA_MAX_CREDITS"
_MAX_NAME: Final = 120  # a role's name has at most 100 characters, before it is escaped
_TURNS: Final = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Source: Unicode Standard Annex 9, Explicit Directional Formatting Characters."""

_MAX_GIVEN: Final = 60

LAST: Final[Mapping[Period, str]] = {
    Period.HOUR: "the last hour",
    Period.DAY: "the last 24 hours",
    Period.WEEK: "the last 7 days",
    Period.MONTH: "the last 30 days",
}
"""What counts now, for each rolling period."""

_EACH: Final[Mapping[Period, str]] = {
    Period.HOUR: "an hour",
    Period.DAY: "a day",
    Period.WEEK: "a week",
    Period.MONTH: "a month",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the roles of a server are called, and who is not in it any more."""

    roles: Mapping[int, str]
    gone: frozenset[int] = field(default=frozenset())

    def role(self, role_id: int) -> str:
        """Return a role's name, which pings nobody, or its id where it was deleted."""
        name = self.roles.get(role_id)
        if name is None:
            return f"a deleted role (`{role_id}`)"
        return f"the role **{as_text(name, _MAX_NAME)}**"

    def member(self, member_id: int) -> str:
        """Return a member's name as Discord shows it, with the id where it may know no name."""
        left = f" (`{member_id}`, not in this server)" if member_id in self.gone else ""
        return mention(member_id) + left


def amount(number: int | None) -> str:
    """Return a rule's credits in words: "20 credits", "no credits", "unlimited credits"."""
    return "no credits" if number == 0 else count_of_credits(number)


def extra_credits(number: int) -> str:
    """Return a number of extra credits in words: "1 extra credit"."""
    return "1 extra credit" if number == 1 else f"{number:,} extra credits"


def allowance_in_words(allowance: Allowance) -> str:
    """Return an allowance in words: "20 credits a day", "unlimited credits"."""
    return amount(allowance.credits) + ("" if allowance.credits is None else f" {each(allowance.period)}")


def each(period: Period) -> str:
    """Return a period as rules name it: "a day"."""
    return _EACH[period]


def origin_in_words(origin: Origin, names: Names, *, own: bool) -> str:
    """Return why an allowance is what it is: "from the role **Booster**"; `own`: to the one who has it."""
    match origin.kind:
        case RuleKind.MEMBER:
            why = f"from a rule for {'you' if own else 'this member'} alone"
        case RuleKind.ROLE if origin.target_id is not None:
            why = f"from {names.role(origin.target_id)}"
        case RuleKind.DEFAULT:
            why = "this server's default"
        case _:
            why = "the bot's own default"
    return why + (f", cut to what the bot's owner allows (`{CAP_SETTING}`)" if origin.capped else "")


def block_end(until: datetime | None) -> str:
    """Return when a block ends, in words: "until a moderator ends it" for None."""
    if until is None:
        return "until a moderator ends it"
    return f"until {timestamp(until, 'f')} ({timestamp(until, 'R')})"


def reason_in_words(reason: str | None, room: int) -> str:
    """Return a moderator's reason as text that does nothing, in at most so many characters, or nothing."""
    return f" Reason: {as_text(reason, room)}" if reason else ""


def unreadable(name: str, given: str, would_do: str) -> str:
    """Return the sentence for an option that cannot be read, with what would do instead."""
    return f"`{name}` was “{as_text(given, _MAX_GIVEN)}”; {would_do} would do."


def as_text(given: str, room: int) -> str:
    """Return what somebody typed, in so many characters, as text that does nothing in a sentence of ours."""
    return cut_escaped(escape_line(_TURNS.sub("", given)), room)
