"""The ledger of credits: what a member has left, and the entries that change it.

Each function is one statement for `Transaction.fetch`, so that entries are made in the transaction that
changes their job. The rules are the design's, *Credits*; `bot.allowance` calculates.
"""

import json
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.allowance import Charge, Period, must_return
from bot.jobs.ports import Standing
from bot.quotas.model import Block, Entitlement, OwnerTerms, Return, Rule, RuleKind
from bot.quotas.resolve import resolve
from storage.connection import Parameters, Value
from storage.queries import load_queries
from storage.times import from_ms, to_ms

Fetch = Callable[[str, Parameters], list[sqlite3.Row]]

_SQL = load_queries("ledger.sql")
_LENGTHS: Final = {period.value: to_ms(period.length) for period in Period}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a member stands at a moment of the ledger's time."""

    guild_id: int
    member_id: int
    at: datetime  # the later of the clock and the newest entry
    since: datetime  # what began to count at this moment or before counts no longer
    entitlement: Entitlement
    standing: Standing
    block: Block | None


def read_position(
    fetch: Fetch,
    *,
    guild_id: int,
    member_id: int,
    role_ids: Collection[int],
    terms: OwnerTerms,
    now: datetime,
) -> Position:
    """Return where a member with these roles stands."""
    # Every member has the role @everyone, whose id is the server's (Discord's reference, Permissions).
    role_ids = sorted({*role_ids, guild_id})
    parameters: dict[str, Value] = {
        "guild_id": guild_id,
        "member_id": member_id,
        "role_ids": json.dumps(role_ids),
        "now": to_ms(now),
        "owner_period": to_ms(terms.default.period.length),
        **_LENGTHS,
    }
    ((at, period, since, used, granted, rules, block),) = fetch(_SQL["position"], parameters)
    entitlement = resolve(
        [Rule(RuleKind(kind), target_id, credits_) for kind, target_id, credits_ in json.loads(rules)],
        member_id=member_id,
        role_ids=role_ids,
        owner_default=terms.default,
        server_period=period and Period(period),
        cap=terms.cap,
    )
    return Position(
        guild_id=guild_id,
        member_id=member_id,
        at=from_ms(at),
        since=from_ms(since),
        entitlement=entitlement,
        standing=Standing(allowance=entitlement.allowance, used=used, granted=granted),
        block=block and _to_block(member_id, *json.loads(block)),
    )


def read_standing_after(fetch: Fetch, *, position: Position, job_id: int, refund: int) -> Standing:
    """Return what is left when so many credits of a job have come back, by the rules of `refund`."""
    standing = position.standing
    if not refund:
        return standing
    ((counts_at, from_grants),) = fetch(_SQL["reserve_of"], {"job_id": job_id})
    to_grants = min(refund, from_grants)
    to_allowance = refund - to_grants if from_ms(counts_at) > position.since else 0
    return Standing(
        allowance=standing.allowance,
        used=standing.used - to_allowance,
        granted=standing.granted + to_grants,
    )


def read_free_at(fetch: Fetch, *, position: Position, cost: int) -> datetime | None:
    """Return when a cost can be paid if nothing else is used until then, or None where it never can."""
    standing = position.standing
    needed = must_return(cost, allowance=standing.allowance, used=standing.used, granted=standing.granted)
    if needed is None:
        return None
    rows = _read_returns(fetch, position, beyond=needed - 1, page=1)
    return next((from_ms(counts_at) + standing.allowance.period.length for counts_at, _ in rows), None)


def read_returns(fetch: Fetch, *, position: Position, most: int) -> tuple[Return, ...]:
    """Return when the next credits of the allowance can be used again, soonest first."""
    allowance, used = position.standing.allowance, position.standing.used
    if allowance.credits is None:
        return ()
    # After an allowance was lowered, more may be used than it holds: that has to leave before anything comes.
    gone = max(0, used - allowance.credits)
    returns: list[Return] = []
    for counts_at, freed in _read_returns(fetch, position, beyond=gone, page=most):
        returns.append(Return(from_ms(counts_at) + allowance.period.length, freed - gone))
        gone = freed
    return tuple(returns)


def _read_returns(fetch: Fetch, position: Position, *, beyond: int, page: int) -> list[sqlite3.Row]:
    return fetch(
        _SQL["returns"],
        {
            "guild_id": position.guild_id,
            "member_id": position.member_id,
            "since": to_ms(position.since),
            "beyond": beyond,
            "page": page,
        },
    )


def _to_block(member_id: int, until: int | None, reason: str, by: int, at: int) -> Block:
    return Block(
        member_id=member_id,
        until=None if until is None else from_ms(until),
        reason=reason,
        by=by,
        at=from_ms(at),
    )


def reserve(fetch: Fetch, *, position: Position, job_id: int, charge: Charge) -> None:
    """Take the credits of a new job, at the position's time."""
    fetch(
        _SQL["reserve"],
        {
            "guild_id": position.guild_id,
            "member_id": position.member_id,
            "job_id": job_id,
            "credits": charge.from_allowance + charge.from_grants,
            "from_allowance": charge.from_allowance,
            "from_grants": charge.from_grants,
            "at": to_ms(position.at),
        },
    )


def settle(fetch: Fetch, *, job_id: int, amount: int, now: datetime) -> None:
    """Record what a delivered job cost in the end."""
    fetch(_SQL["settle"], {"job_id": job_id, "credits": amount, "now": to_ms(now)})


def refund(fetch: Fetch, *, job_id: int, amount: int, now: datetime) -> None:
    """Give credits of a job back, as many to the grants as came from them, the rest to the allowance."""
    fetch(_SQL["refund"], {"job_id": job_id, "credits": amount, "now": to_ms(now)})


def grant(fetch: Fetch, *, position: Position, amount: int, change_id: int) -> None:
    """Give extra credits, or take some back, at the position's time."""
    fetch(
        _SQL["grant"],
        {
            "guild_id": position.guild_id,
            "member_id": position.member_id,
            "amount": amount,
            "at": to_ms(position.at),
            "change_id": change_id,
        },
    )


def reset(fetch: Fetch, *, guild_id: int, member_id: int, at: datetime, change_id: int) -> None:
    """Let what was used before a time, as `read_reset_time` gives it, no longer count."""
    fetch(
        _SQL["reset"],
        {"guild_id": guild_id, "member_id": member_id, "at": to_ms(at), "change_id": change_id},
    )


def read_time(fetch: Fetch, now: datetime) -> datetime:
    """Return the ledger's time: the later of the clock and the newest entry."""
    ((at,),) = fetch(_SQL["time"], {"now": to_ms(now)})
    return from_ms(at)


def read_reset_time(fetch: Fetch, now: datetime) -> datetime:
    """Return the earliest time that is later than every entry, and not before now."""
    ((at,),) = fetch(_SQL["reset_time"], {"now": to_ms(now)})
    return from_ms(at)
