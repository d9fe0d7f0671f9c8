"""The moderators' store: each change and the row that records it are one transaction."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.allowance import Period
from bot.errors import NotBlockedError, Refusal
from bot.quotas.model import (
    Action,
    Block,
    By,
    Change,
    Edit,
    MemberView,
    OwnerTerms,
    Rule,
    RuleKind,
    ServerRules,
    TargetKind,
)
from bot.quotas.ports import Amount, Plan
from storage import ledger
from storage.connection import Parameters, Transaction
from storage.database import Database
from storage.entries import to_entry
from storage.jobs import to_job
from storage.ledger import Fetch, Position
from storage.queries import load_queries
from storage.times import to_ms

JOBS_SHOWN: Final = 10
RETURNS_READ: Final = 25
ENTRIES_SHOWN: Final = 10

_SQL = {**load_queries("quotas.sql"), **load_queries("reports.sql")}
_NOT_RECORDED_YET: Final = 0
_Result = TypeVar("_Result")


class SqliteQuotaStore:
    """Implements `bot.quotas.ports.QuotaStore`.

    Args:
        database: open.
        terms: the owner's; they hold where a server's rules do not say otherwise.
    """

    def __init__(self, database: Database, terms: OwnerTerms) -> None:
        self._database = database
        self._terms = terms

    async def edit_rules(self, guild_id: int, plan: Plan, by: By, now: datetime) -> tuple[Change, ...]:
        """Change rules as planned on them as they are."""

        def operation(fetch: Fetch) -> tuple[Change, ...]:
            edits = plan(_read_rules(fetch, guild_id))
            at = ledger.read_time(fetch, now)
            return tuple(_apply(fetch, guild_id, edit, by, at) for edit in edits)

        return await self._write(operation)

    async def set_log_channel(self, guild_id: int, channel_id: int | None, by: By, now: datetime) -> Change:
        """Set where changes are also posted; None: nowhere."""

        def operation(fetch: Fetch) -> Change:
            before = _read_rules(fetch, guild_id).log_channel_id
            fetch(_SQL["set_log_channel"], {"guild_id": guild_id, "channel_id": channel_id})
            target, words = (TargetKind.SERVER, guild_id), (str(before or ""), str(channel_id or ""))
            change = _change(Action.LOG, target, words, by, ledger.read_time(fetch, now))
            return _record(fetch, guild_id, change)

        return await self._write(operation)

    async def grant(self, guild_id: int, member_id: int, amount: Amount, by: By, now: datetime) -> Change:
        """Give extra credits, or take some back."""

        def operation(fetch: Fetch) -> Change:
            position = self._position(fetch, guild_id, member_id, now)
            granted = position.standing.granted
            given = amount(granted)
            target, words = (TargetKind.MEMBER, member_id), (str(granted), str(granted + given))
            change = _change(Action.GRANT, target, words, by, position.at)
            change = _record(fetch, guild_id, change)
            ledger.grant(fetch, position=position, amount=given, change_id=change.id)
            return change

        return await self._write(operation)

    async def reset(self, guild_id: int, member_id: int, by: By, now: datetime) -> Change:
        """Let what a member used so far count no more."""

        def operation(fetch: Fetch) -> Change:
            used = self._position(fetch, guild_id, member_id, now).standing.used
            at = ledger.read_reset_time(fetch, now)
            change = _change(Action.RESET, (TargetKind.MEMBER, member_id), (str(used), "0"), by, at)
            change = _record(fetch, guild_id, change)
            ledger.reset(fetch, guild_id=guild_id, member_id=member_id, at=at, change_id=change.id)
            return change

        return await self._write(operation)

    async def block(
        self, guild_id: int, member_id: int, duration: timedelta | None, by: By, now: datetime
    ) -> Change:
        """Give a member no more jobs; an earlier block is replaced."""

        def operation(fetch: Fetch) -> Change:
            position = self._position(fetch, guild_id, member_id, now)
            block = Block(
                member_id=member_id,
                until=None if duration is None else position.at + duration,
                reason=by.reason or "",
                by=by.moderator_id,
                at=position.at,
            )
            fetch(
                _SQL["set_block"],
                {
                    "guild_id": guild_id,
                    "member_id": member_id,
                    "until": None if block.until is None else to_ms(block.until),
                    "reason": block.reason,
                    "by_id": block.by,
                    "at": to_ms(block.at),
                },
            )
            target = (TargetKind.MEMBER, member_id)
            words = (_end_in_words(position.block), _end_in_words(block))
            change = _change(Action.BLOCK, target, words, by, position.at)
            return _record(fetch, guild_id, change)

        return await self._write(operation)

    async def unblock(self, guild_id: int, member_id: int, by: By, now: datetime) -> Change:
        """End a block.

        Raises:
            NotBlockedError: none holds.
        """

        def operation(fetch: Fetch) -> Change:
            position = self._position(fetch, guild_id, member_id, now)
            if position.block is None:
                raise NotBlockedError(member_id)
            fetch(_SQL["remove_block"], {"guild_id": guild_id, "member_id": member_id})
            target, words = (TargetKind.MEMBER, member_id), (_end_in_words(position.block), "")
            change = _change(Action.UNBLOCK, target, words, by, position.at)
            return _record(fetch, guild_id, change)

        return await self._write(operation)

    async def rules(self, guild_id: int) -> ServerRules:
        """Return what is set in a server."""
        return await self._database.look(lambda transaction: _read_rules(transaction.fetch, guild_id))

    async def log_channel(self, guild_id: int) -> int | None:
        """Return where changes are also posted."""
        rows = await self._database.read(_SQL["get_server"], {"guild_id": guild_id})
        return rows[0]["log_channel_id"] if rows else None

    async def view(
        self, guild_id: int, member_id: int, role_ids: Collection[int], now: datetime
    ) -> MemberView:
        """Return all about a member's credits."""
        member: Parameters = {"guild_id": guild_id, "member_id": member_id}

        def operation(transaction: Transaction) -> MemberView:
            fetch = transaction.fetch
            position = self._position(fetch, guild_id, member_id, now, role_ids)
            jobs = fetch(_SQL["list_jobs_under_way"], {**member, "page": JOBS_SHOWN})
            ((under_way,),) = fetch(_SQL["count_jobs_under_way"], member)
            entries = fetch(_SQL["last_entries"], {**member, "page": ENTRIES_SHOWN})
            return MemberView(
                member_id=member_id,
                entitlement=position.entitlement,
                standing=position.standing,
                block=position.block,
                jobs=tuple(map(to_job, jobs)),
                jobs_under_way=under_way,
                returns=ledger.read_returns(fetch, position=position, most=RETURNS_READ),
                entries=tuple(map(to_entry, entries)),
            )

        return await self._database.look(operation)

    async def blocked_in_line(self, now: datetime) -> list[tuple[int, int, int]]:
        """Return server, member and moderator of the blocks whose members still have queued jobs."""

        def operation(transaction: Transaction) -> list[tuple[int, int, int]]:
            rows = transaction.fetch(_SQL["blocks_in_line"], {})
            if not rows:
                return []
            at = to_ms(ledger.read_time(transaction.fetch, now))
            return [(guild, member, by) for guild, member, by, until in rows if until is None or until > at]

        return await self._database.look(operation)

    def _position(
        self,
        fetch: Fetch,
        guild_id: int,
        member_id: int,
        now: datetime,
        role_ids: Collection[int] = (),
    ) -> Position:
        return ledger.read_position(
            fetch, guild_id=guild_id, member_id=member_id, role_ids=role_ids, terms=self._terms, now=now
        )

    async def _write(self, operation: Callable[[Fetch], _Result]) -> _Result:
        """Do an operation in a transaction. A refusal, which comes before anything is written, is raised."""

        def refusable(transaction: Transaction) -> _Result | Refusal:
            try:
                return operation(transaction.fetch)
            except Refusal as refusal:
                return refusal

        answer = await self._database.write(refusable)
        if isinstance(answer, Refusal):
            raise answer
        return answer


def _read_rules(fetch: Fetch, guild_id: int) -> ServerRules:
    guild = {"guild_id": guild_id}
    rules = fetch(_SQL["list_rules"], guild)
    period, log_channel_id = next(iter(fetch(_SQL["get_server"], guild)), (None, None))
    return ServerRules(
        guild_id=guild_id,
        rules=tuple(Rule(RuleKind(kind), target_id, credits_) for kind, target_id, credits_ in rules),
        period=period and Period(period),
        log_channel_id=log_channel_id,
    )


def _apply(fetch: Fetch, guild_id: int, edit: Edit, by: By, at: datetime) -> Change:
    key = {"guild_id": guild_id, "kind": edit.kind.value, "target_id": edit.target_id}
    if edit.rule is None:
        fetch(_SQL["remove_rule"], key)
    else:
        fetch(_SQL["set_rule"], {**key, "credits": edit.rule.credits})
    if edit.kind is RuleKind.DEFAULT:
        fetch(_SQL["set_period"], {"guild_id": guild_id, "period": edit.period and edit.period.value})
    change = _change(edit.action, (edit.target_kind, edit.target_id), (edit.before, edit.after), by, at)
    return _record(fetch, guild_id, change)


def _change(
    action: Action, target: tuple[TargetKind, int], words: tuple[str, str], by: By, at: datetime
) -> Change:
    """Return a change of a target from the first words to the second, which is still to be recorded."""
    kind, target_id = target
    before, after = words
    return Change(
        id=_NOT_RECORDED_YET,
        at=at,
        moderator_id=by.moderator_id,
        action=action,
        target_kind=kind,
        target_id=target_id,
        before=before,
        after=after,
        reason=by.reason,
    )


def _record(fetch: Fetch, guild_id: int, change: Change) -> Change:
    """Keep a change, and return it with the number that it has from then on."""
    ((change_id,),) = fetch(
        _SQL["record_change"],
        {
            "guild_id": guild_id,
            "at": to_ms(change.at),
            "moderator_id": change.moderator_id,
            "action": change.action.value,
            "target_kind": change.target_kind.value,
            "target_id": change.target_id,
            "before": change.before,
            "after": change.after,
            "reason": change.reason,
        },
    )
    return replace(change, id=change_id)


def _end_in_words(block: Block | None) -> str:
    if block is None:
        return ""
    return "forever" if block.until is None else str(to_ms(block.until) // 1000)
