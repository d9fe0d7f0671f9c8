"""A change by a moderator in words: before, after, for whom, what it means."""

from datetime import UTC, datetime

import pytest

from bot.allowance import Allowance, Period
from bot.present.quota_changes import block_note, change_answer, change_line, default_note
from bot.present.quota_words import Names
from bot.quotas.model import Action, Change, TargetKind

GUILD, ROLE, MODERATOR, MEMBER = 1, 2, 3, 4
NAMES = Names(roles={ROLE: "Booster"})
TARGETS = {TargetKind.SERVER: GUILD, TargetKind.ROLE: ROLE, TargetKind.MEMBER: MEMBER}
END = "1767225600"


def change(action: Action, kind: TargetKind, before: str, after: str, reason: str | None = None) -> Change:
    """Return a change."""
    return Change(
        id=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        moderator_id=MODERATOR,
        action=action,
        target_kind=kind,
        target_id=TARGETS[kind],
        before=before,
        after=after,
        reason=reason,
    )


CASES = {
    "default, first": (
        change(Action.DEFAULT, TargetKind.SERVER, "", "30 week"),
        (
            "This server's allowance was the bot's own default and is now 30 credits a week. It holds for"
            " every member for whom there is no other rule. All rules count what was used in the last 7"
            " days."
        ),
        "<@3> changed this server's allowance from the bot's own default to 30 credits a week.",
    ),
    "default, unlimited": (
        change(Action.DEFAULT, TargetKind.SERVER, "1 day", "unlimited hour"),
        (
            "This server's allowance was 1 credit a day and is now unlimited credits an hour. It holds for"
            " every member for whom there is no other rule. All rules count what was used in the last hour."
        ),
        "<@3> changed this server's allowance from 1 credit a day to unlimited credits an hour.",
    ),
    "role": (
        change(Action.ROLE, TargetKind.ROLE, "20", "50"),
        (
            "For the role **Booster** there was a rule of 20 credits; now there is a rule of 50 credits. Of a"
            " member's role rules the most generous counts, and a rule for the member alone beats them."
        ),
        "<@3> changed the role **Booster** from a rule of 20 credits to a rule of 50 credits.",
    ),
    "role, none": (
        change(Action.ROLE, TargetKind.ROLE, "", "0"),
        (
            "For the role **Booster** there was no rule; now there is a rule of no credits. That is none at"
            " all. Of a member's role rules the most generous counts, and a rule for the member alone beats"
            " them."
        ),
        "<@3> changed the role **Booster** from no rule to a rule of no credits.",
    ),
    "member": (
        change(Action.MEMBER, TargetKind.MEMBER, "", "7"),
        (
            "For <@4> alone there was no rule; now there is a rule of 7 credits. It beats the rules of their"
            " roles."
        ),
        "<@3> changed <@4> from no rule to a rule of 7 credits.",
    ),
    "member, none": (
        change(Action.MEMBER, TargetKind.MEMBER, "7", "0"),
        (
            "For <@4> alone there was a rule of 7 credits; now there is a rule of no credits. They cannot"
            " use any allowance now."
        ),
        "<@3> changed <@4> from a rule of 7 credits to a rule of no credits.",
    ),
    "remove default": (
        change(Action.REMOVE, TargetKind.SERVER, "30 week", ""),
        (
            "This server's allowance was 30 credits a week and is now the bot's own default: the rule was"
            " taken away. Rules for roles and members stay, and count in the bot's own period again."
        ),
        "<@3> took this server's allowance away: 30 credits a week before, the bot's own default now.",
    ),
    "remove role": (
        change(Action.REMOVE, TargetKind.ROLE, "unlimited", ""),
        (
            "For the role **Booster** there was a rule of unlimited credits; now there is no rule. Its"
            " members have what their other roles or the default give them."
        ),
        "<@3> took the rule for the role **Booster** away: a rule of unlimited credits before, no rule now.",
    ),
    "remove member": (
        change(Action.REMOVE, TargetKind.MEMBER, "7", ""),
        (
            "For <@4> alone there was a rule of 7 credits; now there is no rule. They have what their roles"
            " or the default give them."
        ),
        "<@3> took the rule for <@4> away: a rule of 7 credits before, no rule now.",
    ),
    "grant": (
        change(Action.GRANT, TargetKind.MEMBER, "1", "11", "well done"),
        (
            "<@4> had 1 extra credit and now has 11: 10 more. They do not expire, and are used after the"
            " allowance. Reason: well done"
        ),
        "<@3> granted <@4> 10 extra credits: 1 before, 11 now. Reason: well done",
    ),
    "take back": (
        change(Action.GRANT, TargetKind.MEMBER, "5", "4", "too many"),
        (
            "<@4> had 5 extra credits and now has 4: 1 was taken back. The allowance is untouched. Reason:"
            " too many"
        ),
        "<@3> took 1 extra credit back from <@4>: 5 before, 4 now. Reason: too many",
    ),
    "reset": (
        change(Action.RESET, TargetKind.MEMBER, "15", "0", "new week"),
        (
            "15 credits counted as used for <@4>, and now nothing does: the whole allowance is free again."
            " Extra credits are untouched. Reason: new week"
        ),
        "<@3> reset what <@4> used: 15 credits before, none now. Reason: new week",
    ),
    "block": (
        change(Action.BLOCK, TargetKind.MEMBER, "", END, "spam"),
        (
            f"<@4> was not blocked and is now blocked until <t:{END}:f> (<t:{END}:R>). They can start no job"
            " until then. Reason: spam"
        ),
        f"<@3> blocked <@4> until <t:{END}:f> (<t:{END}:R>). Reason: spam",
    ),
    "block for good": (
        change(Action.BLOCK, TargetKind.MEMBER, END, "forever", "spam"),
        (
            f"<@4> was blocked until <t:{END}:f> (<t:{END}:R>) and is now blocked for good. They can start"
            " no job until somebody sends `/quota unblock`. Reason: spam"
        ),
        f"<@3> blocked <@4> for good, before until <t:{END}:f> (<t:{END}:R>). Reason: spam",
    ),
    "unblock": (
        change(Action.UNBLOCK, TargetKind.MEMBER, "forever", ""),
        "<@4> was blocked for good and is not blocked now. They can start jobs again.",
        "<@3> ended the block of <@4>, which was for good.",
    ),
    "log": (
        change(Action.LOG, TargetKind.SERVER, "", "9"),
        (
            "Changes by moderators were also posted nowhere, and now are in <#9>. Whoever sees that channel"
            " reads them there; they ping nobody."
        ),
        "<@3> let changes also be posted in <#9> (before: nowhere).",
    ),
    "no log": (
        change(Action.LOG, TargetKind.SERVER, "9", ""),
        (
            "Changes by moderators were also posted in <#9>, and now are nowhere. They are still kept in"
            " `/quota history`."
        ),
        "<@3> let changes also be posted nowhere (before: in <#9>).",
    ),
}


@pytest.mark.parametrize(("made", "answer", "line"), CASES.values(), ids=CASES)
def test_every_change_has_its_words(made: Change, answer: str, line: str) -> None:
    """The answer and the line say before and after, for whom, what it means, and why."""
    assert change_answer(made, NAMES) == answer
    assert change_line(made, NAMES) == line


def test_no_action_is_forgotten() -> None:
    """Every action is among the cases."""
    assert {made.action for made, _, _ in CASES.values()} == set(Action)


def test_a_long_reason_is_cut_in_lines() -> None:
    """A page of history gives each reason the room that it has."""
    made = change(Action.BLOCK, TargetKind.MEMBER, "", "forever", "x" * 200)
    assert change_line(made, NAMES, reason_room=10).endswith(f"Reason: {'x' * 9}…")


@pytest.mark.parametrize(
    ("cancelled", "words"),
    [
        (0, "No job of theirs was waiting in line."),
        (
            1,
            "1 job that waited in line was cancelled and refunded; one that runs already goes on.",
        ),
        (3, "3 jobs that waited in line were cancelled and refunded; one that runs already goes on."),
    ],
)
def test_a_block_tells_what_became_of_jobs(cancelled: int, words: str) -> None:
    """How many jobs were cancelled, and that running ones go on."""
    assert block_note(cancelled) == words


def test_the_bots_own_default_is_told_where_it_matters() -> None:
    """Where a server gets its first default, or has none any more, the answer says what the bot's own is."""
    own = Allowance(20, Period.DAY)
    says = "The bot's own default is 20 credits a day."
    assert default_note(CASES["default, first"][0], own) == says
    assert default_note(CASES["remove default"][0], own) == says
    assert default_note(CASES["default, unlimited"][0], own) == ""
    assert default_note(CASES["remove role"][0], own) == ""
