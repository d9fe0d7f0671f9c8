"""Entries of the ledger in plain words: "refunded 4, task failed"."""

from collections.abc import Mapping
from typing import Final

from bot.jobs.model import State
from bot.present.quota_words import extra_credits, reason_in_words
from bot.present.text import mention
from bot.quotas.model import EntryKind, LedgerEntry

_ENDS: Final[Mapping[str, str]] = {
    State.FAILED: "task failed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "it took too long",
    State.LOST: "Wiro never answered",
    State.UNDELIVERABLE: "it could not be posted",
    "fewer": "fewer pictures came",
    "late": "it came late and is free",
}
_STATES: Final[Mapping[str, str]] = {
    State.QUEUED: "waits in line",
    State.SUBMITTING: "asked for, not confirmed yet",
    State.RUNNING: "being made",
    State.FINISHED: "about to be posted",
    State.DELIVERED: "settled since",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "took too long",
    State.LOST: "never answered",
    State.UNDELIVERABLE: "could not be posted",
}


def entry_in_words(entry: LedgerEntry, *, reason_room: int) -> str:
    """Return what an entry did to a member's credits, and why.

    Args:
        entry: of the ledger.
        reason_room: characters that a moderator's reason may have.
    """
    job = "" if entry.job_id is None else f" (S-{entry.job_id})"
    match entry.kind:
        case EntryKind.RESERVE:
            return f"reserved {entry.credits:,}, {_STATES.get(entry.why or '', 'for a picture')}{job}"
        case EntryKind.SETTLE:
            return f"paid {entry.credits:,}, picture posted{job}"
        case EntryKind.REFUND:
            return f"refunded {entry.credits:,}, {_ENDS.get(entry.why or '', 'no picture came')}{job}"
        case EntryKind.GRANT:
            return _granted(entry) + reason_in_words(entry.why, reason_room)
        case EntryKind.RESET:
            return (
                f"what was used before counts no more{_by(entry)}.{reason_in_words(entry.why, reason_room)}"
            )


def state_in_words(state: State) -> str:
    """Return where a job is: "being made"."""
    return _STATES[state]


def _granted(entry: LedgerEntry) -> str:
    return (
        f"{extra_credits(abs(entry.credits))} {'taken back' if entry.credits < 0 else 'granted'}{_by(entry)}."
    )


def _by(entry: LedgerEntry) -> str:
    return "" if entry.by is None else f" by {mention(entry.by)}"
