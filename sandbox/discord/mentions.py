"""Whom a message mentions and pings. Source: Discord's reference, Allowed Mentions Object."""

import re
from dataclasses import dataclass, field

from sandbox.discord.components import displayed_text
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.model import Channel, Message, User
from sandbox.discord.permissions import Permission
from sandbox.discord.world import World

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_KINDS = ("users", "roles", "everyone")
_MAX_NAMED = 100


@dataclass(frozen=True, slots=True)
class AllowedMentions:
    """What a request allows its message to ping: whole kinds, and users and roles by identifier."""

    kinds: frozenset[str] = frozenset(_KINDS)
    users: frozenset[int] = field(default=frozenset())
    roles: frozenset[int] = field(default=frozenset())
    replied_user: bool = True


def read_allowed_mentions(form: Form) -> AllowedMentions:
    """Return what a request allows; everything where it says nothing."""
    allowed = form.form("allowed_mentions")
    if allowed is None:
        return AllowedMentions()
    kinds = frozenset(str(kind) for kind in allowed.values("parse", at_most=len(_KINDS)))
    if not kinds <= set(_KINDS):
        allowed.fail("parse", "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(_KINDS)}}}.")
    for kind in ("users", "roles"):
        if kind in kinds and allowed.data.get(kind):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            allowed.fail("", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return AllowedMentions(
        kinds, _named(allowed, "users"), _named(allowed, "roles"), bool(allowed.boolean("replied_user"))
    )


def apply_mentions(
    message: Message, allowed: AllowedMentions, world: World, *, replied_to: User | None = None
) -> None:
    """Set on a new message whom it mentions and pings; text displays count as its content."""
    channel = world.channels[message.channel_id]
    text = displayed_text(message.body.components) if message.body.is_v2 else message.body.content
    message.mentions = _users(text, allowed, world, channel)
    if replied_to is not None and allowed.replied_user and replied_to not in message.mentions:
        message.mentions.append(replied_to)
    may_ping_all = bool(world.permissions(message.author, channel) & Permission.MENTION_EVERYONE)
    message.mention_roles = _roles(text, allowed, world, channel, may_ping_all=may_ping_all)
    everyone = _EVERYONE.search(text)
    message.mentions_everyone = bool(everyone and "everyone" in allowed.kinds and may_ping_all)
    message.pings = [str(user.id) for user in message.mentions]
    message.pings += [str(role_id) for role_id in message.mention_roles]
    if everyone and message.mentions_everyone:
        message.pings.append(everyone[1])


def _users(text: str, allowed: AllowedMentions, world: World, channel: Channel) -> list[User]:
    named = dict.fromkeys(int(found) for found in _USER.findall(text))
    users = [world.users[user_id] for user_id in named if user_id in world.users]
    return [
        user
        for user in users
        if world.sees(user, channel) and ("users" in allowed.kinds or user.id in allowed.users)
    ]


def _roles(
    text: str, allowed: AllowedMentions, world: World, channel: Channel, *, may_ping_all: bool
) -> list[int]:
    guild = world.guilds.get(channel.guild_id or 0)
    named = dict.fromkeys(int(found) for found in _ROLE.findall(text))
    roles = [guild.roles[role_id] for role_id in named if role_id in guild.roles] if guild else []
    return [
        role.id
        for role in roles
        if (role.mentionable or may_ping_all) and ("roles" in allowed.kinds or role.id in allowed.roles)
    ]


def _named(form: Form, key: str) -> frozenset[int]:
    found = (snowflake_of(value) for value in form.values(key, at_most=_MAX_NAMED))
    return frozenset(identifier for identifier in found if identifier is not None)
