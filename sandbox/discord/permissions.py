"""Who may do what where. Source: Discord's reference, Permissions (bits, hierarchy, overwrites, threads)."""

from collections.abc import Iterable
from enum import IntEnum

from sandbox.discord.model import Channel, ChannelKind, Guild, Member, Overwrite


class Permission(IntEnum):
    """The permissions that a bot of this kind meets, with Discord's bits; together they are plain numbers."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


ALL = (1 << 53) - 1

EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What @everyone may do in a new guild, as far as a bot of this kind meets it."""

DIRECT_MESSAGE = EVERYONE
"""What anyone may do in a direct message."""


def in_guild(guild: Guild, member: Member) -> int:
    """Return a member's permissions before any channel: all of them for the owner and for administrators."""
    if member.user.id == guild.owner_id:
        return ALL
    found = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        role = guild.roles.get(role_id)
        found |= role.permissions if role else 0
    return ALL if found & Permission.ADMINISTRATOR else found


def in_channel(guild: Guild, member: Member, channel: Channel) -> int:
    """Return a member's permissions in a channel of the guild; a thread has those of its parent."""
    found = in_guild(guild, member)
    if found == ALL:
        return ALL
    parent = guild.channels.get(channel.parent_id or 0) if channel.is_thread else channel
    if parent is None:
        return 0
    overwrites = parent.overwrites
    found = _apply(found, [overwrites.get(guild.id)])
    found = _apply(found, (overwrites.get(role_id) for role_id in member.role_ids))
    found = _apply(found, [overwrites.get(member.user.id)])
    return found if found & Permission.VIEW_CHANNEL else 0


def send_permission(channel: Channel) -> Permission:
    """Return the permission that writing into this channel needs."""
    return Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES


def see_permissions(channel: Channel) -> int:
    """Return the permissions without which a channel's messages are out of reach.

    Source: Discord's reference, Get Channel Messages: what is written in a voice channel needs Connect too.
    """
    voice = Permission.CONNECT if channel.kind is ChannelKind.VOICE else 0
    return Permission.VIEW_CHANNEL | voice


def _apply(permissions: int, overwrites: Iterable[Overwrite | None]) -> int:
    allow = deny = 0
    for overwrite in overwrites:
        if overwrite is not None:
            allow |= overwrite.allow
            deny |= overwrite.deny
    return (permissions & ~deny) | allow
