"""Remembers every message that the bot posted, those too that are gone, and reads what each said and when."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from sandbox.discord import DiscordServer
from sandbox.discord.components import displayed_text, walk
from sandbox.discord.model import Body, Message

_LOOK_SECONDS: Final = 0.02
_CANCEL: Final = re.compile(r"sana:cancel:(\d+)")
_RESULT: Final = re.compile(r"sana:reroll:(\d+)")
_REFUND: Final = re.compile(r"Your [\d,]+ credits? (?:is|are) back\.")


@dataclass(frozen=True, slots=True)
class Look:
    """What one state of a job's message says."""

    job_id: int | None
    is_pending: bool
    is_refund: bool
    pictures: int
    text: str

    @property
    def kind(self) -> str:
        """A word for it: pictures, end, pending, or other."""
        if self.pictures:
            return "pictures"
        return "end" if self.is_refund else "pending" if self.is_pending else "other"


class Witness:
    """Sees all that the bot posts for everybody; a context manager."""

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord
        self._seen: dict[int, Message] = {}
        self._taken: set[int] = set()
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._watching = asyncio.create_task(self._watch(), name="witness")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    def look(self) -> None:
        """See what is there now."""
        world = self._discord.world
        for channel in world.channels.values():
            for message in channel.messages.values():
                if message.author is world.bot and message.ephemeral_to is None:
                    self._seen.setdefault(message.id, message)

    def taken_away(self, message_id: int) -> None:
        """Somebody else than the bot deletes this message."""
        self._taken.add(message_id)

    def was_taken_away(self, message: Message) -> bool:
        """Tell whether somebody else than the bot deleted it, or its channel."""
        return message.id in self._taken or message.channel_id not in self._discord.world.channels

    def is_gone(self, message: Message) -> bool:
        """Tell whether a message is no longer there."""
        channel = self._discord.world.channels.get(message.channel_id)
        return channel is None or message.id not in channel.messages

    def messages(self) -> list[Message]:
        """Return all messages ever seen, oldest first."""
        self.look()
        return [self._seen[message_id] for message_id in sorted(self._seen)]

    def of_jobs(self) -> dict[int, list[Message]]:
        """Return the messages of each job: those that began with its Cancel button, or hold its pictures."""
        found: dict[int, list[Message]] = {}
        for message in self.messages():
            for job_id in {look.job_id for look in looks(message)} - {None}:
                if job_id is not None:
                    found.setdefault(job_id, []).append(message)
        return found

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK_SECONDS)


def looks(message: Message) -> list[Look]:
    """Return what a message said, first to last."""
    return [_look(edit.body) for edit in message.edits]


def _look(body: Body) -> Look:
    text = displayed_text(body.components) or body.content
    cancel, result = _find(body, _CANCEL), _find(body, _RESULT)
    return Look(
        job_id=cancel or result,
        is_pending=cancel is not None,
        is_refund=_REFUND.search(text) is not None,
        pictures=len(body.attachments),
        text=text,
    )


def _find(body: Body, pattern: re.Pattern[str]) -> int | None:
    return next((int(found[1]) for each in _ids(body) if (found := pattern.fullmatch(each))), None)


def _ids(body: Body) -> Iterator[str]:
    for component in walk(body.components):
        if isinstance(custom_id := component.get("custom_id"), str):
            yield custom_id
