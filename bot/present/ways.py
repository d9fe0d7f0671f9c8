"""The two ways to a job's message: through the interaction's token, and through the channel.

Through the token no permission is needed, and calls do not count towards the bot's own request rate; but it
lives for 15 minutes only. The channel needs the permissions of ``bot.present.permissions``, at any time.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import discord

from bot.errors import MessageUnavailableError
from bot.jobs.model import Job
from bot.jobs.ports import Picture
from bot.present.buttons import cancel_id, walk
from bot.present.page import Page
from bot.present.parts import files

NOBODY: Final = discord.AllowedMentions.none()

_UNKNOWN_MESSAGE: Final = 10008
"""Source: Discord's reference, JSON Error Codes."""

_NOT_BEFORE: Final = timedelta(minutes=1)  # for clocks that disagree
_NOT_AFTER: Final = timedelta(minutes=2)  # the answer was given within seconds, or never
_REPLIES_NOT_AFTER: Final = timedelta(minutes=5)  # a reply is made again for as long as its nonce is known
_MESSAGES_AT_MOST: Final = 500


class Way(Protocol):
    """Calls about the message of one job. Each raises what discord.py raises."""

    async def edit(self, page: Page, pictures: Sequence[Picture]) -> None:
        """Replace the whole message."""
        ...

    async def fetch(self) -> discord.Message:
        """Return the message."""
        ...

    async def find(self) -> int | None:
        """Return the id of the message that answered the command, or None where there is none."""
        ...


class TokenWay:
    """Through the interaction's token."""

    def __init__(self, client: discord.Client, job: Job, token: str) -> None:
        if client.application_id is None:
            raise MessageUnavailableError("not logged in to Discord")
        self._job = job
        self._webhook = discord.Webhook.partial(client.application_id, token, client=client)

    async def edit(self, page: Page, pictures: Sequence[Picture]) -> None:
        """Replace the whole message."""
        with files(pictures) as uploads:
            await self._webhook.edit_message(
                _message_id(self._job), view=page, attachments=uploads, allowed_mentions=NOBODY
            )

    async def fetch(self) -> discord.Message:
        """Return the message."""
        return await self._webhook.fetch_message(_message_id(self._job))

    async def find(self) -> int | None:
        """Return the id of the interaction's first answer, where it is the job's message."""
        try:
            # Discord calls the first answer so, and discord.py passes on what it is given.
            message = await self._webhook.fetch_message("@original")  # type: ignore[arg-type]
        except discord.NotFound as error:
            if error.code == _UNKNOWN_MESSAGE:
                return None
            raise
        return message.id if _answers(message, self._job) else None


class ChannelWay:
    """Through the channel."""

    def __init__(self, client: discord.Client, job: Job) -> None:
        self._client = client
        self._job = job
        self._channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    async def edit(self, page: Page, pictures: Sequence[Picture]) -> None:
        """Replace the whole message."""
        with files(pictures) as uploads:
            await self._message().edit(view=page, attachments=uploads, allowed_mentions=NOBODY)

    async def fetch(self) -> discord.Message:
        """Return the message."""
        return await self._message().fetch()

    async def find(self) -> int | None:
        """Return the id of the job's message among those posted around the job's own time."""
        read = 0
        latest = _NOT_AFTER if self._job.nonce is None else _REPLIES_NOT_AFTER
        after, until = self._job.created_at - _NOT_BEFORE, self._job.created_at + latest
        async for message in self._channel.history(after=after, limit=_MESSAGES_AT_MOST):
            if message.created_at > until:
                return None
            if message.author == self._client.user and _answers(message, self._job):
                return message.id
            read += 1
        if read == _MESSAGES_AT_MOST:
            raise MessageUnavailableError(f"{read} messages were read, and there are more")
        return None

    async def react(self, emoji: str) -> None:
        """Add a reaction of the bot's own."""
        await self._message().add_reaction(emoji)

    async def take_off(self, emoji: str, member_id: int) -> None:
        """Take a member's reaction off."""
        await self._message().remove_reaction(emoji, discord.Object(member_id))

    def _message(self) -> discord.PartialMessage:
        return self._channel.get_partial_message(_message_id(self._job))


def holds_pictures(message: discord.Message) -> bool:
    """Tell whether pictures are in a message: only a delivered one has a gallery."""
    return any(isinstance(component, discord.MediaGalleryComponent) for component in walk(message.components))


def _answers(message: discord.Message, job: Job) -> bool:
    """Tell whether the message is the job's: each job's first message carries its id in its Cancel button."""
    wanted = cancel_id(job.id)
    buttons = (each for each in walk(message.components) if isinstance(each, discord.Button))
    return any(button.custom_id == wanted for button in buttons)


def _message_id(job: Job) -> int:
    if job.message_id is None:
        raise RuntimeError(f"{job.reference} has no message yet")
    return job.message_id
