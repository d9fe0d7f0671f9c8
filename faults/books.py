"""What the bot wrote down: its file, read only."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One job as it is stored, with its entries in the ledger."""

    id: int
    state: str
    message_id: int | None
    prompt: str
    seed: int
    samples: int
    credits: int
    is_open: bool
    is_refunded: bool
    is_removed: bool
    keeps_token: bool
    detail: str | None
    reserved: tuple[int, ...] = ()
    settled: tuple[int, ...] = ()
    refunded: tuple[int, ...] = ()

    @property
    def credits_per_picture(self) -> int:
        """What one of its pictures costs."""
        return self.credits // self.samples


@dataclass(frozen=True, kw_only=True)
class Books:
    """All of it."""

    jobs: tuple[JobRow, ...]
    integrity: tuple[str, ...] = field(default=("ok",))
    """What SQLite says of the file; "ok" where it is sound."""


def read_books(path: Path) -> Books:
    """Read the file of a bot that does not run."""
    with closing(_open(path)) as connection:
        entries: dict[tuple[int, str], list[int]] = {}
        for row in connection.execute("SELECT job_id, kind, credits FROM ledger ORDER BY id"):
            entries.setdefault((row["job_id"], row["kind"]), []).append(row["credits"])
        rows = connection.execute("SELECT * FROM jobs ORDER BY id").fetchall()
        problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        problems += [f"foreign key: {tuple(row)}" for row in connection.execute("PRAGMA foreign_key_check")]
        return Books(jobs=tuple(_job(row, entries) for row in rows), integrity=tuple(problems))


def left_to_do(path: Path) -> list[str]:
    """Tell what a bot that runs has still to do: open jobs, results and notices that are to be deleted."""
    with closing(_open(path)) as connection:
        return [
            *(
                f"S-{row['id']} is {row['state']}"
                for row in connection.execute("SELECT id, state FROM jobs WHERE closed_at IS NULL")
            ),
            *(
                f"S-{row['id']} is to be deleted"
                for row in connection.execute(
                    "SELECT id FROM jobs WHERE removed_by IS NOT NULL AND removed_at IS NULL"
                )
            ),
            *(
                f"notice {row['message_id']} stands"
                for row in connection.execute("SELECT message_id FROM notices")
            ),
        ]


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _job(row: Row, entries: Mapping[tuple[int, str], list[int]]) -> JobRow:
    parameters = json.loads(row["parameters"])
    return JobRow(
        id=row["id"],
        state=row["state"],
        message_id=row["message_id"],
        prompt=parameters["prompt"],
        seed=parameters["seed"],
        samples=parameters["samples"],
        credits=row["credits"],
        is_open=row["closed_at"] is None,
        is_refunded=bool(row["refunded"]),
        is_removed=row["removed_at"] is not None,
        keeps_token=row["interaction_token"] is not None,
        detail=row["detail"],
        reserved=tuple(entries.get((row["id"], "reserve"), ())),
        settled=tuple(entries.get((row["id"], "settle"), ())),
        refunded=tuple(entries.get((row["id"], "refund"), ())),
    )
