"""What exists in the sandbox's Discord: plain data, the rules about which live beside this module."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from sandbox.discord.payloads import Json

MAX_MESSAGES_A_CHANNEL = 20_000
MAX_EDITS_A_MESSAGE = 100


class ChannelKind(IntEnum):
    """The kinds of channel that a bot of this kind meets (Source: Channel Types)."""

    TEXT = 0
    DM = 1
    VOICE = 2
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


class MessageKind(IntEnum):
    """How a message came to be (Source: Message Types)."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    CONTEXT_MENU_COMMAND = 23


class MessageFlag(IntEnum):
    """Source: Message Flags."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, eq=False)
class User:
    """An account: a person, or the bot.

    `takes_dms` says whether the bot may write to them, and `upload_limit_bytes` how large a file their own
    subscription lets them send.
    """

    id: int
    name: str
    bot: bool = False
    takes_dms: bool = True
    upload_limit_bytes: int = 0


@dataclass(slots=True, eq=False)
class Role:
    """A role of a guild; the one whose id is the guild's is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 0
    mentionable: bool = False
    managed: bool = False


@dataclass(slots=True, eq=False)
class Overwrite:
    """What a channel allows and denies to a role or to one member."""

    id: int
    is_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    guild_id: int
    role_ids: set[int]
    joined_at: datetime


@dataclass(slots=True, frozen=True)
class Attachment:
    """A file of a message; its bytes lie with `sandbox.discord.blobs`. `size_bytes` is what was uploaded."""

    id: int
    filename: str
    size_bytes: int
    url: str
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None


@dataclass(slots=True, frozen=True)
class Body:
    """What a message says; an edit puts a new one in the place of the old."""

    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0

    @property
    def is_v2(self) -> bool:
        """Tell whether the message is made of Components V2."""
        return bool(self.flags & MessageFlag.COMPONENTS_V2)


@dataclass(slots=True, frozen=True)
class Edit:
    """One state of a message: when it came, which way (callback, token, channel, person), what it said."""

    at: datetime
    monotonic: float
    way: str
    body: Body


@dataclass(slots=True, eq=False)
class Message:
    """A message in a channel. `ephemeral_to` is the one user who sees it, None when all do."""

    id: int
    channel_id: int
    guild_id: int | None
    author: User
    body: Body
    kind: MessageKind = MessageKind.DEFAULT
    nonce: str | int | None = None
    reply_to: int | None = None
    ephemeral_to: int | None = None
    interaction: Json | None = None
    interaction_id: int | None = None
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mentions_everyone: bool = False
    pings: list[str] = field(default_factory=list)
    reactions: dict[str, dict[int, User]] = field(default_factory=dict)
    edited_at: datetime | None = None
    edits: deque[Edit] = field(default_factory=lambda: deque(maxlen=MAX_EDITS_A_MESSAGE))
    revision: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, a thread (hanging under `parent_id`) or a direct message (with `recipient`).

    Into a private thread come those who were `invited`, and those who manage threads. One that is `archived`
    is opened again by whoever may write in it, by those who manage threads alone where it is `locked`.
    """

    id: int
    guild_id: int | None
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    position: int = 0
    parent_id: int | None = None
    recipient: User | None = None
    invited: frozenset[int] = frozenset()
    archived: bool = False
    locked: bool = False
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    changes: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES_A_CHANNEL))

    @property
    def is_thread(self) -> bool:
        """Tell whether this is a thread."""
        return self.kind in (ChannelKind.PUBLIC_THREAD, ChannelKind.PRIVATE_THREAD)


@dataclass(slots=True, eq=False)
class Guild:
    """A server; `premium_tier` (0 to 3) sets its upload limit."""

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
