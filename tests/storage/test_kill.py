"""Killed in the middle of a burst of writes: what was promised is there, and jobs and ledger agree."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from storage.database import Database

LIVES = Path(__file__).with_name("lives.py")

DISAGREEING = """
SELECT job.id, job.state, job.refunded
FROM jobs AS job
LEFT JOIN ledger AS reserve ON reserve.job_id = job.id AND reserve.kind = 'reserve'
LEFT JOIN ledger AS settle ON settle.job_id = job.id AND settle.kind = 'settle'
LEFT JOIN ledger AS refund ON refund.job_id = job.id AND refund.kind = 'refund'
WHERE NOT (
    reserve.credits IS job.credits
    AND CASE
        WHEN job.state = 'delivered' THEN settle.credits + coalesce(refund.credits, 0) = job.credits
        WHEN job.refunded THEN settle.id IS NULL AND refund.credits IS job.credits
        ELSE settle.id IS NULL AND refund.id IS NULL
    END
    AND job.refunded = (job.state IN ('failed', 'cancelled', 'expired', 'lost', 'undeliverable'))
)
"""


async def _burst(url: str, lines: int) -> dict[int, str]:
    """Run many lives at once in a process, kill it after so many promises, and return them by job."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(LIVES), url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    promised: dict[int, str] = {}
    try:
        async with asyncio.timeout(30):
            for _ in range(lines):
                job_id, state = (await process.stdout.readline()).split()
                promised[int(job_id)] = state.decode()
    finally:
        process.kill()
        # What it still said before it died was promised too.
        rest, _ = await process.communicate()
    for line in rest.splitlines(keepends=True):
        if line.endswith(b"\n"):
            job_id, state = line.split()
            promised[int(job_id)] = state.decode()
    return promised


ORDER = ["queued", "submitting", "running", "finished", "delivered", "failed"]


async def test_kill_in_a_burst_of_writes_loses_nothing_that_was_promised(url: str, path: Path) -> None:
    """After each of six kills: intact, every promised state reached, and the ledger agrees with every job."""
    for lines in (1, 10, 50, 100, 200, 400):
        promised = await _burst(url, lines)
        async with Database.open(url):
            pass
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute(DISAGREEING).fetchall() == []
            stored = dict(connection.execute("SELECT id, state FROM jobs"))
        for job_id, state in promised.items():
            assert ORDER.index(stored[job_id]) >= ORDER.index(state), job_id
