"""The messenger: shows a job's progress, delivers its pictures, reads its message back and finds it again.

Every edit replaces the whole message, so that repeating one is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import discord
import structlog

from bot.errors import MessageError, MessageUnavailableError
from bot.jobs.model import Job
from bot.jobs.ports import Clock, Picture, Stage, Standing
from bot.jobs.waiting import wait_for
from bot.nonce import new_nonce
from bot.present import messages
from bot.present.boundary import calling_discord
from bot.present.page import Page
from bot.present.text import mention
from bot.present.ways import NOBODY, ChannelWay, TokenWay, Way, holds_pictures

TOKEN_WAY_LASTS: Final = timedelta(minutes=14)
"""Discord takes the token for 15 minutes. One is left for uploads, and for clocks that disagree."""

_TOKEN_NOT_TAKEN: Final = frozenset({10015, 50027})  # unknown webhook, invalid webhook token
_THREAD_IS_ARCHIVED: Final = 50083
"""Source: Discord's reference, JSON Error Codes."""

_CALL_SECONDS: Final = 60.0
_UPLOAD_BYTES_PER_SECOND: Final = 256 * 1024  # the slowest line that is given the time it needs
_CLOSE_SECONDS: Final = 1.0
_REROLL: Final = "\N{CLOCKWISE RIGHTWARDS AND LEFTWARDS OPEN CIRCLE ARROWS}"
_REACTIONS_AT_MOST: Final = 1000

log = structlog.get_logger()

_T = TypeVar("_T")


class DiscordMessenger:
    """Implements `bot.jobs.ports.Messenger` over a client that has logged in.

    Args:
        client: makes the calls.
        clock: tells the age of tokens.
    """

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._reactions: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def show(self, job: Job, stage: Stage) -> None:
        """Show how far a pending job is."""
        await self._edit(job, messages.pending(job, stage), ())

    async def deliver(
        self, job: Job, pictures: Sequence[Picture], standing: Standing, *, missing: int
    ) -> None:
        """Put the pictures into the message; `missing` more were asked for and are not charged."""
        await self._edit(
            job, messages.delivered(job, pictures, standing, missing=missing), pictures, opens=True
        )

    async def tell_end(self, job: Job) -> None:
        """Say in the message why there are no pictures."""
        await self._edit(job, messages.ended(job), (), opens=True)

    async def reply(self, job: Job, stage: Stage, standing: Standing | None = None) -> int:
        """Post the first message of a job that answers no interaction; its nonce makes one of all repeats."""
        async with calling_discord(timeout_seconds=_CALL_SECONDS):
            message = await self._channel(job.guild_id, job.channel_id).send(
                view=messages.pending(job, stage, standing),
                reference=_reference(job.guild_id, job.channel_id, job.reply_to_id),
                nonce=job.nonce or job.reference,
                allowed_mentions=NOBODY,
            )
        return message.id

    async def remove(self, guild_id: int, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot's own; a channel that it may not see now, it may see again later."""
        async with calling_discord(timeout_seconds=_CALL_SECONDS):
            try:
                await self._channel(guild_id, channel_id).get_partial_message(message_id).delete()
            except discord.Forbidden as error:
                raise MessageUnavailableError(str(error)) from error

    async def notify(
        self, guild_id: int, channel_id: int, message_id: int, *, member_id: int, text: str
    ) -> int:
        """Reply to a message with a text that pings this member alone; return the reply's id."""
        nonce = new_nonce()

        async def post() -> int:
            async with calling_discord(timeout_seconds=_CALL_SECONDS):
                message = await self._channel(guild_id, channel_id).send(
                    f"{mention(member_id)} {text}",
                    reference=_reference(guild_id, channel_id, message_id),
                    nonce=nonce,
                    suppress_embeds=True,
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, roles=False, replied_user=False, users=[discord.Object(member_id)]
                    ),
                )
            return message.id

        try:
            return await post()
        except MessageUnavailableError:  # it may be there, and whoever is to delete it needs its id
            return await post()

    async def find(self, job: Job) -> int | None:
        """Return the id of the message that answered the command, or None where there surely is none."""
        return await self._call(job, lambda way: way.find())

    async def holds_pictures(self, job: Job) -> bool:
        """Read the message back and tell whether the pictures are in it."""
        return holds_pictures(await self._call(job, lambda way: way.fetch()))

    def invite_reroll(self, job: Job) -> None:
        """Add the first reaction, in the background; where that cannot be done, members still can."""
        self._in_background(job, lambda way: way.react(_REROLL))

    def take_off(self, job: Job, emoji: str, member_id: int, *, after_seconds: float) -> None:
        """Take a member's reaction off, in the background; where that cannot be done, they still can."""
        self._in_background(job, lambda way: way.take_off(emoji, member_id), after_seconds=after_seconds)

    async def aclose(self) -> None:
        """Wait a moment for the reactions under way, and give up the others."""
        self._closing.set()
        if not self._reactions:
            return
        _, late = await asyncio.wait(self._reactions, timeout=_CLOSE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _edit(self, job: Job, page: Page, pictures: Sequence[Picture], *, opens: bool = False) -> None:
        """Replace the message; `opens` the thread in which it is, where that was archived meanwhile."""

        async def edit(way: Way) -> None:
            try:
                await way.edit(page, pictures)
            except discord.HTTPException as error:
                if error.code != _THREAD_IS_ARCHIVED or not opens:
                    raise
                await self._open_thread(job.channel_id)
                await way.edit(page, pictures)

        upload_seconds = sum(len(picture.content) for picture in pictures) / _UPLOAD_BYTES_PER_SECOND
        await self._call(job, edit, extra_seconds=upload_seconds)

    async def _open_thread(self, thread_id: int) -> None:
        """Do what Discord does by itself for a new message, and for no edit."""
        thread = await self._client.fetch_channel(thread_id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)

    async def _call(
        self, job: Job, action: Callable[[Way], Awaitable[_T]], *, extra_seconds: float = 0.0
    ) -> _T:
        """Take the way that the token's age says, never one to see whether it works.

        Discord bans an address that collects too many answers of 401. The channel follows only where
        Discord's clock says that the token is over although ours does not.
        """
        async with calling_discord(timeout_seconds=_CALL_SECONDS + extra_seconds):
            age = self._clock.now() - job.created_at
            if job.interaction_token is not None and age < TOKEN_WAY_LASTS:
                try:
                    return await action(TokenWay(self._client, job, job.interaction_token))
                except discord.HTTPException as error:
                    if error.code not in _TOKEN_NOT_TAKEN:
                        raise
            return await action(ChannelWay(self._client, job))

    def _channel(self, guild_id: int, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    def _in_background(
        self, job: Job, action: Callable[[ChannelWay], Awaitable[None]], *, after_seconds: float = 0.0
    ) -> None:
        if self._closing.is_set() or len(self._reactions) >= _REACTIONS_AT_MOST:
            return
        change = self._change_reactions(job, action, after_seconds)
        task = asyncio.create_task(change, name=f"react {job.reference}")
        self._reactions.add(task)
        task.add_done_callback(self._reactions.discard)

    async def _change_reactions(
        self, job: Job, action: Callable[[ChannelWay], Awaitable[None]], after_seconds: float
    ) -> None:
        if after_seconds:
            await wait_for(self._closing, after_seconds)
            if self._closing.is_set():
                return
        try:
            async with calling_discord(timeout_seconds=_CALL_SECONDS):
                await action(ChannelWay(self._client, job))
        except MessageError as error:
            log.debug("reaction.dropped", job=job.reference, error=str(error))


def _reference(guild_id: int, channel_id: int, message_id: int | None) -> discord.MessageReference:
    """Return what makes a message a reply; where the other one is gone, it is a message all the same."""
    if message_id is None:
        raise RuntimeError("there is nothing to reply to")
    return discord.MessageReference(
        guild_id=guild_id, channel_id=channel_id, message_id=message_id, fail_if_not_exists=False
    )
