"""What quotas need of the world. Implemented by ``storage`` and by the job service."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from bot.quotas.history import Cursor, HistoryPage
from bot.quotas.model import By, Change, Edit, LedgerEntry, MemberUse, MemberView, ServerRules

Plan = Callable[[ServerRules], tuple[Edit, ...]]
"""Decides on the rules as they are. Raises a `Refusal` where it may not be. Pure: it may be asked again."""

Amount = Callable[[int], int]
"""Decides, by the extra credits that are left, how many are given. Raises a `Refusal`. Pure as well."""


class QuotaStore(Protocol):
    """Rules, blocks and extra credits of servers.

    Each change is one transaction with the row that records it; where a `Refusal` or a `StorageError` is
    raised nothing was written.
    """

    async def edit_rules(self, guild_id: int, plan: Plan, by: By, now: datetime) -> tuple[Change, ...]:
        """Change rules as planned on them as they are."""
        ...

    async def set_log_channel(self, guild_id: int, channel_id: int | None, by: By, now: datetime) -> Change:
        """Set where changes are also posted; None: nowhere."""
        ...

    async def grant(self, guild_id: int, member_id: int, amount: Amount, by: By, now: datetime) -> Change:
        """Give extra credits, or take some back."""
        ...

    async def reset(self, guild_id: int, member_id: int, by: By, now: datetime) -> Change:
        """Let what a member used so far count no more."""
        ...

    async def block(
        self, guild_id: int, member_id: int, duration: timedelta | None, by: By, now: datetime
    ) -> Change:
        """Give a member no more jobs; an earlier block is replaced."""
        ...

    async def unblock(self, guild_id: int, member_id: int, by: By, now: datetime) -> Change:
        """End a block.

        Raises:
            NotBlockedError: none holds.
        """
        ...

    async def rules(self, guild_id: int) -> ServerRules:
        """Return what is set in a server."""
        ...

    async def log_channel(self, guild_id: int) -> int | None:
        """Return where changes are also posted."""
        ...

    async def view(
        self, guild_id: int, member_id: int, role_ids: Collection[int], now: datetime
    ) -> MemberView:
        """Return all about a member's credits."""
        ...

    async def blocked_in_line(self, now: datetime) -> list[tuple[int, int, int]]:
        """Return server, member and moderator of the blocks whose members still have queued jobs."""
        ...


class QuotaReports(Protocol):
    """Readings of many rows, which hold nobody up."""

    async def history(self, guild_id: int, member_id: int | None, cursor: Cursor | None) -> HistoryPage:
        """Return a page of entries and changes, of one member or of all; None: the newest."""
        ...

    async def top(self, guild_id: int, since: datetime) -> list[MemberUse]:
        """Return who used most since a moment, the most first."""
        ...

    def export(self, guild_id: int, since: datetime | None) -> AsyncIterator[tuple[LedgerEntry, ...]]:
        """Return the ledger since a moment in pages, oldest first."""
        ...


class QueuedJobs(Protocol):
    """What a block does to jobs. Implemented by `bot.jobs.service.JobService`."""

    async def cancel_queued(self, guild_id: int, member_id: int, /, *, by: int) -> int:
        """Cancel and refund a member's jobs that are still in line, and return how many."""
        ...
