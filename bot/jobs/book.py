"""The open jobs in memory, and the one way to change a job.

A change is a pure step on the job as it is now. The store has it before anybody here sees it, and changes
of one job come one after the other. News that comes twice finds nothing to do: its step returns None.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final
from weakref import WeakValueDictionary

import structlog

from bot.errors import StorageError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.model import Job, State
from bot.jobs.ports import Clock, JobStore
from bot.meter import UNMETERED, Meter

Change = Callable[[Job], Job | None]
"""Returns what becomes of a job, or None where there is nothing to do. Has no effects of its own."""

_FIRST_RETRY_SECONDS: Final = 0.5
_LAST_RETRY_SECONDS: Final = 30.0

log = structlog.get_logger()


def moving(origin: State, to: State, **changes: Any) -> Change:  # noqa: ANN401 - the fields' own types hold
    """Return the change that makes a transition, and nothing where the job is not in the state of origin."""

    def change(job: Job) -> Job | None:
        return job.evolve(to, **changes) if job.state is origin else None

    return change


class Book:
    """Holds every open job.

    Args:
        store: where jobs are kept.
        clock: the time of day, for the ledger's entries.
        on_change: is told of every job that was added or changed, before anything else happens.
        meter: counts the changes.
    """

    def __init__(
        self, store: JobStore, clock: Clock, on_change: Callable[[Job], None], meter: Meter = UNMETERED
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._meter = meter
        self._open: dict[int, Job] = {}
        self._by_callback: dict[bytes, int] = {}
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many jobs are open."""
        return len(self._open)

    def count(self) -> Counter[State]:
        """Return how many open jobs are in each state."""
        return Counter(job.state for job in self._open.values())

    def get(self, job_id: int) -> Job | None:
        """Return an open job."""
        return self._open.get(job_id)

    def in_state(self, state: State) -> list[Job]:
        """Return the open jobs that are in a state."""
        return [job for job in self._open.values() if job.state is state]

    def of_member(self, guild_id: int, member_id: int, state: State) -> list[Job]:
        """Return a member's open jobs in a server that are in a state."""
        return [job for job in self.in_state(state) if (job.guild_id, job.member_id) == (guild_id, member_id)]

    async def find(self, job_id: int) -> Job | None:
        """Return a job, open or not.

        Raises:
            StorageError: the store could not be read.
        """
        return self._open.get(job_id) or await self._store.get(job_id)

    async def find_by_callback(self, callback_hash: bytes) -> Job | None:
        """Return the job, open or not, whose last Run had this callback token.

        Raises:
            StorageError: the store could not be read.
        """
        return self.open_by_callback(callback_hash) or await self._store.find_by_callback(callback_hash)

    def open_by_callback(self, callback_hash: bytes) -> Job | None:
        """Return the open job whose last Run had this callback token."""
        job_id = self._by_callback.get(callback_hash)
        return None if job_id is None else self._open[job_id]

    def add(self, jobs: Iterable[Job]) -> None:
        """Take in open jobs as the store has them."""
        for job in jobs:
            self._remember(job)
            self._on_change(job)

    async def change(self, job_id: int, step: Change, *, settle: int = 0) -> Job | None:
        """Apply a step to a job, open or not, and return the job afterwards, or None where nothing changed.

        Args:
            job_id: which job.
            step: what becomes of it.
            settle: credits that are settled with it.

        Raises:
            StaleJobError: the stored job is in another state than the one here.
            StorageError: nothing was changed.
        """
        turn = self._turns.setdefault(job_id, asyncio.Lock())
        async with turn:
            before = await self.find(job_id)
            after = before and step(before)
            if before is None or after is None:
                return None
            await self._store.save(before, after, self._clock.now(), settle=settle)
            self._forget(before)
            if after.is_open:
                self._remember(after)
            self._on_change(after)
            self._meter.changed(before, after, settled=settle)
            return after

    async def must_change(self, job_id: int, step: Change, *, settle: int = 0) -> Job | None:
        """Apply a step as `change` does, and repeat it until the store takes it.

        For what has happened already in the world, so that it must not be forgotten.
        """
        attempt = 0
        while True:
            try:
                return await self.change(job_id, step, settle=settle)
            except StorageError as error:
                attempt += 1
                log.debug("store.refused", job=f"S-{job_id}", attempt=attempt, error=str(error))
                await asyncio.sleep(
                    backoff_seconds(attempt, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
                )

    def _remember(self, job: Job) -> None:
        self._open[job.id] = job
        if job.callback_hash is not None:
            self._by_callback[job.callback_hash] = job.id

    def _forget(self, job: Job) -> None:
        self._open.pop(job.id, None)
        if job.callback_hash is not None:
            self._by_callback.pop(job.callback_hash, None)
