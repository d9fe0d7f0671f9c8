"""The ledger of credits: what a member has left, and the entries that change it.

Each function is one statement for `Transaction.fetch` or `Database.read`, so that entries are made in the
transaction that changes their job. The rules are the design's, *Credits*; `bot.allowance` calculates.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.allowance import Allowance, Charge, Use
from bot.jobs.ports import Standing
from storage.queries import load_queries
from storage.times import from_ms, to_ms
from storage.writer import Parameters

Fetch = Callable[[str, Parameters], Awaitable[list[sqlite3.Row]]]

_SQL = load_queries("ledger.sql")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a member stands at a moment of the ledger's time."""

    at: datetime  # the later of the clock and the newest entry
    standing: Standing


async def read_position(
    fetch: Fetch, *, guild_id: int, member_id: int, allowance: Allowance, now: datetime
) -> Position:
    """Return what a member has left of an allowance."""
    ((at, used, granted),) = await fetch(
        _SQL["standing"],
        {
            "guild_id": guild_id,
            "member_id": member_id,
            "now": to_ms(now),
            "period": to_ms(allowance.period.length),
        },
    )
    return Position(from_ms(at), Standing(allowance=allowance, used=used, granted=granted))


async def read_uses(fetch: Fetch, *, guild_id: int, member_id: int, position: Position) -> list[Use]:
    """Return what counts in the period that ends at the position, oldest first."""
    since = position.at - position.standing.allowance.period.length
    rows = await fetch(_SQL["uses"], {"guild_id": guild_id, "member_id": member_id, "since": to_ms(since)})
    return [Use(from_ms(counts_at), credits_) for counts_at, credits_ in rows]


async def reserve(
    fetch: Fetch, *, guild_id: int, member_id: int, job_id: int, charge: Charge, at: datetime
) -> None:
    """Take the credits of a new job, at the position's time."""
    await fetch(
        _SQL["reserve"],
        {
            "guild_id": guild_id,
            "member_id": member_id,
            "job_id": job_id,
            "credits": charge.from_allowance + charge.from_grants,
            "from_allowance": charge.from_allowance,
            "from_grants": charge.from_grants,
            "at": to_ms(at),
        },
    )


async def settle(fetch: Fetch, *, job_id: int, amount: int, now: datetime) -> None:
    """Record what a delivered job cost in the end."""
    await fetch(_SQL["settle"], {"job_id": job_id, "credits": amount, "now": to_ms(now)})


async def refund(fetch: Fetch, *, job_id: int, amount: int, now: datetime) -> None:
    """Give credits of a job back, as many to the grants as came from them, the rest to the allowance."""
    await fetch(_SQL["refund"], {"job_id": job_id, "credits": amount, "now": to_ms(now)})
