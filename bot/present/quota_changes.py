"""Changes by moderators in words: as the answer to the one who made it, and as a line for everybody else."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from bot.allowance import Allowance, Period
from bot.present.quota_words import (
    LAST,
    Names,
    allowance_in_words,
    amount,
    block_end,
    each,
    extra_credits,
    reason_in_words,
)
from bot.present.text import count_of_credits
from bot.quotas.model import Action, Change, TargetKind

MAX_REASON: Final = 500  # characters of a reason after escaping, where there is room
_FOREVER: Final = "forever"
_UNLIMITED: Final = "unlimited"


def change_answer(change: Change, names: Names) -> str:
    """Return what a change did, for the moderator who made it: before, after, for whom, what it means."""
    return _ANSWERS[change.action](change, names) + reason_in_words(change.reason, MAX_REASON)


def block_note(cancelled: int) -> str:
    """Return what a block did to the jobs of its member."""
    if not cancelled:
        return "No job of theirs was waiting in line."
    jobs = (
        "1 job that waited in line was" if cancelled == 1 else f"{cancelled:,} jobs that waited in line were"
    )
    return f"{jobs} cancelled and refunded; one that runs already goes on."


def default_note(change: Change, default: Allowance) -> str:
    """Return what the bot's own default is, where a change of the server's speaks of it; else nothing."""
    speaks = change.target_kind is TargetKind.SERVER and change.action in {Action.DEFAULT, Action.REMOVE}
    if not speaks or (change.before and change.after):
        return ""
    return f"The bot's own default is {allowance_in_words(default)}."


def change_line(change: Change, names: Names, *, reason_room: int = MAX_REASON) -> str:
    """Return who changed what for whom, from what to what, and why, for the history and the log channel."""
    who, reason = names.member(change.moderator_id), reason_in_words(change.reason, reason_room)
    return f"{who} {_LINES[change.action](change, names)}.{reason}"


def _default_answer(change: Change, _: Names) -> str:
    period = _period(change.after)
    counting = "" if period is None else f" All rules count what was used in {LAST[period]}."
    return (
        f"This server's allowance was {_default(change.before)} and is now {_default(change.after)}. It"
        f" holds for every member for whom there is no other rule.{counting}"
    )


def _role_answer(change: Change, names: Names) -> str:
    none = " That is none at all." if change.after == "0" else ""
    return (
        f"For {names.role(change.target_id)} there was {_rule(change.before)}; now there is"
        f" {_rule(change.after)}.{none} Of a member's role rules the most generous counts, and a rule for the"
        " member alone beats them."
    )


def _member_answer(change: Change, names: Names) -> str:
    means = (
        "They cannot use any allowance now." if change.after == "0" else "It beats the rules of their roles."
    )
    return (
        f"For {names.member(change.target_id)} alone there was {_rule(change.before)}; now there is"
        f" {_rule(change.after)}. {means}"
    )


def _remove_answer(change: Change, names: Names) -> str:
    if change.target_kind is TargetKind.SERVER:
        return (
            f"This server's allowance was {_default(change.before)} and is now {_default('')}: the rule was"
            " taken away. Rules for roles and members stay, and count in the bot's own period again."
        )
    if change.target_kind is TargetKind.ROLE:
        return (
            f"For {names.role(change.target_id)} there was {_rule(change.before)}; now there is no rule. Its"
            " members have what their other roles or the default give them."
        )
    return (
        f"For {names.member(change.target_id)} alone there was {_rule(change.before)}; now there is no rule."
        " They have what their roles or the default give them."
    )


def _grant_answer(change: Change, names: Names) -> str:
    before, after = _number(change.before), _number(change.after)
    who = names.member(change.target_id)
    if after < before:
        taken = "1 was" if before - after == 1 else f"{before - after:,} were"
        return (
            f"{who} had {extra_credits(before)} and now has {after:,}: {taken} taken back. The allowance is"
            " untouched."
        )
    return (
        f"{who} had {extra_credits(before)} and now has {after:,}: {after - before:,} more. They"
        " do not expire, and are used after the allowance."
    )


def _reset_answer(change: Change, names: Names) -> str:
    before = _number(change.before)
    counted = f"{count_of_credits(before)} counted as used" if before else "Nothing counted as used"
    return (
        f"{counted} for {names.member(change.target_id)}, and now nothing does: the whole allowance is free"
        " again. Extra credits are untouched."
    )


def _block_answer(change: Change, names: Names) -> str:
    was = f"was blocked {_end(change.before)}" if change.before else "was not blocked"
    means = (
        "They can start no job until somebody sends `/quota unblock`."
        if change.after == _FOREVER
        else "They can start no job until then."
    )
    return f"{names.member(change.target_id)} {was} and is now blocked {_end(change.after)}. {means}"


def _unblock_answer(change: Change, names: Names) -> str:
    return (
        f"{names.member(change.target_id)} was blocked {_end(change.before)} and is not blocked now. They can"
        " start jobs again."
    )


def _log_answer(change: Change, _: Names) -> str:
    readers = "Whoever sees that channel reads them there; they ping nobody."
    kept = "They are still kept in `/quota history`."
    return (
        f"Changes by moderators were also posted {_place(change.before)}, and now are {_place(change.after)}."
        f" {readers if change.after else kept}"
    )


def _default_line(change: Change, _: Names) -> str:
    return f"changed this server's allowance from {_default(change.before)} to {_default(change.after)}"


def _role_line(change: Change, names: Names) -> str:
    return f"changed {names.role(change.target_id)} from {_rule(change.before)} to {_rule(change.after)}"


def _member_line(change: Change, names: Names) -> str:
    return f"changed {names.member(change.target_id)} from {_rule(change.before)} to {_rule(change.after)}"


def _remove_line(change: Change, names: Names) -> str:
    if change.target_kind is TargetKind.SERVER:
        return f"took this server's allowance away: {_default(change.before)} before, {_default('')} now"
    whose = names.role if change.target_kind is TargetKind.ROLE else names.member
    return f"took the rule for {whose(change.target_id)} away: {_rule(change.before)} before, no rule now"


def _grant_line(change: Change, names: Names) -> str:
    before, after = _number(change.before), _number(change.after)
    words = extra_credits(abs(after - before))
    if after < before:
        return f"took {words} back from {names.member(change.target_id)}: {before:,} before, {after:,} now"
    return f"granted {names.member(change.target_id)} {words}: {before:,} before, {after:,} now"


def _reset_line(change: Change, names: Names) -> str:
    before = count_of_credits(_number(change.before))
    return f"reset what {names.member(change.target_id)} used: {before} before, none now"


def _block_line(change: Change, names: Names) -> str:
    was = f", before {_end(change.before)}" if change.before else ""
    return f"blocked {names.member(change.target_id)} {_end(change.after)}{was}"


def _unblock_line(change: Change, names: Names) -> str:
    return f"ended the block of {names.member(change.target_id)}, which was {_end(change.before)}"


def _log_line(change: Change, _: Names) -> str:
    return f"let changes also be posted {_place(change.after)} (before: {_place(change.before)})"


def _default(words: str) -> str:
    """Return a server's allowance in words: "20 credits a day"."""
    if not words:
        return "the bot's own default"
    period = _period(words)
    return amount(_credits(words.split(maxsplit=1)[0])) + ("" if period is None else f" {each(period)}")


def _rule(words: str) -> str:
    return f"a rule of {amount(_credits(words))}" if words else "no rule"


def _credits(word: str) -> int | None:
    return None if word == _UNLIMITED else _number(word)


def _period(words: str) -> Period | None:
    """Return the period in a default's machine words; there is none in those of no rule."""
    last = words.rsplit(maxsplit=1)[-1] if words else ""
    return Period(last) if last in set(Period) else None


def _number(word: str) -> int:
    return int(word or 0)


def _end(words: str) -> str:
    """Return the end of a block in words."""
    if words == _FOREVER or not words:
        return "for good"
    return block_end(datetime.fromtimestamp(int(words), UTC))


def _place(words: str) -> str:
    return f"in <#{words}>" if words else "nowhere"


_Words = Callable[[Change, Names], str]

_ANSWERS: Final[Mapping[Action, _Words]] = {
    Action.DEFAULT: _default_answer,
    Action.ROLE: _role_answer,
    Action.MEMBER: _member_answer,
    Action.REMOVE: _remove_answer,
    Action.GRANT: _grant_answer,
    Action.RESET: _reset_answer,
    Action.BLOCK: _block_answer,
    Action.UNBLOCK: _unblock_answer,
    Action.LOG: _log_answer,
}
_LINES: Final[Mapping[Action, _Words]] = {
    Action.DEFAULT: _default_line,
    Action.ROLE: _role_line,
    Action.MEMBER: _member_line,
    Action.REMOVE: _remove_line,
    Action.GRANT: _grant_line,
    Action.RESET: _reset_line,
    Action.BLOCK: _block_line,
    Action.UNBLOCK: _unblock_line,
    Action.LOG: _log_line,
}
