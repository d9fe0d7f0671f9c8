"""What commands call about credits: a member's own view, the decisions of moderators, and reports."""

from collections.abc import AsyncIterator, Collection
from datetime import timedelta

import structlog

from bot.allowance import Period
from bot.errors import StorageError
from bot.jobs.ports import Clock
from bot.quotas.decisions import (
    amount_to_grant,
    check_moderator,
    check_not_own,
    plan_removal,
    plan_rule,
    read_reason,
)
from bot.quotas.history import Cursor, HistoryPage
from bot.quotas.model import (
    Actor,
    By,
    Change,
    LedgerEntry,
    MemberUse,
    MemberView,
    OwnerTerms,
    Rule,
    RuleKind,
    ServerRules,
)
from bot.quotas.ports import Plan, QueuedJobs, QuotaReports, QuotaStore

log = structlog.get_logger()


class QuotaService:
    """Answers members about their credits, and carries out what moderators decide.

    Every method raises `StorageError` where the database did not do it; then nothing was changed. Every
    method with an `actor` raises `NotModeratorError` where they are none, and reads and changes their server
    alone.

    Args:
        store, reports, jobs, clock: the world.
        terms: the owner's.
    """

    def __init__(
        self, *, store: QuotaStore, reports: QuotaReports, jobs: QueuedJobs, clock: Clock, terms: OwnerTerms
    ) -> None:
        self._store = store
        self._reports = reports
        self._jobs = jobs
        self._clock = clock
        self.terms = terms

    # Rules.

    async def set_default(self, actor: Actor, amount: int | None, period: Period) -> Change:
        """Set the server's allowance (None: unlimited), and the period of all its rules.

        Raises:
            OutOfRangeError: not within 0 and 1,000,000.
            CapExceededError: the owner does not allow as many.
            NeedsManageServerError: it is unlimited, or changes what the moderator may use.
            TooManyRulesError: the server has as many rules as it can have.
        """
        return await self._set(actor, Rule(RuleKind.DEFAULT, actor.guild_id, amount), period)

    async def set_role(self, actor: Actor, role_id: int, amount: int | None) -> Change:
        """Set the allowance of those who have a role. Raises as `set_default`."""
        return await self._set(actor, Rule(RuleKind.ROLE, role_id, amount))

    async def set_member(self, actor: Actor, member_id: int, amount: int | None) -> Change:
        """Set the allowance of one member. Raises as `set_default`."""
        return await self._set(actor, Rule(RuleKind.MEMBER, member_id, amount))

    async def remove(
        self, actor: Actor, *, role_id: int | None = None, member_id: int | None = None
    ) -> tuple[Change, ...]:
        """Take away the rule of a role, of a member or both; where neither is named, the server's default.

        Raises:
            NothingToRemoveError: one of them is not there; none was taken away.
            NeedsManageServerError: it would change what the moderator may use.
        """
        check_moderator(actor)
        named = ((RuleKind.ROLE, role_id), (RuleKind.MEMBER, member_id))
        targets = [(kind, target_id) for kind, target_id in named if target_id is not None]
        targets = targets or [(RuleKind.DEFAULT, actor.guild_id)]
        return await self._edit(actor, plan_removal(actor, targets, self.terms))

    async def rules(self, actor: Actor) -> ServerRules:
        """Return all that is set in the server."""
        check_moderator(actor)
        return await self._store.rules(actor.guild_id)

    # Members.

    async def grant(self, actor: Actor, member_id: int, amount: int, reason: str) -> Change:
        """Give extra credits; a negative number takes back as many as there are.

        Raises:
            OutOfRangeError: the number is 0 or beyond 1,000,000, or the reason is empty or too long.
            CapExceededError: the member would have more extra credits than the owner allows.
            NothingToRemoveError: there is nothing to take back.
            NeedsManageServerError: moderators do not grant to themselves.
        """
        check_moderator(actor)
        check_not_own(actor, member_id)
        by = By(actor.member_id, read_reason(reason))
        decided = amount_to_grant(amount, self.terms.cap)
        now = self._clock.now()
        return _logged(actor, await self._store.grant(actor.guild_id, member_id, decided, by, now))

    async def reset(self, actor: Actor, member_id: int, reason: str) -> Change:
        """Let what a member used so far count no more.

        Raises:
            OutOfRangeError: the reason is empty or too long.
            NeedsManageServerError: moderators do not do it for themselves.
        """
        check_moderator(actor)
        check_not_own(actor, member_id)
        by = By(actor.member_id, read_reason(reason))
        return _logged(actor, await self._store.reset(actor.guild_id, member_id, by, self._clock.now()))

    async def block(
        self, actor: Actor, member_id: int, duration: timedelta | None, reason: str
    ) -> tuple[Change, int]:
        """Give a member no more jobs (None: for good); those still in line are cancelled and refunded.

        Returns:
            The change, and how many jobs were cancelled.

        Raises:
            OutOfRangeError: the reason is empty or too long.
            NeedsManageServerError: a new block would take the place of a longer one of one's own.
        """
        check_moderator(actor)
        check_not_own(actor, member_id)
        by = By(actor.member_id, read_reason(reason))
        change = await self._store.block(actor.guild_id, member_id, duration, by, self._clock.now())
        _logged(actor, change)
        try:
            return change, await self._jobs.cancel_queued(actor.guild_id, member_id, by=actor.member_id)
        except StorageError as error:  # the block holds all the same, and a start ends what is left in line
            log.error("quota.not_cancelled", guild=actor.guild_id, member=member_id, error=str(error))
            return change, 0

    async def unblock(self, actor: Actor, member_id: int, reason: str | None = None) -> Change:
        """End a member's block.

        Raises:
            NotBlockedError: none holds.
            OutOfRangeError: the reason is empty or too long.
            NeedsManageServerError: moderators do not do it for themselves.
        """
        check_moderator(actor)
        check_not_own(actor, member_id)
        by = By(actor.member_id, None if reason is None else read_reason(reason))
        return _logged(actor, await self._store.unblock(actor.guild_id, member_id, by, self._clock.now()))

    async def show(self, actor: Actor, member_id: int, role_ids: Collection[int]) -> MemberView:
        """Return all about a member's credits, for a moderator."""
        check_moderator(actor)
        return await self.usage(actor.guild_id, member_id, role_ids)

    async def usage(self, guild_id: int, member_id: int, role_ids: Collection[int]) -> MemberView:
        """Return all about a member's credits, for that member."""
        return await self._store.view(guild_id, member_id, role_ids, self._clock.now())

    # Where changes are posted, and what happened.

    async def set_log(self, actor: Actor, channel_id: int | None) -> Change:
        """Set the channel in which changes are also posted; None: nowhere."""
        check_moderator(actor)
        by = By(actor.member_id)
        now = self._clock.now()
        return _logged(actor, await self._store.set_log_channel(actor.guild_id, channel_id, by, now))

    async def log_channel(self, guild_id: int) -> int | None:
        """Return the channel in which changes are also posted."""
        return await self._store.log_channel(guild_id)

    async def history(
        self, actor: Actor, member_id: int | None = None, cursor: Cursor | None = None
    ) -> HistoryPage:
        """Return a page of what happened, to one member or to all; None: the newest."""
        check_moderator(actor)
        return await self._reports.history(actor.guild_id, member_id, cursor)

    async def top(self, actor: Actor, period: Period) -> list[MemberUse]:
        """Return who used most in the last period, the most first, at most 25 of them."""
        check_moderator(actor)
        return await self._reports.top(actor.guild_id, self._clock.now() - period.length)

    def export(self, actor: Actor, period: Period | None) -> AsyncIterator[tuple[LedgerEntry, ...]]:
        """Return the server's ledger of the last period, or all of it, in pages, oldest first."""
        check_moderator(actor)
        since = None if period is None else self._clock.now() - period.length
        return self._reports.export(actor.guild_id, since)

    # The start.

    async def recover(self) -> None:
        """Cancel the queued jobs of blocked members, where a stop came between the two."""
        for guild_id, member_id, moderator_id in await self._store.blocked_in_line(self._clock.now()):
            await self._jobs.cancel_queued(guild_id, member_id, by=moderator_id)

    async def _set(self, actor: Actor, rule: Rule, period: Period | None = None) -> Change:
        check_moderator(actor)
        (change,) = await self._edit(actor, plan_rule(actor, rule, self.terms, period))
        return change

    async def _edit(self, actor: Actor, plan: Plan) -> tuple[Change, ...]:
        by = By(actor.member_id)
        changes = await self._store.edit_rules(actor.guild_id, plan, by, self._clock.now())
        return tuple(_logged(actor, change) for change in changes)


def _logged(actor: Actor, change: Change) -> Change:
    log.info(
        "quota.changed",
        guild=actor.guild_id,
        by=change.moderator_id,
        action=str(change.action),
        target=change.target_id,
        before=change.before,
        after=change.after,
    )
    return change
