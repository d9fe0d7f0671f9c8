"""A database in a fresh folder, a store on it, jobs to fill it with, and the moderators' service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.allowance import Allowance, Period
from bot.jobs.model import ENDED, Job, State
from bot.jobs.ports import Request
from bot.quotas.model import OwnerTerms
from bot.quotas.service import QuotaService
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.quotas import SqliteQuotaStore
from storage.reports import SqliteReports
from tests.storage.deeds import TERMS, World

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)

GUILD = 100
CHANNEL = 200
MEMBER = 300


@pytest.fixture
def now() -> datetime:
    """When a test begins."""
    return NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database will be, in a folder that is not there yet."""
    return tmp_path / "data" / "sana.db"


@pytest.fixture
def url(path: Path) -> str:
    """The database's address."""
    return f"sqlite:///{path}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open, empty database."""
    async with Database.open(url) as database:
        yield database


@pytest.fixture
def store(database: Database) -> SqliteJobStore:
    """A store in which a member has 20 credits a day."""
    return SqliteJobStore(database, OwnerTerms(Allowance(20, Period.DAY)))


@pytest.fixture
def ask() -> Callable[..., Request]:
    """Make a member's wish; one credit, where nothing else is said."""
    request = Request(
        guild_id=GUILD,
        channel_id=CHANNEL,
        member_id=MEMBER,
        interaction_token="interaction-token",
        upload_limit_bytes=10_485_760,
        parameters='{"prompt": "a red fox"}',
        credits=1,
    )
    return partial(replace, request)


def _step(job: Job, to: State, now: datetime) -> Job:
    """Return the job after a transition, with the facts that come with it."""
    closed: dict[str, Any] = {"ended_at": now, "closed_at": now, "interaction_token": None}
    facts: dict[State, dict[str, Any]] = {
        State.QUEUED: {},
        State.SUBMITTING: {"submitted_at": now, "callback_hash": job.id.to_bytes(32, "big")},
        State.RUNNING: {"accepted_at": now, "taskid": str(5000 + job.id), "tasktoken": f"tasktoken-{job.id}"},
        State.FINISHED: {
            "ended_at": now,
            "closed_at": None,
            "outputs": "[]",
            "cost_usd": "0.0035",
            "seconds": 6.5,
        },
    }
    return job.evolve(to, **(closed if to in ENDED else facts[to]))


@pytest.fixture
def walk() -> Callable[..., Awaitable[Job]]:
    """Take a job through states, one save each, and return it as it is at last."""

    async def walk(
        store: SqliteJobStore, job: Job, *states: State, now: datetime = NOW, settle: int | None = None
    ) -> Job:
        for state in states:
            after = _step(job, state, now)
            cost = 0 if state is not State.DELIVERED else job.credits if settle is None else settle
            await store.save(job, after, now, settle=cost)
            job = after
        return job

    return walk


@pytest.fixture
def world(now: datetime) -> World:
    """The time of the test."""
    return World(now)


@pytest.fixture
def make(database: Database, world: World) -> Callable[[OwnerTerms], QuotaService]:
    """Make the service as the owner's terms have it."""

    def make(terms: OwnerTerms) -> QuotaService:
        store, reports = SqliteQuotaStore(database, terms), SqliteReports(database)
        return QuotaService(store=store, reports=reports, jobs=world, clock=world, terms=terms)

    return make


@pytest.fixture
def quotas(make: Callable[[OwnerTerms], QuotaService]) -> QuotaService:
    """The service without a cap."""
    return make(TERMS)
