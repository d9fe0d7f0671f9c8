"""Reactions on results: 🔁 rolls again, ❌ deletes, ✉️ sends the pictures to the one who asks.

Discord reports each reaction, on whichever message, however old; nothing has to be remembered for it.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import discord
import structlog
from discord.ext import commands

from bot.errors import (
    MessageError,
    MissingPermissionsError,
    NoCommandsError,
    NotServedError,
    Refusal,
    StorageError,
)
from bot.jobs.model import Job
from bot.jobs.notices import Notices
from bot.jobs.ports import Request
from bot.jobs.results import Results
from bot.meter import Meter
from bot.nonce import new_nonce
from bot.present.notes import CANNOT_STORE, unexpected
from bot.present.refusals import public_refusal
from cogs.people import lacking_in, moderates, role_ids_of
from cogs.run import with_new_seed
from cogs.windows import Windows

_EMOJI_STYLE: Final = "\ufe0f"  # asks for the coloured form of an emoji; some clients send it, some do not

_Act = Callable[[Job, discord.Member], Awaitable[None]]

log = structlog.get_logger()


class ReactionCog(commands.Cog):
    """Hears the reactions.

    Args:
        results: what they are about.
        notices: where a refusal is said.
        meter: counts refusals.
        served: the only servers that are served; none means all.
    """

    def __init__(self, results: Results, notices: Notices, meter: Meter, served: frozenset[int]) -> None:
        self._results = results
        self._notices = notices
        self._meter = meter
        self._served = served
        self._windows = Windows()
        self._acts: dict[str, _Act] = {"🔁": self._reroll, "❌": self._remove, "✉": self._mail}

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Do what a member's reaction on a result asks for; any other costs one look-up at most.

        One on a message that waits for its pictures is only taken off, so that it can be clicked once they
        are there.
        """
        # A custom emoji that was deleted has no name.
        emoji, member = (reaction.emoji.name or "").replace(_EMOJI_STYLE, ""), reaction.member
        act = self._acts.get(emoji)
        if act is None or member is None or member.bot:
            return
        window_end = self._windows.open((reaction.message_id, member.id, emoji))
        if window_end is None:
            return
        try:
            job = await self._results.find_any(member.guild.id, reaction.message_id)
        except StorageError as error:  # it may be any message: nothing is said
            log.debug("reaction.not_read", message=reaction.message_id, error=str(error))
            return
        if job is None or not (job.is_result or job.is_open):
            return
        try:
            if job.is_result:
                await self._handle(act, job, member, reaction.message_id)
        finally:
            may = _permissions_of(member.guild.me, job.channel_id)
            if may is not None and may.manage_messages:
                wait_seconds = max(0.0, window_end - asyncio.get_running_loop().time())
                self._results.take_off(job, reaction.emoji.name, member.id, after_seconds=wait_seconds)

    async def _handle(self, act: _Act, job: Job, member: discord.Member, message_id: int) -> None:
        """Do it, or say in place why not."""
        try:
            self._check_may_use(job, member)
            await act(job, member)
        except Exception as error:  # noqa: BLE001 - as a command tree does: whatever it is, it is logged
            if isinstance(error, Refusal):
                self._meter.refused(error)
            await self._notices.say(
                guild_id=job.guild_id,
                channel_id=job.channel_id,
                message_id=message_id,
                member_id=member.id,
                text=_in_words(job, error),
            )

    def _check_may_use(self, job: Job, member: discord.Member) -> None:
        """Hold reactions to what Discord holds commands to by itself."""
        if self._served and job.guild_id not in self._served:
            raise NotServedError(f"server {job.guild_id}")
        may = _permissions_of(member, job.channel_id)
        if may is not None and not may.use_application_commands:
            raise NoCommandsError(f"member {member.id}")

    async def _reroll(self, job: Job, member: discord.Member) -> None:
        guild = member.guild
        may = _permissions_of(guild.me, job.channel_id)
        channel = guild.get_channel_or_thread(job.channel_id)
        if may is not None and (missing := lacking_in(channel, may)):
            raise MissingPermissionsError(missing)
        parameters = with_new_seed(job)
        await self._results.reroll(
            Request(
                guild_id=job.guild_id,
                channel_id=job.channel_id,
                member_id=member.id,
                interaction_token=None,
                upload_limit_bytes=guild.filesize_limit,
                parameters=parameters.to_json(),
                credits=parameters.cost_credits,
                role_ids=role_ids_of(member),
                parent_id=job.id,
                reply_to_id=job.message_id,
                nonce=new_nonce(),
            )
        )

    async def _remove(self, job: Job, member: discord.Member) -> None:
        may = _permissions_of(member, job.channel_id) or member.guild_permissions
        await self._results.remove(job, member_id=member.id, may_moderate=moderates(may))

    async def _mail(self, job: Job, member: discord.Member) -> None:
        await self._results.mail(job, member_id=member.id)


def _permissions_of(member: discord.Member | None, channel_id: int) -> discord.Permissions | None:
    """Return what somebody may do in a channel or thread, or None where that is not known here."""
    channel = None if member is None else member.guild.get_channel_or_thread(channel_id)
    if member is None or channel is None:
        return None
    try:
        return channel.permissions_for(member)
    except discord.ClientException:  # a thread whose channel is not known
        return None


def _in_words(job: Job, error: Exception) -> str:
    """Return what the member is told for all to read, and log what is not their business."""
    match error:
        case Refusal():
            return public_refusal(error)
        case StorageError():
            log.debug("reaction.not_stored", job=job.reference, error=str(error))
            return CANNOT_STORE
    reference = f"E-{secrets.token_hex(4)}"
    trace = None if isinstance(error, MessageError) else error
    log.error("reaction.failed", reference=reference, job=job.reference, error=str(error), exc_info=trace)
    return unexpected(reference)
