"""Credits, people and reasons in words."""

import pytest

from bot.allowance import Allowance, Period
from bot.present.progress_bar import bar
from bot.present.quota_words import (
    Names,
    allowance_in_words,
    amount,
    origin_in_words,
    reason_in_words,
    unreadable,
)
from bot.quotas.model import Origin, RuleKind

GUILD, ROLE, GONE_ROLE, MEMBER, LEFT = 1, 2, 3, 4, 5
NAMES = Names(roles={GUILD: "@everyone", ROLE: "Boo*ster*"}, gone=frozenset({LEFT}))


@pytest.mark.parametrize(
    ("used", "whole", "full"),
    [(0, 20, 0), (20, 20, 20), (10, 20, 10), (30, 20, 20), (1, 1000, 1), (999, 1000, 19), (0, 0, 20)],
)
def test_a_bar_shows_how_much_is_used(used: int, whole: int, full: int) -> None:
    """Twenty characters; what is begun shows, and so does what is left, however little it is."""
    assert bar(used, whole) == f"`{'█' * full}{'░' * (20 - full)}`"


@pytest.mark.parametrize(
    ("credits_", "words"),
    [(None, "unlimited credits"), (0, "no credits"), (1, "1 credit"), (1000, "1,000 credits")],
)
def test_amounts(credits_: int | None, words: str) -> None:
    """Unlimited and nothing are said in words."""
    assert amount(credits_) == words


def test_allowances() -> None:
    """An allowance is told with its period, which says nothing where there is no limit."""
    assert allowance_in_words(Allowance(20, Period.HOUR)) == "20 credits an hour"
    assert allowance_in_words(Allowance(None, Period.DAY)) == "unlimited credits"


def test_roles_go_by_their_names() -> None:
    """A role's name is text that does nothing; one that was deleted goes by its id."""
    assert NAMES.role(ROLE) == r"the role **Boo\*ster\***"
    assert NAMES.role(GUILD) == r"the role **\@everyone**"
    assert NAMES.role(GONE_ROLE) == "a deleted role (`3`)"


def test_members_who_left_are_told_by_their_id() -> None:
    """Discord may know no name for them, so the id stands beside it."""
    assert NAMES.member(MEMBER) == "<@4>"
    assert NAMES.member(LEFT) == "<@5> (`5`, not in this server)"


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin(None), "the bot's own default"),
        (Origin(RuleKind.DEFAULT, GUILD), "this server's default"),
        (Origin(RuleKind.ROLE, ROLE), r"from the role **Boo\*ster\***"),
        (Origin(RuleKind.ROLE, GONE_ROLE), "from a deleted role (`3`)"),
        (Origin(RuleKind.MEMBER, MEMBER), "from a rule for this member alone"),
        (
            Origin(RuleKind.DEFAULT, GUILD, capped=True),
            "this server's default, cut to what the bot's owner allows (`QUOTA_MAX_CREDITS`)",
        ),
    ],
)
def test_origins(origin: Origin, words: str) -> None:
    """Every reason for an allowance has its words, the cap included."""
    assert origin_in_words(origin, NAMES, own=False) == words


def test_an_origin_told_to_its_member() -> None:
    """A member is spoken to."""
    assert origin_in_words(Origin(RuleKind.MEMBER, MEMBER), NAMES, own=True) == "from a rule for you alone"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (None, ""),
        ("spam", " Reason: spam"),
        ("two\n# lines", r" Reason: two \# lines"),
        ("@everyone <@4> <@&2>", r" Reason: \@everyone \<\@4> \<\@&2>"),
        ("||hidden|| `code", r" Reason: \|\|hidden\|\| \`code"),
        ("turned \u202eround\u2066 here", " Reason: turned round here"),
        ("x" * 50, f" Reason: {'x' * 39}…"),
    ],
)
def test_reasons_are_text(reason: str | None, words: str) -> None:
    """What a moderator gives as a reason stays on its line, does nothing, and has a length."""
    assert reason_in_words(reason, 40) == words


def test_what_cannot_be_read_is_shown_with_what_would_do() -> None:
    """The sentence names the option, what was given, and what would do."""
    assert unreadable("credits", "a\nfew", "5") == "`credits` was “a few”; 5 would do."
