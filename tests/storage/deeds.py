"""Decisions of moderators, who makes them, and what they leave behind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.allowance import Allowance, Period
from bot.quotas.model import Actor, Change, OwnerTerms
from bot.quotas.service import QuotaService

Deed = Callable[[QuotaService, Actor], Awaitable[object]]

GUILD, OTHER_GUILD, MEMBER, ROLE = 100, 101, 300, 501
TERMS = OwnerTerms(Allowance(20, Period.DAY))
MANAGER = Actor(guild_id=GUILD, member_id=900, role_ids=frozenset({ROLE}), may_moderate=True, may_manage=True)
MODERATOR = replace(MANAGER, may_manage=False)
NOBODY = replace(MODERATOR, may_moderate=False)


@dataclass
class World:
    """The time, and the jobs in line; notes whose jobs were to be cancelled."""

    time: datetime
    cancelled: list[tuple[int, int, int]] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    async def cancel_queued(self, guild_id: int, member_id: int, *, by: int) -> int:
        """Note it."""
        self.cancelled.append((guild_id, member_id, by))
        return 2


DEEDS: dict[str, Deed] = {
    "default": lambda quotas, actor: quotas.set_default(actor, 5, Period.WEEK),
    "role": lambda quotas, actor: quotas.set_role(actor, 502, 7),
    "member": lambda quotas, actor: quotas.set_member(actor, MEMBER, 9),
    "remove": lambda quotas, actor: quotas.remove(actor, member_id=MEMBER),
    "grant": lambda quotas, actor: quotas.grant(actor, MEMBER, 4, "a reason"),
    "reset": lambda quotas, actor: quotas.reset(actor, MEMBER, "a reason"),
    "block": lambda quotas, actor: quotas.block(actor, MEMBER, timedelta(hours=1), "a reason"),
    "unblock": lambda quotas, actor: quotas.unblock(actor, MEMBER, "a reason"),
    "log": lambda quotas, actor: quotas.set_log(actor, 12345),
}


async def list_changes(quotas: QuotaService, actor: Actor) -> list[Change]:
    """Return the changes of a server, oldest first."""
    page = await quotas.history(replace(actor, may_moderate=True))
    return [item for item in page.items[::-1] if isinstance(item, Change)]


async def do_all(quotas: QuotaService, actor: Actor) -> None:
    """Make all decisions, one after the other."""
    for deed in DEEDS.values():
        await deed(quotas, actor)
