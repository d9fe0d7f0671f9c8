"""`/quota default`, `role`, `member`, `remove` and `list`: the rules of a server."""

import asyncio
from io import BytesIO

import discord
from discord import app_commands

from bot.present.answers import defer, fill
from bot.present.csv_file import CsvWriter
from bot.present.quota_export import RULE_HEADINGS, rule_row
from bot.present.quota_rules import RULES_FILE, rules
from bot.quotas.model import RuleKind, ServerRules
from cogs.guard import Interaction
from cogs.people import check_no_bot, look_up, moderator_of, names_here
from cogs.quota_options import PERIODS, read_allowance, read_period
from cogs.quota_part import QuotaPart

_CREDITS = "How many: 0 for none at all, or the word unlimited"


class RuleCommands(QuotaPart):
    """The commands."""

    @app_commands.command(name="default", description="Set the allowance of everybody in this server")
    @app_commands.rename(amount="credits")
    @app_commands.describe(amount=_CREDITS, period="The time in which they can be used; it rolls")
    @app_commands.choices(period=PERIODS)
    async def set_default(self, interaction: Interaction, amount: str, period: str) -> None:
        """Set what holds where there is no other rule, and the period of all rules."""
        actor = moderator_of(interaction)
        change = await self._quotas.set_default(actor, read_allowance(amount), read_period(period))
        await self.tell_changes(interaction, [change], names_here(interaction))

    @app_commands.command(name="role", description="Set the allowance of everybody with a role")
    @app_commands.rename(amount="credits")
    @app_commands.describe(role="Of several roles of a member the most generous counts", amount=_CREDITS)
    async def set_role(self, interaction: Interaction, role: discord.Role, amount: str) -> None:
        """Set a role's rule."""
        actor = moderator_of(interaction)
        change = await self._quotas.set_role(actor, role.id, read_allowance(amount))
        await self.tell_changes(interaction, [change], names_here(interaction))

    @app_commands.command(name="member", description="Set the allowance of one member; it beats roles")
    @app_commands.rename(amount="credits")
    @app_commands.describe(member="Whose allowance", amount=_CREDITS)
    async def set_member(
        self, interaction: Interaction, member: discord.User | discord.Member, amount: str
    ) -> None:
        """Set a member's rule."""
        actor = moderator_of(interaction)
        check_no_bot(member)
        change = await self._quotas.set_member(actor, member.id, read_allowance(amount))
        await self.tell_changes(interaction, [change], names_here(interaction, member))

    @app_commands.command(
        name="remove", description="Take a rule away: of a role, of a member, or the default"
    )
    @app_commands.describe(role="Whose rule to take away", member="Whose rule to take away")
    async def remove(
        self,
        interaction: Interaction,
        role: discord.Role | None = None,
        member: discord.User | discord.Member | None = None,
    ) -> None:
        """Take rules away; where nobody is named, the server's default."""
        actor = moderator_of(interaction)
        changes = await self._quotas.remove(
            actor, role_id=None if role is None else role.id, member_id=None if member is None else member.id
        )
        named = () if member is None else (member,)
        await self.tell_changes(interaction, changes, names_here(interaction, *named))

    @app_commands.command(name="list", description="See all rules of this server, and which one counts when")
    async def list_rules(self, interaction: Interaction) -> None:
        """Show the rules; those that have no room in a message are in a file beside it."""
        actor = moderator_of(interaction)
        await defer(interaction)
        server = await self._quotas.rules(actor)
        members = [rule.target_id for rule in server.rules if rule.kind is RuleKind.MEMBER]
        names, called = await look_up(interaction, members)
        page, is_whole = rules(server, self._quotas.terms, names)
        files = [] if is_whole else [await asyncio.to_thread(_file, server, {**names.roles, **called})]
        await fill(interaction, page=page, files=files)


def _file(server: ServerRules, called: dict[int, str]) -> discord.File:
    writer = CsvWriter(RULE_HEADINGS, limit_bytes=1_000_000)  # has room for all rules, and is never packed
    writer.add([rule_row(rule, called.get(rule.target_id)) for rule in server.rules])
    return discord.File(BytesIO(writer.finish().content), RULES_FILE)
