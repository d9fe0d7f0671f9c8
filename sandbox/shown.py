"""What a member sees, as frozen records: messages, files, buttons and modals. See `sandbox.reading`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a message. `description` is its alt text."""

    filename: str
    url: str
    size_bytes: int
    content_type: str
    description: str = ""
    spoiler: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button; `style` is Discord's number, `url` that of a link button, which has no custom_id."""

    label: str
    style: int
    custom_id: str | None = None
    emoji: str | None = None
    url: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A select menu; `options` are its values by label, empty for menus of users, roles and channels.

    `chosen` holds the values that are picked to begin with; `label` is there in modals.
    """

    custom_id: str
    options: dict[str, str]
    disabled: bool = False
    chosen: tuple[str, ...] = ()
    label: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One state of a message, the first included: its text, and when and which way the server received it."""

    at: datetime
    monotonic: float
    way: str
    text: str
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as a member sees it. `text` is its content, or all its text displays, each on a line.

    `edits` holds every state so far, beginning with the first; `reactions` how many each emoji has, `reacted`
    whose they are; `pings` whom it pinged when it came: identifiers, "everyone" or "here". `wire` is
    Discord's own object.
    """

    id: int
    channel_id: int
    author_id: int
    author: str
    text: str
    created_at: datetime
    edited_at: datetime | None
    accent_colour: int | None
    buttons: tuple[Button, ...]
    selects: tuple[Select, ...]
    pictures: tuple[File, ...]
    files: tuple[File, ...]
    embeds: tuple[Json, ...]
    reactions: dict[str, int]
    reacted: dict[str, tuple[int, ...]]
    ephemeral: bool
    loading: bool
    edits: tuple[Edit, ...]
    reply_to: int | None
    pings: tuple[str, ...]
    interaction_id: int | None
    revision: int
    wire: Json = field(repr=False, compare=False)

    def button(self, label: str) -> Button | None:
        """Return the button of this label, if there is one."""
        return next((button for button in self.buttons if button.label == label), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A text input of a modal, with what is in it, and how many characters it takes."""

    custom_id: str
    label: str
    value: str
    required: bool = True
    min_length: int = 0
    max_length: int = 4000
    paragraph: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """An open modal."""

    custom_id: str
    title: str
    inputs: tuple[Input, ...]
    selects: tuple[Select, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """When something happened to an interaction: sent, callback, edit, followup, failed."""

    name: str
    at: datetime
    monotonic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What became of something a member did.

    `shown` is answered, deferred, failed ("The application did not respond") or, while nothing came, sent.
    """

    id: int
    shown: str
    channel_id: int
    message_id: int | None
    modal: Modal | None
    choices: tuple[tuple[str, str | float], ...]
    steps: tuple[Step, ...]
