"""Rows of the ledger and of the changes, as the moderators' reports show them."""

import sqlite3
from typing import Final

from bot.jobs.model import State
from bot.quotas.model import Action, Change, EntryKind, LedgerEntry, TargetKind
from storage.times import from_ms

_FREE: Final = frozenset({State.FINISHED.value, State.DELIVERED.value})
_KINDS: Final = {kind.value: kind for kind in EntryKind}


def to_entry(row: sqlite3.Row) -> LedgerEntry:
    """Return an entry from its row, joined with its job's state or its change's reason.

    Reads the columns in the order in which all statements of `reports.sql` give them: an export has many.
    """
    id_, at, member_id, kind_, amount, granted, job_id, state, refunded, reason, moderator_id = row
    kind = _KINDS[kind_]
    match kind:
        case EntryKind.GRANT | EntryKind.RESET:
            why = reason
        case EntryKind.REFUND:
            why = "fewer" if not refunded else "late" if state in _FREE else state
        case _:
            why = state
    return LedgerEntry(
        id=id_,
        at=from_ms(at),
        member_id=member_id,
        kind=kind,
        credits=granted if kind is EntryKind.GRANT else amount,
        job_id=job_id,
        by=moderator_id,
        why=why,
    )


def to_change(row: sqlite3.Row) -> Change:
    """Return a change from its row."""
    return Change(
        id=row["id"],
        at=from_ms(row["at"]),
        moderator_id=row["moderator_id"],
        action=Action(row["action"]),
        target_kind=TargetKind(row["target_kind"]),
        target_id=row["target_id"],
        before=row["before"],
        after=row["after"],
        reason=row["reason"],
    )
