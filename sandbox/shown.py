"""What a member sees, read from the control API: messages, files, buttons and modals as frozen records."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_BUTTON, _TEXT_INPUT, _TEXT_DISPLAY, _GALLERY, _CONTAINER = 2, 4, 10, 12, 17
_SELECTS = frozenset({3, 5, 6, 7, 8})
_SPOILER_PREFIX = "SPOILER_"


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
    """A select menu; `options` are its values by label, empty for menus of users, roles and channels."""

    custom_id: str
    options: dict[str, str]
    disabled: bool = False


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

    `edits` holds every state so far, beginning with the first; `reactions` how many each emoji has; `pings`
    whom it pinged when it came: identifiers, "everyone" or "here". `wire` is Discord's own object.
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
    """A text input of a modal, with what is in it."""

    custom_id: str
    label: str
    value: str


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


def read_message(wire: Json) -> Message:
    """Return the record of a message as the control API answers it."""
    components = list(_walk(wire["components"]))
    pictures = tuple(_pictures(wire, components))
    shown = {picture.url for picture in pictures}
    files = (_file(each) for each in wire["attachments"])
    edited = wire["edited_timestamp"]
    return Message(
        id=int(wire["id"]),
        channel_id=int(wire["channel_id"]),
        author_id=int(wire["author"]["id"]),
        author=wire["author"]["username"],
        text=_text(wire),
        created_at=datetime.fromisoformat(wire["timestamp"]),
        edited_at=datetime.fromisoformat(edited) if edited else None,
        accent_colour=next((each["accent_color"] for each in components if each["type"] == _CONTAINER), None),
        buttons=tuple(_button(each) for each in components if each["type"] == _BUTTON),
        selects=tuple(_select(each) for each in components if each["type"] in _SELECTS),
        pictures=pictures,
        files=tuple(file for file in files if file.url not in shown),
        embeds=tuple(wire["embeds"]),
        reactions={each["emoji"]["name"]: each["count"] for each in wire.get("reactions", ())},
        ephemeral=wire["ephemeral"],
        loading=bool(wire["flags"] & 1 << 7),
        edits=tuple(_edit(each) for each in wire["edits"]),
        reply_to=_identifier(wire.get("message_reference", {}).get("message_id")),
        pings=tuple(wire["pings"]),
        interaction_id=_identifier(wire["interaction_id"]),
        revision=wire["revision"],
        wire=wire,
    )


def read_interaction(wire: Json) -> Interaction:
    """Return the record of an interaction as the control API answers it."""
    return Interaction(
        id=int(wire["id"]),
        shown=wire["state"],
        channel_id=int(wire["channel_id"]),
        message_id=_identifier(wire["message_id"]),
        modal=_modal(wire["modal"]) if wire["modal"] else None,
        choices=tuple((each["name"], each["value"]) for each in wire["choices"] or ()),
        steps=tuple(
            Step(name=each["name"], at=datetime.fromisoformat(each["at"]), monotonic=each["monotonic"])
            for each in wire["steps"]
        ),
    )


def _walk(components: Iterable[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components", ()))
        yield from _walk(each for key in ("accessory", "component") if (each := component.get(key)))


def _text(wire: Json) -> str:
    displays = [each["content"] for each in _walk(wire["components"]) if each["type"] == _TEXT_DISPLAY]
    return "\n".join(displays) if displays else str(wire["content"])


def _pictures(wire: Json, components: Iterable[Json]) -> Iterator[File]:
    attachments = {each["id"]: each for each in wire["attachments"]}
    galleries = [item for each in components if each["type"] == _GALLERY for item in each["items"]]
    for item in galleries:
        attachment = attachments.get(item["media"].get("attachment_id"))
        if attachment is not None:
            spoiler = item.get("spoiler", False)
            yield _file(attachment, description=item.get("description"), spoiler=spoiler)
    if not galleries:
        yield from (_file(each) for each in attachments.values() if _is_picture(each))


def _is_picture(attachment: Json) -> bool:
    return str(attachment.get("content_type")).startswith("image/")


def _file(attachment: Json, *, description: str | None = None, spoiler: bool = False) -> File:
    return File(
        filename=attachment["filename"],
        url=attachment["url"],
        size_bytes=attachment["size"],
        content_type=attachment.get("content_type", ""),
        description=description or attachment.get("description", ""),
        spoiler=spoiler or attachment["filename"].startswith(_SPOILER_PREFIX),
        width=attachment.get("width"),
        height=attachment.get("height"),
    )


def _button(component: Json) -> Button:
    return Button(
        label=component.get("label", ""),
        style=component["style"],
        custom_id=component.get("custom_id"),
        emoji=component.get("emoji", {}).get("name"),
        url=component.get("url"),
        disabled=component.get("disabled", False),
    )


def _select(component: Json) -> Select:
    return Select(
        custom_id=component["custom_id"],
        options={each["label"]: each["value"] for each in component.get("options", ())},
        disabled=component.get("disabled", False),
    )


def _edit(wire: Json) -> Edit:
    return Edit(
        at=datetime.fromisoformat(wire["at"]),
        monotonic=wire["monotonic"],
        way=wire["way"],
        text=_text(wire),
        pictures=sum(_is_picture(each) for each in wire["attachments"]),
    )


def _modal(wire: Json) -> Modal:
    labels = {
        each["component"]["custom_id"]: each["label"]
        for each in wire["components"]
        if "component" in each and "label" in each
    }
    return Modal(
        custom_id=wire["custom_id"],
        title=wire["title"],
        inputs=tuple(
            Input(
                custom_id=each["custom_id"],
                label=each.get("label") or labels.get(each["custom_id"], ""),
                value=each.get("value", ""),
            )
            for each in _walk(wire["components"])
            if each["type"] == _TEXT_INPUT
        ),
        selects=tuple(_select(each) for each in _walk(wire["components"]) if each["type"] in _SELECTS),
    )


def _identifier(text: str | None) -> int | None:
    return int(text) if text else None
