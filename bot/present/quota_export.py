"""The ledger as the rows of a CSV file, and the sentence that comes with it."""

from typing import Final

from bot.allowance import Period
from bot.present.csv_file import CsvFile, Row
from bot.present.quota_words import LAST
from bot.quotas.model import EntryKind, LedgerEntry, Rule

LEDGER_HEADINGS: Final = ("entry", "time_utc", "member_id", "kind", "credits", "job", "moderator_id", "why")
RULE_HEADINGS: Final = ("kind", "id", "name", "credits")

_TAKEN_BACK: Final = "take back"  # a kind of its own here, so that no number needs a sign


def ledger_row(entry: LedgerEntry) -> Row:
    """Return an entry as a row; its time is in UTC, its credits have no sign."""
    is_taken_back = entry.kind is EntryKind.GRANT and entry.credits < 0
    return (
        entry.id,
        entry.at.isoformat(timespec="seconds").removesuffix("+00:00") + "Z",
        entry.member_id,
        _TAKEN_BACK if is_taken_back else entry.kind.value,
        abs(entry.credits),
        None if entry.job_id is None else f"S-{entry.job_id}",
        entry.by,
        entry.why,
    )


def rule_row(rule: Rule, name: str | None) -> Row:
    """Return a rule as a row."""
    return rule.kind.value, rule.target_id, name, "unlimited" if rule.credits is None else rule.credits


def file_name(stem: str, file: CsvFile) -> str:
    """Return what a file is called."""
    return f"{stem}.csv.gz" if file.is_gzip else f"{stem}.csv"


def export_note(file: CsvFile, period: Period | None) -> str:
    """Return what the file holds."""
    span = "from the beginning" if period is None else f"of {LAST[period]}"
    entries = "1 entry" if file.rows == 1 else f"{file.rows:,} entries"
    note = f"This server's ledger {span}: {entries}, oldest first, times in UTC."
    if file.is_gzip:
        note += " It is packed with gzip, as it would be larger than this server's upload limit."
    if not file.is_whole:
        note += " **It is cut**: later entries had no room. Ask for a shorter period to see them."
    return note
