"""`/quota`: what a server's moderators decide about credits, as one command with many parts."""

from discord import app_commands
from discord.ext import commands

from cogs.quota_history import HistoryCommand
from cogs.quota_members import MemberCommands
from cogs.quota_reports import ReportCommands
from cogs.quota_rules import RuleCommands


@app_commands.guild_only
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(moderate_members=True)
class QuotaCog(
    RuleCommands,
    MemberCommands,
    HistoryCommand,
    ReportCommands,
    commands.GroupCog,
    group_name="quota",
    group_description="Allowances, extra credits and blocks of this server",
):
    """All parts together. Discord hides the command from members; the bot checks them all the same."""
