"""What the files of `/quota` have in common: how a change is answered, and posted in the log channel."""

import asyncio
from collections.abc import Sequence
from typing import Final

from discord.ext import commands

from bot.errors import MessageError, StorageError
from bot.present.answers import fill, tell
from bot.present.quota_changes import change_answer, change_line, default_note
from bot.present.quota_log import LOG_UNKNOWN, not_posted, post_to_log
from bot.present.quota_words import Names
from bot.quotas.model import Change
from bot.quotas.service import QuotaService
from cogs.guard import Interaction

_POST_FIRST_SECONDS: Final = 1.0
"""How long the answer waits for the log channel, so that it can say what became of that. Discord waits 3."""


class QuotaPart(commands.Cog):
    """Some of the commands of `/quota`.

    Args:
        bot: posts in log channels.
        quotas: takes the decisions.
    """

    def __init__(self, bot: commands.AutoShardedBot, quotas: QuotaService) -> None:
        self._bot = bot
        self._quotas = quotas

    async def tell_changes(
        self,
        interaction: Interaction,
        changes: Sequence[Change],
        names: Names,
        *,
        note: str = "",
        log_channel_id: int | None = None,
    ) -> None:
        """Answer with what changed, and post it in the log channel.

        Args:
            interaction: the command.
            changes: at least one.
            names: of roles, and who has left.
            note: more for the moderator alone.
            log_channel_id: the log channel, where it is not the server's any more.
        """
        notes = [note, *(default_note(change, self._quotas.terms.default) for change in changes)]
        answers = [change_answer(change, names) for change in changes]
        answer = "\n".join([*answers, *filter(None, notes)])
        try:
            channel_id = log_channel_id or await self._quotas.log_channel(interaction.guild_id or 0)
        except StorageError:  # the change is made all the same
            await tell(interaction, answer + LOG_UNKNOWN)
            return
        if channel_id is None:
            await tell(interaction, answer)
            return
        lines = "\n".join(change_line(change, names) for change in changes)
        posting = asyncio.create_task(
            post_to_log(self._bot, guild_id=interaction.guild_id or 0, channel_id=channel_id, line=lines)
        )
        done, _ = await asyncio.wait({posting}, timeout=_POST_FIRST_SECONDS)
        if done and not posting.result():
            answer += not_posted(channel_id)
        await tell(interaction, answer)
        if not done and not await posting:
            await _add(interaction, answer + not_posted(channel_id))


async def _add(interaction: Interaction, answer: str) -> None:
    """Replace the answer, which says one thing too few; without that it is still true."""
    try:
        await fill(interaction, note=answer)
    except MessageError:
        return
