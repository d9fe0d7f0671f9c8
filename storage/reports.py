"""Reports on many rows: history, top and export, on a connection of their own, so that nobody waits."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from bot.quotas.history import Cursor, HistoryItem, HistoryPage
from bot.quotas.model import Change, LedgerEntry, MemberUse
from storage.connection import Parameters, Transaction
from storage.database import Database
from storage.entries import to_change, to_entry
from storage.queries import load_queries
from storage.times import to_ms

HISTORY_PAGE: Final = 10
"""Entries and changes on a page: with reasons of 200 characters they fit into a message."""

TOP_AT_MOST: Final = 25
"""Members in a chart that can still be read."""

EXPORT_PAGE: Final = 1_000
"""Entries that are read at once, so that the event loop is never held up by many."""

_SQL = load_queries("reports.sql")
_LARGEST: Final = 2**63 - 1
_AFTER_ALL: Final = Cursor(newer=False, at_ms=_LARGEST, is_change=True, item_id=_LARGEST)


class SqliteReports:
    """Implements `bot.quotas.ports.QuotaReports`.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, guild_id: int, member_id: int | None, cursor: Cursor | None) -> HistoryPage:
        """Return a page of entries and changes, newest first."""

        def operation(transaction: Transaction) -> HistoryPage:
            place = cursor
            # What is newer than a place may be less than a page: then it is the first page, and a full one.
            if place is not None and place.newer:
                items, more = _read_side(transaction, guild_id, member_id, place)
                if more:
                    return _page(items[::-1], newer=True, older=True)
                place = None
            items, more = _read_side(transaction, guild_id, member_id, place or _AFTER_ALL)
            return _page(items, newer=place is not None, older=more)

        return await self._database.report(operation)

    async def top(self, guild_id: int, since: datetime) -> list[MemberUse]:
        """Return who used most since a moment, the most first."""
        parameters: Parameters = {"guild_id": guild_id, "since": to_ms(since), "most": TOP_AT_MOST}

        def operation(transaction: Transaction) -> list[MemberUse]:
            return [MemberUse(*row) for row in transaction.fetch(_SQL["top"], parameters)]

        return await self._database.report(operation)

    async def export(self, guild_id: int, since: datetime | None) -> AsyncIterator[tuple[LedgerEntry, ...]]:
        """Return the ledger after a moment, or all of it, in pages, oldest first."""
        after = (0, 0) if since is None else (to_ms(since), _LARGEST)
        while True:

            def operation(
                transaction: Transaction, after: tuple[int, int] = after
            ) -> tuple[LedgerEntry, ...]:
                at, entry_id = after
                parameters = {"guild_id": guild_id, "at": at, "id": entry_id, "page": EXPORT_PAGE}
                return tuple(map(to_entry, transaction.fetch(_SQL["export"], parameters)))

            page = await self._database.report(operation)
            if page:
                yield page
                after = to_ms(page[-1].at), page[-1].id
            if len(page) < EXPORT_PAGE:
                return


def _read_side(
    transaction: Transaction, guild_id: int, member_id: int | None, cursor: Cursor
) -> tuple[list[HistoryItem], bool]:
    """Return the items next to a place, the nearest first, and whether there are more."""
    words = {
        "side": ">" if cursor.newer else "<",
        "order": "ASC" if cursor.newer else "DESC",
        "whose_entries": "" if member_id is None else "AND entry.member_id = :member_id",
        "whose_changes": (
            "" if member_id is None else "AND target_kind = 'member' AND target_id = :member_id"
        ),
    }
    parameters: Parameters = {
        "guild_id": guild_id,
        "member_id": member_id,
        "at": cursor.at_ms,
        "is_change": cursor.is_change,
        "id": cursor.item_id,
        "page": HISTORY_PAGE + 1,
    }
    entries = transaction.fetch(_SQL["history_entries"].format(**words), parameters)
    changes = transaction.fetch(_SQL["history_changes"].format(**words), parameters)
    items: list[HistoryItem] = [*map(to_entry, entries), *map(to_change, changes)]
    items.sort(key=_place, reverse=not cursor.newer)
    return items[:HISTORY_PAGE], len(items) > HISTORY_PAGE


def _place(item: HistoryItem) -> tuple[int, bool, int]:
    return to_ms(item.at), isinstance(item, Change), item.id


def _page(items: list[HistoryItem], *, newer: bool, older: bool) -> HistoryPage:
    return HistoryPage(
        tuple(items),
        newer=Cursor(True, *_place(items[0])) if newer and items else None,
        older=Cursor(False, *_place(items[-1])) if older and items else None,
    )
