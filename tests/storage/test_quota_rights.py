"""Who may decide and read what, and that no server sees another's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.allowance import Period
from bot.errors import (
    NeedsManageServerError,
    NothingToRemoveError,
    NotModeratorError,
    Refusal,
)
from bot.jobs.ports import Request
from bot.quotas.model import ServerRules
from bot.quotas.service import QuotaService
from storage.jobs import SqliteJobStore
from tests.storage.deeds import (
    DEEDS,
    GUILD,
    MANAGER,
    MEMBER,
    MODERATOR,
    NOBODY,
    OTHER_GUILD,
    ROLE,
    Deed,
    World,
    do_all,
    list_changes,
)

Ask = Callable[..., Request]


@pytest.mark.parametrize("name", sorted(DEEDS))
async def test_only_moderators_decide(quotas: QuotaService, world: World, name: str) -> None:
    """A member is refused before anything is read or written, whatever Discord showed them."""
    await do_all(quotas, MANAGER)
    before, cancelled = await list_changes(quotas, MANAGER), list(world.cancelled)
    with pytest.raises(NotModeratorError):
        await DEEDS[name](quotas, NOBODY)
    assert await list_changes(quotas, MANAGER) == before
    assert world.cancelled == cancelled


async def test_only_moderators_read_reports(quotas: QuotaService) -> None:
    """Rules, the view of a member, history, top and export are the moderators'."""
    for reading in (
        quotas.rules(NOBODY),
        quotas.show(NOBODY, MEMBER, ()),
        quotas.history(NOBODY),
        quotas.top(NOBODY, Period.DAY),
    ):
        with pytest.raises(NotModeratorError):
            await reading
    with pytest.raises(NotModeratorError):
        quotas.export(NOBODY, None)


UNLIMITED_OR_OWN: dict[str, Deed] = {
    "unlimited default": lambda quotas, actor: quotas.set_default(actor, None, Period.DAY),
    "unlimited role": lambda quotas, actor: quotas.set_role(actor, 502, None),
    "unlimited member": lambda quotas, actor: quotas.set_member(actor, MEMBER, None),
    "own default": lambda quotas, actor: quotas.set_default(actor, 21, Period.DAY),
    "own period": lambda quotas, actor: quotas.set_default(actor, 20, Period.HOUR),
    "own role": lambda quotas, actor: quotas.set_role(actor, ROLE, 30),
    "role of everyone": lambda quotas, actor: quotas.set_role(actor, GUILD, 30),
    "own rule": lambda quotas, actor: quotas.set_member(actor, actor.member_id, 30),
    "own grant": lambda quotas, actor: quotas.grant(actor, actor.member_id, 1, "a reason"),
    "own grant taken": lambda quotas, actor: quotas.grant(actor, actor.member_id, -1, "a reason"),
    "own reset": lambda quotas, actor: quotas.reset(actor, actor.member_id, "a reason"),
    "own block": lambda quotas, actor: quotas.block(actor, actor.member_id, timedelta(minutes=1), "a reason"),
    "own unblock": lambda quotas, actor: quotas.unblock(actor, actor.member_id),
}


@pytest.mark.parametrize("name", sorted(UNLIMITED_OR_OWN))
async def test_nobody_without_manage_server_decides_about_themselves(quotas: QuotaService, name: str) -> None:
    """What is unlimited or changes what they have themselves is refused; with Manage Server it is done."""
    await quotas.grant(MANAGER, MANAGER.member_id, 2, "a reason")
    await quotas.block(MANAGER, MANAGER.member_id, None, "a reason")
    before = await quotas.usage(GUILD, MANAGER.member_id, MANAGER.role_ids)
    changes = await list_changes(quotas, MANAGER)
    with pytest.raises(NeedsManageServerError):
        await UNLIMITED_OR_OWN[name](quotas, MODERATOR)
    assert await quotas.usage(GUILD, MANAGER.member_id, MANAGER.role_ids) == before
    assert await list_changes(quotas, MANAGER) == changes
    await UNLIMITED_OR_OWN[name](quotas, MANAGER)
    assert len(await list_changes(quotas, MANAGER)) == len(changes) + 1


async def test_a_moderator_may_not_take_away_the_rule_that_holds_them_down(quotas: QuotaService) -> None:
    """Removing one's own rule, one's role's or the default changes what one has; so do two at once."""
    await quotas.set_default(MANAGER, 5, Period.DAY)
    with pytest.raises(NeedsManageServerError):
        await quotas.remove(MODERATOR)
    await quotas.set_role(MANAGER, ROLE, 3)
    await quotas.set_member(MANAGER, MODERATOR.member_id, 1)
    for role_id, member_id in ((None, MODERATOR.member_id), (ROLE, MODERATOR.member_id)):
        with pytest.raises(NeedsManageServerError):
            await quotas.remove(MODERATOR, role_id=role_id, member_id=member_id)
    assert len((await quotas.rules(MANAGER)).rules) == 3
    # While their own rule holds, the role's does not concern them.
    await quotas.remove(MODERATOR, role_id=ROLE)


async def test_a_moderator_decides_about_others(quotas: QuotaService) -> None:
    """What leaves their own allowance as it is needs no more than Moderate Members."""
    await quotas.set_member(MANAGER, MODERATOR.member_id, 1)
    await quotas.set_default(MODERATOR, 5, Period.DAY)
    for name in [name for name in DEEDS if name != "default"]:
        await DEEDS[name](quotas, MODERATOR)


async def _state(quotas: QuotaService, guild_id: int) -> tuple[object, ...]:
    """Return all that can be read of a server."""
    actor = replace(MANAGER, guild_id=guild_id)
    return (
        await quotas.rules(actor),
        await quotas.usage(guild_id, MEMBER, (ROLE, 502)),
        await quotas.log_channel(guild_id),
        await quotas.history(actor),
        await quotas.history(actor, MEMBER),
        await quotas.top(actor, Period.MONTH),
        [page async for page in quotas.export(actor, None)],
    )


async def test_servers_never_see_each_other(
    quotas: QuotaService, store: SqliteJobStore, ask: Ask, world: World
) -> None:
    """Whatever moderators and members of one server do, all that can be read of another stays the same."""
    other = replace(MANAGER, guild_id=OTHER_GUILD)
    await store.accept(ask(guild_id=OTHER_GUILD, credits=2), world.time)
    await quotas.set_role(other, ROLE, 40)
    await quotas.set_member(other, MEMBER, 41)
    await quotas.block(other, MEMBER, None, "a reason")
    before = await _state(quotas, OTHER_GUILD)
    for deed in (*DEEDS.values(), *UNLIMITED_OR_OWN.values()):
        try:
            await deed(quotas, MANAGER)
        except Refusal as refusal:
            assert isinstance(refusal, NothingToRemoveError)  # noqa: PT017 - some deeds find nothing to undo
    await store.accept(ask(credits=7), world.time)
    assert await _state(quotas, OTHER_GUILD) == before
    assert await quotas.rules(replace(MANAGER, guild_id=999)) == ServerRules(guild_id=999)
    with pytest.raises(NothingToRemoveError):
        await quotas.unblock(replace(MANAGER, guild_id=999), MEMBER)
    with pytest.raises(NothingToRemoveError):
        await quotas.remove(replace(MANAGER, guild_id=999), role_id=ROLE)
    assert await _state(quotas, OTHER_GUILD) == before
