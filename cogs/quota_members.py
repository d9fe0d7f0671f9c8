"""`/quota show`, `grant`, `reset`, `block` and `unblock`: one member's credits."""

import discord
from discord import app_commands

from bot.present.quota_changes import block_note
from bot.quotas.decisions import CREDITS_AT_MOST, REASON_AT_MOST
from cogs.guard import Interaction
from cogs.people import check_no_bot, moderator_of, names_here
from cogs.quota_options import read_duration, read_grant
from cogs.quota_part import QuotaPart
from cogs.usage import show_usage

_Reason = app_commands.Range[str, 1, REASON_AT_MOST]
_REASON = "Why; it is kept, and the member can read it"


class MemberCommands(QuotaPart):
    """The commands."""

    @app_commands.command(name="show", description="See what a member has used, what is left, and why")
    @app_commands.describe(member="Whose credits")
    async def show(self, interaction: Interaction, member: discord.User | discord.Member) -> None:
        """Show a moderator all about a member's credits."""
        await show_usage(interaction, self._quotas, member)

    @app_commands.command(name="grant", description="Give a member extra credits, or take some back")
    @app_commands.rename(amount="credits")
    @app_commands.describe(
        member="Who gets them",
        amount="How many; a negative number takes back, never below zero",
        reason=_REASON,
    )
    async def grant(
        self,
        interaction: Interaction,
        member: discord.User | discord.Member,
        amount: app_commands.Range[int, -CREDITS_AT_MOST, CREDITS_AT_MOST],
        reason: _Reason,
    ) -> None:
        """Give extra credits, which do not expire and are used after the allowance."""
        actor = moderator_of(interaction)
        check_no_bot(member)
        change = await self._quotas.grant(actor, member.id, read_grant(amount), str(reason))
        await self.tell_changes(interaction, [change], names_here(interaction, member))

    @app_commands.command(name="reset", description="Let what a member used so far count no more")
    @app_commands.describe(member="Whose use", reason=_REASON)
    async def reset(
        self, interaction: Interaction, member: discord.User | discord.Member, reason: _Reason
    ) -> None:
        """Give a member the whole allowance again."""
        actor = moderator_of(interaction)
        check_no_bot(member)
        change = await self._quotas.reset(actor, member.id, str(reason))
        await self.tell_changes(interaction, [change], names_here(interaction, member))

    @app_commands.command(name="block", description="Let a member start no more jobs, for a time or for good")
    @app_commands.describe(
        member="Whom", reason=_REASON, duration="How long: 30m, 12h, 2d, 1w; without it for good"
    )
    async def block(
        self,
        interaction: Interaction,
        member: discord.User | discord.Member,
        reason: _Reason,
        duration: str | None = None,
    ) -> None:
        """Block a member; queued jobs are cancelled and refunded."""
        actor = moderator_of(interaction)
        check_no_bot(member)
        lasting = read_duration(duration)
        change, cancelled = await self._quotas.block(actor, member.id, lasting, str(reason))
        names = names_here(interaction, member)
        await self.tell_changes(interaction, [change], names, note=block_note(cancelled))

    @app_commands.command(name="unblock", description="Let a member start jobs again")
    @app_commands.describe(member="Whose block ends")
    async def unblock(self, interaction: Interaction, member: discord.User | discord.Member) -> None:
        """End a member's block."""
        change = await self._quotas.unblock(moderator_of(interaction), member.id)
        await self.tell_changes(interaction, [change], names_here(interaction, member))
