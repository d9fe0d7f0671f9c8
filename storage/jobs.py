"""The job store: each change of a job and the ledger's entries that belong to it are one transaction."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from bot.allowance import charge
from bot.errors import AllowanceExceededError, BlockedError, Refusal, StaleJobError
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Family, Request, Standing
from bot.quotas.model import OwnerTerms
from storage import ledger
from storage.connection import Transaction, Value
from storage.database import Database
from storage.ledger import Fetch
from storage.queries import load_queries
from storage.times import from_ms, to_ms

JOBS_PAGE: Final = 250
"""Jobs that are read at once, so that the event loop is never held up by many."""

_SQL = load_queries("jobs.sql")
_FIELDS: Final = tuple(field.name for field in fields(Job))
_TIMES: Final = tuple(name for name in _FIELDS if name.endswith("_at"))


class SqliteJobStore:
    """Implements `bot.jobs.ports.JobStore`.

    Args:
        database: open.
        terms: the owner's; they hold where a server's rules do not say otherwise.
    """

    def __init__(self, database: Database, terms: OwnerTerms) -> None:
        self._database = database
        self._terms = terms

    async def accept(self, request: Request, now: datetime) -> tuple[Job, Standing]:
        """Store a queued job and reserve its credits; return it, and what is left afterwards.

        Raises:
            AllowanceExceededError: too few credits; nothing was stored.
            BlockedError: a moderator blocked the member; nothing was stored.
            StorageError: nothing was stored.
        """

        def operation(transaction: Transaction) -> tuple[Job, Standing] | Refusal:
            return self._accept(transaction.fetch, request, now)

        answer = await self._database.write(operation)
        if isinstance(answer, Refusal):
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

        def operation(transaction: Transaction) -> bool:
            if not transaction.fetch(statement, parameters):
                return False
            if settled:
                ledger.settle(transaction.fetch, job_id=after.id, amount=settled, now=now)
            if refunded:
                ledger.refund(transaction.fetch, job_id=after.id, amount=refunded, now=now)
            return True

        if not await self._database.write(operation):
            raise StaleJobError(f"{before.reference} is no longer {before.state}")

    async def get(self, job_id: int) -> Job | None:
        """Return one job, open or not."""
        rows = await self._database.read(_SQL["get_job"], {"id": job_id})
        return to_job(rows[0]) if rows else None

    async def find_by_callback(self, callback_hash: bytes) -> Job | None:
        """Return the job, open or not, whose last Run had this callback token."""
        rows = await self._database.read(_SQL["find_job_by_callback"], {"callback_hash": callback_hash})
        return to_job(rows[0]) if rows else None

    async def find_by_message(self, message_id: int) -> Job | None:
        """Return the job, open or not, whose message this is."""
        rows = await self._database.read(_SQL["find_job_by_message"], {"message_id": message_id})
        return to_job(rows[0]) if rows else None

    async def family(self, job: Job, *, most: int) -> Family:
        """Return a job's parent, at most so many of its children, the newest ones, and what it cost."""
        parent = None if job.parent_id is None else await self.get(job.parent_id)
        rows = await self._database.read(_SQL["newest_children"], {"parent_id": job.id, "most": most})
        settled = await self._database.read(_SQL["settled"], {"job_id": job.id})
        return Family(
            parent=parent,
            children=tuple(to_job(row) for row in reversed(rows)),
            children_count=rows[0]["children_count"] if rows else 0,
            charged=settled[0]["credits"] if settled else None,
        )

    async def list_removals(self) -> list[Job]:
        """Return all jobs whose result is to be removed and was not yet, oldest first."""
        return await self._list("list_removals")

    async def list_open(self) -> list[Job]:
        """Return all open jobs, oldest first."""
        return await self._list("list_open_jobs")

    async def claimed(self, taskids: Sequence[str]) -> frozenset[str]:
        """Return those of the taskids that belong to a job."""
        rows = await self._database.read(_SQL["claimed_taskids"], {"taskids": json.dumps(taskids)})
        return frozenset(taskid for (taskid,) in rows)

    async def standing_after(self, job: Job, now: datetime, *, refund: int) -> Standing:
        """Return what a job's member will have left when so many of its credits have come back."""

        def operation(transaction: Transaction) -> Standing:
            fetch = transaction.fetch
            position = self._position(fetch, job.guild_id, job.member_id, job.role_ids, now)
            return ledger.read_standing_after(fetch, position=position, job_id=job.id, refund=refund)

        return await self._database.look(operation)

    async def _list(self, query: str) -> list[Job]:
        jobs: list[Job] = []
        while True:
            after = jobs[-1].id if jobs else 0
            rows = await self._database.read(_SQL[query], {"after": after, "page": JOBS_PAGE})
            jobs.extend(map(to_job, rows))
            if len(rows) < JOBS_PAGE:
                return jobs

    def _accept(self, fetch: Fetch, request: Request, now: datetime) -> tuple[Job, Standing] | Refusal:
        position = self._position(fetch, request.guild_id, request.member_id, request.role_ids, now)
        if position.block is not None:
            return BlockedError(until=position.block.until, reason=position.block.reason)
        standing = position.standing
        charged = charge(
            request.credits,
            allowance=standing.allowance,
            used=standing.used,
            granted=standing.granted,
        )
        if charged is None:
            return _exceeded(fetch, request.credits, position)
        job = _insert(fetch, request, now)
        ledger.reserve(fetch, position=position, job_id=job.id, charge=charged)
        return job, replace(
            standing,
            used=standing.used + charged.from_allowance,
            granted=standing.granted - charged.from_grants,
        )

    def _position(
        self, fetch: Fetch, guild_id: int, member_id: int, role_ids: Collection[int], now: datetime
    ) -> ledger.Position:
        return ledger.read_position(
            fetch, guild_id=guild_id, member_id=member_id, role_ids=role_ids, terms=self._terms, now=now
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


def _exceeded(fetch: Fetch, cost: int, position: ledger.Position) -> AllowanceExceededError:
    standing = position.standing
    return AllowanceExceededError(
        needed=cost,
        left=standing.left or 0,
        whole=(standing.allowance.credits or 0) + standing.granted,
        free_at=ledger.read_free_at(fetch, position=position, cost=cost),
    )


def _insert(fetch: Fetch, request: Request, now: datetime) -> Job:
    created_at = to_ms(now)
    ((job_id,),) = fetch(
        _SQL["insert_job"],
        {
            "guild_id": request.guild_id,
            "channel_id": request.channel_id,
            "member_id": request.member_id,
            "interaction_token": request.interaction_token,
            "upload_limit_bytes": request.upload_limit_bytes,
            "parameters": request.parameters,
            "credits": request.credits,
            "role_ids": json.dumps(request.role_ids),
            "parent_id": request.parent_id,
            "reply_to_id": request.reply_to_id,
            "nonce": request.nonce,
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
        role_ids=request.role_ids,
        parent_id=request.parent_id,
        reply_to_id=request.reply_to_id,
        nonce=request.nonce,
        created_at=from_ms(created_at),
    )


def to_job(row: sqlite3.Row) -> Job:
    """Return the job of a row that has all columns of its table, and perhaps others."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["state"] = State(values["state"])
    values["role_ids"] = tuple(json.loads(values["role_ids"]))
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
