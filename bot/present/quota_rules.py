"""What `/quota list` shows: all rules of a server, in the order in which they count."""

from collections.abc import Iterable
from typing import Any, Final

from discord import ui

from bot.allowance import Allowance
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.quota_words import CAP_SETTING, LAST, Names, allowance_in_words, amount
from bot.quotas.model import OwnerTerms, Rule, RuleKind, ServerRules

RULES_FILE: Final = "rules.csv"

_LONGEST_NOTE: Final = 100  # of the line that says how many rules are left out


def rules(server: ServerRules, terms: OwnerTerms, names: Names) -> tuple[Page, bool]:
    """Return the page, and whether all rules have room on it; where not, `RULES_FILE` goes up with it.

    Args:
        server: its rules.
        terms: the owner's, which hold where the server sets nothing.
        names: of roles, and who has left.
    """
    period = server.period or terms.default.period
    default = server.find(RuleKind.DEFAULT, server.guild_id)
    whole = terms.default if default is None else Allowance(default.credits, period)
    by_whom = "the bot's own default" if default is None else "this server's default"
    members = [
        f"- {names.member(rule.target_id)}: {amount(rule.credits)}" for rule in _of(server, RuleKind.MEMBER)
    ]
    roles = [f"- {names.role(rule.target_id)}: {amount(rule.credits)}" for rule in _of(server, RuleKind.ROLE)]
    closing = "\n".join(
        [f"**3. All others** have {allowance_in_words(whole)}, {by_whom}.", *_notes(server, terms)]
    )
    headings = (
        f"**Allowances in this server.** What counts is what was used in {LAST[period]}.",
        f"**1. A rule for one member** beats all others.{'' if members else ' There is none.'}",
        f"**2. Of a member's role rules** the most generous counts.{'' if roles else ' There is none.'}",
    )
    room = MAX_TEXT - len(closing) - sum(map(len, headings)) - 2 * _LONGEST_NOTE
    shown_members, left_members = _fitting(members, room - min(room // 2, sum(map(len, roles)) + len(roles)))
    shown_roles, left_roles = _fitting(roles, room - sum(map(len, shown_members)) - len(shown_members))
    text = "\n".join([headings[0], headings[1], *shown_members, headings[2], *shown_roles, closing])
    is_whole = not (left_members or left_roles)
    # Discord shows no file that no component holds.
    file = [] if is_whole else [ui.File[Any](f"attachment://{RULES_FILE}")]
    return Page(Colour.WAITING, [ui.TextDisplay[Any](text), *file]), is_whole


def _of(server: ServerRules, kind: RuleKind) -> list[Rule]:
    """Return the rules of one kind, the most generous first."""
    found = [rule for rule in server.rules if rule.kind is kind]
    return sorted(found, key=lambda rule: (rule.credits is not None, -(rule.credits or 0), rule.target_id))


def _notes(server: ServerRules, terms: OwnerTerms) -> Iterable[str]:
    yield "Extra credits (`/quota grant`) do not expire, and are used after the allowance."
    if terms.cap is not None:
        yield (
            f"The bot's owner lets no rule give more than {amount(terms.cap)} (`{CAP_SETTING}`); where one"
            " says more, that counts."
        )
    if server.log_channel_id is not None:
        yield f"Changes are also posted in <#{server.log_channel_id}>."


def _fitting(lines: list[str], room: int) -> tuple[list[str], int]:
    """Return the lines that fit, with a note about the others, and how many those are."""
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    left_out = len(lines) - len(shown)
    return [*shown, *([f"- and {left_out:,} more, in the file"] if left_out else [])], left_out
