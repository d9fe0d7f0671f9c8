"""What the member has left, as `/usage` reads it."""

from datetime import datetime

from bot.allowance import Allowance, Period
from bot.jobs.ports import Standing
from bot.quotas.model import OwnerTerms
from storage.database import Database
from storage.quotas import SqliteQuotaStore
from tests.storage.conftest import GUILD, MEMBER


async def read_standing(database: Database, now: datetime, *, allowed: int = 20) -> Standing:
    """Return what the member of the requests has left of so many credits a day."""
    quotas = SqliteQuotaStore(database, OwnerTerms(Allowance(allowed, Period.DAY)))
    return (await quotas.view(GUILD, MEMBER, (), now)).standing
