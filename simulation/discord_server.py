"""Discord, simulated: messages with all their revisions, interactions, nonces, and what is taken away."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.errors import MessageGoneError
from simulation.loop import VirtualLoop

ANSWERED_WITHIN_SECONDS: Final = 3.0
"""Source: Discord's reference, Receiving and Responding: an interaction must be answered within 3 seconds."""

TOKEN_LASTS_SECONDS: Final = 900.0
"""Source: the same: an interaction's token lives for 15 minutes."""

_NONCE_LASTS_SECONDS: Final = 180.0


class Kind(StrEnum):
    """What a message says."""

    PENDING = "pending"
    PICTURES = "pictures"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One revision of a message."""

    kind: Kind
    pictures: int = 0
    missing: int = 0
    says_refunded: bool = False  # that all credits are back
    state: str = ""  # how the job ended, how far it is, or what is left


@dataclass(slots=True, kw_only=True)
class Message:
    """A message of the bot's."""

    id: int
    channel_id: int
    job_id: int
    posted_at: float
    revisions: list[Content] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def content(self) -> Content:
        """What it says now."""
        return self.revisions[-1]

    @property
    def best(self) -> Content:
        """What it said when it last held pictures, or else says now: of a message that was to be deleted."""
        held = [content for content in self.revisions if content.kind is Kind.PICTURES]
        return held[-1] if held else self.content

    @property
    def has_held_pictures(self) -> bool:
        """Whether any revision did."""
        return any(content.kind is Kind.PICTURES for content in self.revisions)


@dataclass(slots=True, kw_only=True)
class Interaction:
    """A member's command, as Discord knows it."""

    token: str
    channel_id: int
    begun_at: float
    message: Message | None = None


class DiscordServer:
    """Holds channels, messages and interactions.

    Args:
        loop: tells the time.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.messages: dict[int, Message] = {}
        self.interactions: dict[str, Interaction] = {}
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self.deleted_channels: set[int] = set()
        self.closed_channels: set[int] = set()  # in which the bot has no permissions at the moment
        self.disturbed: set[int] = set()  # jobs for whose message Discord said, or will say, that it is gone

    def of_job(self, job_id: int) -> list[Message]:
        """Return a job's messages, deleted ones too."""
        return [message for message in self.messages.values() if message.job_id == job_id]

    # What members and moderators do.

    def interact(self, channel_id: int) -> Interaction:
        """A member uses a command."""
        token = f"interaction-{len(self.interactions) + 1}"
        self.interactions[token] = Interaction(token=token, channel_id=channel_id, begun_at=self._loop.time())
        return self.interactions[token]

    def delete_message(self, message: Message) -> None:
        """Somebody deletes a message."""
        message.is_deleted = True
        self.disturbed.add(message.job_id)

    def delete_channel(self, channel_id: int) -> None:
        """Somebody deletes a channel, with all that is in it."""
        self.deleted_channels.add(channel_id)
        for message in self.messages.values():
            if message.channel_id == channel_id:
                self.delete_message(message)

    # What the bot's calls do.

    def answer(self, token: str, job_id: int, content: Content) -> int:
        """Answer an interaction with a message."""
        interaction = self.interactions[token]
        if self._loop.time() - interaction.begun_at > ANSWERED_WITHIN_SECONDS:
            raise MessageGoneError("10062: unknown interaction")
        if interaction.channel_id in self.deleted_channels:
            raise MessageGoneError("10003: unknown channel")
        interaction.message = self._post(interaction.channel_id, job_id, content)
        return interaction.message.id

    def reply(self, channel_id: int, nonce: str, job_id: int, content: Content) -> int:
        """Post a message, or return the one that was posted with this nonce not long ago."""
        self._check_channel(channel_id, job_id)
        known = self._nonces.get((channel_id, nonce))
        if known is not None and self._loop.time() - known[0] < _NONCE_LASTS_SECONDS:
            return known[1].id
        message = self._post(channel_id, job_id, content)
        self._nonces[channel_id, nonce] = (self._loop.time(), message)
        return message.id

    def edit(self, message_id: int, token: str | None, content: Content) -> None:
        """Replace what a message says."""
        self._reachable(message_id, token).revisions.append(content)

    def read(self, message_id: int, token: str | None) -> Content:
        """Return what a message says."""
        return self._reachable(message_id, token).content

    def find(self, channel_id: int, token: str | None, job_id: int) -> int | None:
        """Return the first message of a job, which its Cancel button tells."""
        if token is not None:
            message = self.interactions[token].message
            found = [] if message is None else [message]
        else:
            self._check_channel(channel_id, job_id)
            found = [message for message in self.messages.values() if message.channel_id == channel_id]
        for message in found:
            if message.job_id == job_id and not message.is_deleted and message.content.kind is Kind.PENDING:
                return message.id
        return None

    def remove(self, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot's own."""
        message = self._reachable(message_id, None)
        if message.channel_id != channel_id:
            raise MessageGoneError("10008: unknown message")
        message.is_deleted = True

    def _post(self, channel_id: int, job_id: int, content: Content) -> Message:
        message = Message(
            id=len(self.messages) + 1,
            channel_id=channel_id,
            job_id=job_id,
            posted_at=self._loop.time(),
            revisions=[content],
        )
        self.messages[message.id] = message
        return message

    def _reachable(self, message_id: int, token: str | None) -> Message:
        message = self.messages.get(message_id)
        if message is None or message.is_deleted:
            raise MessageGoneError("10008: unknown message")
        # A token that is over leaves the channel, as in `bot.present.messenger`.
        if token is None or self._loop.time() - self.interactions[token].begun_at > TOKEN_LASTS_SECONDS:
            self._check_channel(message.channel_id, message.job_id)
        return message

    def _check_channel(self, channel_id: int, job_id: int) -> None:
        if channel_id in self.deleted_channels or channel_id in self.closed_channels:
            self.disturbed.add(job_id)
            raise MessageGoneError("50001: missing access")
