"""What a member sees, read from the answers of the control API."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.shown import Button, Edit, File, Input, Interaction, Json, Message, Modal, Select, Step

_BUTTON, _TEXT_INPUT, _TEXT_DISPLAY, _GALLERY, _CONTAINER = 2, 4, 10, 12, 17
_SELECTS = frozenset({3, 5, 6, 7, 8})
_PARAGRAPH = 2
_MAX_INPUT = 4000
_SPOILER_PREFIX = "SPOILER_"


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
        reacted={name: tuple(map(int, users)) for name, users in wire["reacted"].items()},
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


def _select(component: Json, label: str = "") -> Select:
    options = component.get("options", ())
    return Select(
        custom_id=component["custom_id"],
        options={each["label"]: each["value"] for each in options},
        disabled=component.get("disabled", False),
        chosen=tuple(each["value"] for each in options if each.get("default")),
        label=label,
        required=component.get("required", True),
    )


def _input(component: Json, label: str = "") -> Input:
    return Input(
        custom_id=component["custom_id"],
        label=label or component.get("label", ""),
        value=component.get("value", ""),
        required=component.get("required", True),
        min_length=component.get("min_length", 0),
        max_length=component.get("max_length", _MAX_INPUT),
        paragraph=component["style"] == _PARAGRAPH,
        placeholder=component.get("placeholder", ""),
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
        each["component"]["custom_id"]: each["label"] for each in wire["components"] if "component" in each
    }
    fields = [each for each in _walk(wire["components"]) if "custom_id" in each]
    return Modal(
        custom_id=wire["custom_id"],
        title=wire["title"],
        inputs=tuple(
            _input(each, labels.get(each["custom_id"], "")) for each in fields if each["type"] == _TEXT_INPUT
        ),
        selects=tuple(
            _select(each, labels.get(each["custom_id"], "")) for each in fields if each["type"] in _SELECTS
        ),
    )


def _identifier(text: str | None) -> int | None:
    return int(text) if text else None
