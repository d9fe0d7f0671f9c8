"""The database: the real SQL on SQLite in memory, which survives the process, behind a simulated disk.

Instead of threads, an operation is done in one go when its time has come: it may be slow, be refused with
nothing written, or end with the process, before or after its commit.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from bot.errors import StorageError
from bot.jobs.model import State
from simulation.calls import Surroundings, fail
from simulation.process import Process
from storage.connection import Operation, Parameters, Transaction
from storage.database import Database
from storage.migrate import migrate

FAULTS: Final = ("write refused", "read refused", "slow")
MOMENTS: Final = ("not committed", "committed")
"""Of a write, at which the process can die."""

_T = TypeVar("_T")
_DOMAIN: Final = "disk"
_WATCH: Final = """
CREATE TEMP TRIGGER watch_new_jobs AFTER INSERT ON main.jobs
BEGIN SELECT note_state(new.id, '', new.state); END;
CREATE TEMP TRIGGER watch_jobs AFTER UPDATE ON main.jobs
BEGIN SELECT note_state(new.id, old.state, new.state); END;
CREATE TEMP TRIGGER watch_ledger AFTER INSERT ON main.ledger WHEN new.job_id IS NOT NULL
BEGIN SELECT note_entry(new.job_id, new.kind, new.credits); END;
"""


@cache
def _template() -> sqlite3.Connection:
    """Return a database in memory as the real migrations make it."""
    template = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        migrate(path)
        with closing(sqlite3.connect(path)) as made:
            made.backup(template)
    return template


class Disk:
    """What is left when a process dies.

    Args:
        on_change: is told of each committed change of a job: which, its state before (empty: new) and after.
        on_entry: is told of each committed entry of the ledger that is a job's: job, kind, credits.
    """

    def __init__(
        self, on_change: Callable[[int, str, str], None], on_entry: Callable[[int, str, int], None]
    ) -> None:
        self._on_change = on_change
        self._on_entry = on_entry
        self._changes: list[tuple[int, str, str]] = []
        self._entries: list[tuple[int, str, int]] = []
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        _template().backup(self.connection)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.create_function("note_state", 3, lambda *fact: self._changes.append(fact))
        self.connection.create_function("note_entry", 3, lambda *fact: self._entries.append(fact))
        self.connection.executescript(_WATCH)

    def close(self) -> None:
        """Throw it away."""
        self.connection.close()

    def query(self, statement: str, *parameters: str | int) -> list[sqlite3.Row]:
        """Look at it from outside of the simulation."""
        return self.connection.execute(statement, parameters).fetchall()

    def state_of(self, job_id: int) -> State | None:
        """Return a job's stored state."""
        rows = self.query("SELECT state FROM jobs WHERE id = ?", job_id)
        return State(rows[0]["state"]) if rows else None

    def read(self, operation: Operation[_T]) -> _T:
        """Do an operation that only reads."""
        self.connection.execute("BEGIN")
        try:
            return operation(Transaction(self.connection))
        finally:
            self.connection.execute("ROLLBACK")

    def write(self, operation: Operation[_T], commits: Callable[[str], bool]) -> _T:
        """Do an operation; `commits` is told what it changes and decides whether that is to be."""
        self.connection.execute("BEGIN IMMEDIATE")
        is_committed = False
        try:
            result = operation(Transaction(self.connection))
            is_committed = commits(self._name_of_changes())
        finally:
            self.connection.execute("COMMIT" if is_committed else "ROLLBACK")
            changes, self._changes = self._changes, []
            entries, self._entries = self._entries, []
        if is_committed:
            for change in changes:
                self._on_change(*change)
            for entry in entries:
                self._on_entry(*entry)
        return result

    def _name_of_changes(self) -> str:
        names = [f"{before} to {after}" if before else "a new job" for _, before, after in self._changes]
        return ", ".join(names) or "no job"


class SimulatedDatabase(Database):
    """One process's hold of the disk.

    Args:
        around: the run's.
        disk: what is read and written.
        process: whose hold it is.
    """

    def __init__(self, around: Surroundings, disk: Disk, process: Process) -> None:
        self._loop = around.loop
        self._faults = around.faults
        self._crash = around.crash
        self._outside = around.outside
        self._is_down = around.is_down
        self._disk = disk
        self._process = process
        self._writer_free_at = 0.0

    async def write(self, operation: Operation[_T]) -> _T:
        """Do an operation in a transaction of its own, after those that came before."""
        self._process.check()
        self._writer_free_at = max(self._loop.time(), self._writer_free_at) + self._delay()

        def work() -> _T:
            if self._is_down(_DOMAIN) or self._faults.strike(_DOMAIN, "write refused"):
                raise StorageError("the disk is full")
            done = ""

            def commits(what: str) -> bool:
                nonlocal done
                done = what
                return not self._crash(self._process, f"write of {what}, not committed", None)

            result = self._disk.write(operation, commits)
            if self._process.is_alive:
                self._crash(self._process, f"write of {done}, committed", None)
            return result

        return await self._do(work, self._writer_free_at)

    async def read(self, statement: str, parameters: Parameters) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return await self.look(lambda transaction: transaction.fetch(statement, parameters))

    async def look(self, operation: Operation[_T]) -> _T:
        """Do an operation that only reads."""
        self._process.check()

        def work() -> _T:
            if self._faults.strike(_DOMAIN, "read refused"):
                raise StorageError("the disk failed")
            return self._disk.read(operation)

        return await self._do(work, self._loop.time() + self._delay())

    async def report(self, operation: Operation[_T]) -> _T:
        """Do an operation that only reads."""
        return await self.look(operation)

    async def _do(self, work: Callable[[], _T], at: float) -> _T:
        answer: asyncio.Future[_T] = self._loop.create_future()

        def begin() -> None:
            if not self._process.is_alive:
                return
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - the caller's, whatever it is
                if not answer.done():
                    fail(answer, error)
            else:
                if not answer.done() and self._process.is_alive:
                    answer.set_result(result)

        self._loop.call_at(at, begin, context=self._outside)
        result = await answer
        self._process.check()
        return result

    def _delay(self) -> float:
        slow = self._faults.strike(_DOMAIN, "slow")
        return self._faults.seconds(0.5, 4.0) if slow else self._faults.seconds(0.0002, 0.01)
