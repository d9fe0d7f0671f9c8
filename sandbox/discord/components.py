"""The kinds of component, and how to go through them. Source: Discord's reference, Component Reference."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from sandbox.discord.payloads import Json

LINK_STYLE = 5
"""The style of a button that opens an address instead of telling the bot."""


class Kind(IntEnum):
    """The kinds of component (Source: Component Types)."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18


SELECTS = frozenset(
    {Kind.STRING_SELECT, Kind.USER_SELECT, Kind.ROLE_SELECT, Kind.MENTIONABLE_SELECT, Kind.CHANNEL_SELECT}
)


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Go through components and all that are nested in them, in the order in which they are shown."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        yield from walk(each for key in ("accessory", "component") if (each := component.get(key)))


def displayed_text(components: Iterable[Json]) -> str:
    """Return the text of all text displays, a line between each two."""
    return "\n".join(each["content"] for each in walk(components) if each["type"] == Kind.TEXT_DISPLAY)
