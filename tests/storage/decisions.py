"""Not a test: a process in which a moderator decides many things at once until it is killed.

Prints each change after it was committed.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.allowance import Allowance, Period
from bot.quotas.model import Actor, Change, OwnerTerms
from bot.quotas.service import QuotaService
from storage.database import Database
from storage.quotas import SqliteQuotaStore
from storage.reports import SqliteReports


class World:
    """A clock, and a line with nobody in it."""

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    async def cancel_queued(self, _guild_id: int, _member_id: int, *, by: int) -> int:
        """Find no jobs."""
        return by * 0


def _promise(change: Change) -> None:
    sys.stdout.write(f"{change.action} {change.target_id} {change.after}\n")
    sys.stdout.flush()


async def _decide(quotas: QuotaService, member_id: int) -> None:
    actor = Actor(guild_id=1, member_id=900, role_ids=frozenset(), may_moderate=True, may_manage=True)
    for number in count():
        _promise(await quotas.set_member(actor, member_id, number))
        change, _ = await quotas.block(actor, member_id, timedelta(days=1 + number), "a reason")
        _promise(change)
        _promise(await quotas.grant(actor, member_id, 1, "a reason"))


async def main(url: str) -> None:
    """Work until killed."""
    terms = OwnerTerms(Allowance(20, Period.DAY))
    async with Database.open(url) as database, asyncio.TaskGroup() as group:
        world = World()
        store, reports = SqliteQuotaStore(database, terms), SqliteReports(database)
        quotas = QuotaService(store=store, reports=reports, jobs=world, clock=world, terms=terms)
        for member_id in range(10):
            group.create_task(_decide(quotas, member_id))


asyncio.run(main(sys.argv[1]))
