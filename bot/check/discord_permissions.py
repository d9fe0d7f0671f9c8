"""What the bot may do in a server and in its channels, computed as Discord does. Pure.

Source: Discord's reference, Permissions (Permission Hierarchy, Permission Overwrites).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.present.permissions import missing_permissions

_VOICE: Final = frozenset({2, 13})  # voice and stage channels
_WRITTEN_IN: Final = frozenset({0, 5}) | _VOICE  # text and announcement channels

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, and what the bot lacks there."""

    name: str
    missing: tuple[str, ...]


def in_server(guild: Json, member: Json) -> discord.Permissions:
    """Return what a member may do before any channel changes it."""
    if guild["owner_id"] == member["user"]["id"]:
        return discord.Permissions.all()
    held = {guild["id"], *member["roles"]}
    allowed = 0
    for role in guild["roles"]:
        allowed |= int(role["permissions"]) if role["id"] in held else 0
    permissions = discord.Permissions(allowed)
    return discord.Permissions.all() if permissions.administrator else permissions


def in_channel(guild: Json, member: Json, channel: Json) -> discord.Permissions:
    """Return what a member may do in a channel."""
    whole = in_server(guild, member)
    if whole.administrator:
        return whole
    overwrites = {each["id"]: each for each in channel.get("permission_overwrites", ())}
    allowed = _overwritten(whole.value, [overwrites.get(guild["id"])])
    allowed = _overwritten(allowed, (overwrites.get(role_id) for role_id in member["roles"]))
    return discord.Permissions(_overwritten(allowed, [overwrites.get(member["user"]["id"])]))


def places(guild: Json, member: Json, channels: Sequence[Json]) -> list[Place]:
    """Return the channels that can be written in, and what the bot lacks in each for a picture."""
    return [
        Place(
            channel["name"],
            missing_permissions(in_channel(guild, member, channel), is_voice=channel["type"] in _VOICE),
        )
        for channel in channels
        if channel["type"] in _WRITTEN_IN
    ]


def _overwritten(permissions: int, overwrites: Iterable[Json | None]) -> int:
    allow = deny = 0
    for overwrite in overwrites:
        if overwrite is not None:
            allow |= int(overwrite["allow"])
            deny |= int(overwrite["deny"])
    return (permissions & ~deny) | allow
