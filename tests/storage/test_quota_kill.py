"""Killed while a moderator decides: what was promised holds at the next start, and the record agrees."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.allowance import Allowance, Period
from bot.quotas.model import OwnerTerms
from storage.database import Database
from storage.quotas import SqliteQuotaStore

DECISIONS = Path(__file__).with_name("decisions.py")
Promises = dict[tuple[str, int], int]

# A rule, a block or extra credits without the change that made them so, or the other way round.
DISAGREEING = """
WITH newest AS (
    SELECT *, max(id) FROM quota_changes WHERE action <> 'reset' GROUP BY target_id, action
)
SELECT change.action, change.target_id, change.after
FROM newest AS change
LEFT JOIN quota_rules AS rule ON rule.kind = 'member' AND rule.target_id = change.target_id
LEFT JOIN blocks AS block ON block.member_id = change.target_id
WHERE change.after <> CASE change.action
    WHEN 'member' THEN rule.credits
    WHEN 'block' THEN block.until / 1000
    WHEN 'grant' THEN (SELECT sum(grant_credits) FROM ledger WHERE member_id = change.target_id)
END || ''
"""


async def _burst(url: str, lines: int) -> Promises:
    """Let a moderator decide in a process, kill it after so many promises, and return the last ones."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(DECISIONS), url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said: list[bytes] = []
    try:
        async with asyncio.timeout(30):
            while len(said) < lines:
                line = await process.stdout.readline()
                assert line, "the process ended by itself"
                # What the process logs stands between what it promises.
                if line.split(b" ")[0] in {b"member", b"block", b"grant"}:
                    said.append(line)
    finally:
        process.kill()
        rest, _ = await process.communicate()
    said += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    promises: Promises = {}
    for line in said:
        action, *numbers = line.decode().split()
        if action in {"member", "block", "grant"}:
            promises[action, int(numbers[0])] = int(numbers[1])
    return promises


async def test_rules_and_blocks_survive_kill_9(url: str, path: Path) -> None:
    """After each of four kills: intact, nothing less than was promised, and the record agrees."""
    terms = OwnerTerms(Allowance(20, Period.DAY))
    for lines in (1, 20, 100, 300):
        promises = await _burst(url, lines)
        assert promises
        async with Database.open(url) as database:
            store = SqliteQuotaStore(database, terms)
            rules = {rule.target_id: rule.credits for rule in (await store.rules(1)).rules}
            for (action, member_id), promised in promises.items():
                view = await store.view(1, member_id, (), datetime.now(UTC))
                if action == "grant":
                    assert view.standing.granted >= promised
                elif action == "block":
                    assert view.block is not None
                    assert view.block.until is not None
                else:
                    assert rules[member_id] is not None
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute(DISAGREEING).fetchall() == []
            changes = connection.execute("SELECT count(*) FROM quota_changes").fetchone()[0]
        assert changes >= len(promises)
