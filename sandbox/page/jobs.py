"""The bot's jobs, read from its file as it stands. The bot is not asked, and may be dead meanwhile."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sandbox.shown import Json

MAX_JOBS = 50
_MAX_STEPS = 100
_QUERY = """
    SELECT id, state, member_id, channel_id, message_id, parent_id, taskid, parameters, credits, refunded,
        cost_usd, seconds, outputs, reason, detail, created_at, submitted_at, accepted_at, ended_at, closed_at
    FROM jobs ORDER BY id DESC LIMIT ?
"""
_BUSY_SECONDS = 0.2


class Jobs:
    """The newest jobs of the SQLite file at `path`, which need not be there yet.

    A job's `steps` are the states that it was seen in, and those that its own times tell of.
    """

    def __init__(self, path: Path) -> None:
        self.records: list[Json] = []
        """The newest jobs, oldest first."""
        self._path = path
        self._thread = ThreadPoolExecutor(1, "page jobs")
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._steps: dict[int, list[Json]] = {}

    async def look(self) -> None:
        """Read what is there, if anything has changed since the last look."""
        rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        if rows is not None:
            now = datetime.now(UTC).isoformat()
            self.records = [self._record(row, now) for row in reversed(rows)]
            self._steps = {record["id"]: record["steps"] for record in self.records}

    def close(self) -> None:
        """Let go of the file."""
        self._thread.submit(self._disconnect)
        self._thread.shutdown()

    def _read(self) -> list[sqlite3.Row] | None:
        """Return the rows, or None where nothing changed or the file cannot be read now."""
        try:
            if self._connection is None:
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                self._connection = sqlite3.connect(
                    uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False
                )
                self._connection.row_factory = sqlite3.Row
            # It differs once another connection has changed the file.
            ((version,),) = self._connection.execute("PRAGMA data_version")
            if version == self._version:
                return None
            rows = self._connection.execute(_QUERY, (MAX_JOBS,)).fetchall()
        except sqlite3.Error:  # no file or no table yet, or somebody holds it
            self._disconnect()
            return None
        self._version = version
        return rows

    def _disconnect(self) -> None:
        self._version = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _record(self, row: sqlite3.Row, now: str) -> Json:
        """Return what the panel shows of a job."""
        parameters = json.loads(row["parameters"])
        outputs = json.loads(row["outputs"] or "[]")
        ids = ("member_id", "channel_id", "message_id", "parent_id")
        return {
            "id": row["id"],
            "state": row["state"],
            "steps": _history(self._steps.get(row["id"], []), row, now),
            **{name: None if row[name] is None else str(row[name]) for name in ids},
            "taskid": row["taskid"],
            "prompt": parameters.get("prompt"),
            "parameters": parameters,
            "credits": row["credits"],
            "refunded": bool(row["refunded"]),
            "cost_usd": row["cost_usd"],
            "seconds": row["seconds"],
            "pictures": len(outputs),
            "reason": row["reason"],
            "detail": row["detail"],
            **{name: _time(row[name]) for name in ("created_at", "ended_at", "closed_at")},
        }


def _history(known: list[Json], row: sqlite3.Row, now: str) -> list[Json]:
    """Return the steps known before, and what the row adds to them."""
    steps = known + [step for step in _milestones(row) if step not in known]
    if steps[-1]["state"] != row["state"]:
        ended = _time(row["closed_at"]) if row["outputs"] else _time(row["ended_at"])
        steps.append({"state": row["state"], "at": ended or now})
    return steps[-_MAX_STEPS:]


def _milestones(row: sqlite3.Row) -> Iterator[Json]:
    """Go through the states of which a row holds the times."""
    for state, name in (("queued", "created_at"), ("submitting", "submitted_at"), ("running", "accepted_at")):
        if (at := _time(row[name])) is not None:
            yield {"state": state, "at": at}
    if row["outputs"] and (at := _time(row["ended_at"])) is not None:
        yield {"state": "finished", "at": at}


def _time(milliseconds: int | None) -> str | None:
    """Return a time of the database, whole milliseconds since 1970, as text."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
