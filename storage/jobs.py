"""The job store: each change of a job and the ledger's entries that belong to it are one transaction."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from bot.allowance import Allowance, charge, free_at
from bot.errors import AllowanceExceededError, StaleJobError
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Request, Standing
from storage import ledger
from storage.database import Database
from storage.queries import load_queries
from storage.times import from_ms, to_ms
from storage.writer import Transaction, Value

OPEN_JOBS_PAGE: Final = 250
"""Open jobs that are read at once, so that the event loop is never held up by many."""

_SQL = load_queries("jobs.sql")
_FIELDS: Final = tuple(field.name for field in fields(Job))
_TIMES: Final = tuple(name for name in _FIELDS if name.endswith("_at"))


class SqliteJobStore:
    """Implements `bot.jobs.ports.JobStore`.

    Args:
        database: open.
        default_allowance: what every member may use.
    """

    def __init__(self, database: Database, default_allowance: Allowance) -> None:
        self._database = database
        self._default_allowance = default_allowance

    async def accept(self, request: Request, now: datetime) -> tuple[Job, Standing]:
        """Store a queued job and reserve its credits; return it, and what is left afterwards.

        Raises:
            AllowanceExceededError: too few credits; nothing was stored.
            StorageError: nothing was stored.
        """

        async def operation(transaction: Transaction) -> tuple[Job, Standing] | AllowanceExceededError:
            return await self._accept(transaction, request, now)

        answer = await self._database.write(operation)
        if isinstance(answer, AllowanceExceededError):
            raise answer
        return answer

    async def save(self, before: Job, after: Job, now: datetime, *, settle: int = 0) -> None:
        """Replace `before` with `after`, with the ledger's entries that the transition asks for.

        Args:
            before: as it was stored; its state must still be the stored one.
            after: the same job, evolved. What differs is written; a closed job keeps no interaction token.
            now: the time of the entries.
            settle: what a job that is delivered now costs in the end; the rest is refunded.

        Raises:
            StaleJobError: the stored job is no longer in `before.state`.
            StorageError: nothing was written.
            ValueError: a delivered job cannot cost `settle`: a mistake of the program.
        """
        settled, refunded = _entries(before, after, settle)
        changes = _changes(before, after)
        statement = _SQL["update_job"].format(changes="".join(f", {name} = :{name}" for name in changes))
        parameters = {**changes, "id": after.id, "before": before.state.value, "state": after.state.value}

        async def operation(transaction: Transaction) -> bool:
            if not await transaction.fetch(statement, parameters):
                return False
            if settled:
                await ledger.settle(transaction.fetch, job_id=after.id, amount=settled, now=now)
            if refunded:
                await ledger.refund(transaction.fetch, job_id=after.id, amount=refunded, now=now)
            return True

        if not await self._database.write(operation):
            raise StaleJobError(f"{before.reference} is no longer {before.state}")

    async def get(self, job_id: int) -> Job | None:
        """Return one job, open or not."""
        rows = await self._database.read(_SQL["get_job"], {"id": job_id})
        return _to_job(rows[0]) if rows else None

    async def find_by_callback(self, callback_hash: bytes) -> Job | None:
        """Return the job, open or not, whose last Run had this callback token."""
        rows = await self._database.read(_SQL["find_job_by_callback"], {"callback_hash": callback_hash})
        return _to_job(rows[0]) if rows else None

    async def list_open(self) -> list[Job]:
        """Return all open jobs, oldest first."""
        jobs: list[Job] = []
        while True:
            after = jobs[-1].id if jobs else 0
            rows = await self._database.read(_SQL["list_open_jobs"], {"after": after, "page": OPEN_JOBS_PAGE})
            jobs.extend(map(_to_job, rows))
            if len(rows) < OPEN_JOBS_PAGE:
                return jobs

    async def claimed(self, taskids: Sequence[str]) -> frozenset[str]:
        """Return those of the taskids that belong to a job."""
        rows = await self._database.read(_SQL["claimed_taskids"], {"taskids": json.dumps(taskids)})
        return frozenset(taskid for (taskid,) in rows)

    async def standing(self, guild_id: int, member_id: int, now: datetime) -> Standing:
        """Return what a member has left."""
        position = await self._position(self._database.read, guild_id, member_id, now)
        return position.standing

    async def _accept(
        self, transaction: Transaction, request: Request, now: datetime
    ) -> tuple[Job, Standing] | AllowanceExceededError:
        guild_id, member_id = request.guild_id, request.member_id
        position = await self._position(transaction.fetch, guild_id, member_id, now)
        standing = position.standing
        charged = charge(
            request.credits,
            allowance=standing.allowance,
            used=standing.used,
            granted=standing.granted,
        )
        if charged is None:
            return await _refusal(transaction, request, position)
        job = await _insert(transaction, request, now)
        await ledger.reserve(
            transaction.fetch,
            guild_id=guild_id,
            member_id=member_id,
            job_id=job.id,
            charge=charged,
            at=position.at,
        )
        return job, Standing(
            allowance=standing.allowance,
            used=standing.used + charged.from_allowance,
            granted=standing.granted - charged.from_grants,
        )

    async def _position(
        self, fetch: ledger.Fetch, guild_id: int, member_id: int, now: datetime
    ) -> ledger.Position:
        return await ledger.read_position(
            fetch, guild_id=guild_id, member_id=member_id, allowance=self._default_allowance, now=now
        )


def _entries(before: Job, after: Job, settle: int) -> tuple[int, int]:
    """Return what a change of a job settles and what it refunds."""
    if after.state is before.state or before.refunded:
        return 0, 0
    if after.state in REFUNDED:
        return 0, after.credits
    if after.state is not State.DELIVERED:
        return 0, 0
    if not 0 < settle <= after.credits:
        raise ValueError(f"{after.reference}: {settle} of {after.credits} reserved credits cannot be settled")
    return settle, after.credits - settle


async def _refusal(
    transaction: Transaction, request: Request, position: ledger.Position
) -> AllowanceExceededError:
    allowance, granted = position.standing.allowance, position.standing.granted
    uses = await ledger.read_uses(
        transaction.fetch, guild_id=request.guild_id, member_id=request.member_id, position=position
    )
    return AllowanceExceededError(
        needed=request.credits,
        left=position.standing.left,
        whole=allowance.credits + granted,
        free_at=free_at(request.credits, allowance=allowance, uses=uses, granted=granted),
    )


async def _insert(transaction: Transaction, request: Request, now: datetime) -> Job:
    created_at = to_ms(now)
    ((job_id,),) = await transaction.fetch(
        _SQL["insert_job"],
        {
            "guild_id": request.guild_id,
            "channel_id": request.channel_id,
            "member_id": request.member_id,
            "interaction_token": request.interaction_token,
            "upload_limit_bytes": request.upload_limit_bytes,
            "parameters": request.parameters,
            "credits": request.credits,
            "created_at": created_at,
        },
    )
    return Job(
        id=job_id,
        state=State.QUEUED,
        guild_id=request.guild_id,
        channel_id=request.channel_id,
        member_id=request.member_id,
        interaction_token=request.interaction_token,
        upload_limit_bytes=request.upload_limit_bytes,
        parameters=request.parameters,
        credits=request.credits,
        created_at=from_ms(created_at),
    )


def _to_job(row: sqlite3.Row) -> Job:
    values: dict[str, Any] = dict(row)
    values["state"] = State(values["state"])
    values["refunded"] = bool(values["refunded"])
    for name in _TIMES:
        if values[name] is not None:
            values[name] = from_ms(values[name])
    return Job(**values)


def _changes(before: Job, after: Job) -> dict[str, Value]:
    """Return the columns, besides the state, that a change of a job writes."""
    if not after.is_open:
        after = after.with_changes(interaction_token=None)
    return {
        name: _to_value(value)
        for name in _FIELDS
        if name != "state" and (value := getattr(after, name)) != getattr(before, name)
    }


def _to_value(fact: datetime | Value) -> Value:
    if isinstance(fact, datetime):
        return to_ms(fact)
    if isinstance(fact, str):
        # JSON from outside can hold half a surrogate pair, which has no UTF-8; no job may get stuck on it.
        return fact.encode(errors="replace").decode()
    return fact
