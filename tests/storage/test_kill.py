"""Killed in the middle of a burst of writes: what was promised is there, and jobs and ledger agree."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from storage.database import Database
from tests.support.disk import faults_in

LIVES = Path(__file__).with_name("lives.py")


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
        assert faults_in(path) == []
        with closing(sqlite3.connect(path)) as connection:
            stored = dict(connection.execute("SELECT id, state FROM jobs"))
        for job_id, state in promised.items():
            assert ORDER.index(stored[job_id]) >= ORDER.index(state), job_id
