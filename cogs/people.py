"""Who uses a command, whom it is about, and what people and roles are called."""

import asyncio
from collections.abc import Collection
from typing import Final

import aiohttp
import discord
import structlog

from bot.errors import BotNamedError, NotServedError
from bot.present.permissions import PRIVATE_THREAD, missing_permissions
from bot.present.quota_words import Names
from bot.quotas.decisions import check_moderator
from bot.quotas.model import Actor
from cogs.guard import Interaction

Person = discord.User | discord.Member
"""Somebody whom an option names; a member only where they are in the server."""

_ASK_SECONDS: Final = 2.0
_ASK_AT_MOST: Final = 100
"""Members that one call may name. Source: Discord's reference, Request Guild Members."""

log = structlog.get_logger()


def server_of(interaction: Interaction) -> int:
    """Return the server in which a command was used or a button clicked.

    Raises:
        NotServedError: it was none.
    """
    if interaction.guild_id is None:
        raise NotServedError("not in a server")
    return interaction.guild_id


def place_of(interaction: Interaction) -> tuple[int, int]:
    """Return the server and the channel in which a command was used or a button clicked.

    Raises:
        NotServedError: it was no server.
    """
    return server_of(interaction), interaction.channel_id or 0


def lacking_here(interaction: Interaction) -> tuple[str, ...]:
    """Return what the bot lacks where a command was used or a button clicked, as a member reads it."""
    here, may = interaction.channel, interaction.app_permissions
    if isinstance(here, discord.Thread) and _is_closed_to_the_bot(here, may):
        return (PRIVATE_THREAD,)
    return lacking_in(here, may)


def _is_closed_to_the_bot(thread: discord.Thread, may: discord.Permissions) -> bool:
    """Tell whether a thread is a private one that the bot is not in.

    Commands come from those too, with the bot's permissions in the channel above them. discord.py knows all
    threads that the bot sees, once Discord has told of the server.
    """
    if may.manage_threads or not thread.is_private() or thread.guild.unavailable:
        return False
    return thread.guild.get_thread(thread.id) is None


def lacking_in(channel: object, may: discord.Permissions) -> tuple[str, ...]:
    """Return what the bot lacks in a channel of discord.py's where it may do this, as a member reads it."""
    return missing_permissions(
        may,
        is_thread=isinstance(channel, discord.Thread),
        is_voice=isinstance(channel, discord.VoiceChannel | discord.StageChannel),
    )


def upload_limit_here(interaction: Interaction) -> int:
    """Return how large a file, in bytes, the bot may send at any time where a command was used.

    What comes with an interaction is the larger of the server's limit and of its member's own, who may be a
    subscriber; the latter holds for nothing that goes through the channel.
    Source: Discord's reference, Uploading Files.
    """
    limit, guild = interaction.filesize_limit, interaction.guild
    return limit if guild is None else min(limit, guild.filesize_limit)


def moderates(may: discord.Permissions) -> bool:
    """Tell whether somebody with these permissions moderates what others posted."""
    return may.moderate_members or may.manage_messages


def actor_of(interaction: Interaction) -> Actor:
    """Return who uses a command, with the permissions that Discord says they have.

    Raises:
        NotServedError: it came from no server.
    """
    may = interaction.permissions
    return Actor(
        guild_id=server_of(interaction),
        member_id=interaction.user.id,
        role_ids=frozenset(role_ids_of(interaction.user)),
        may_moderate=may.moderate_members or may.administrator,
        may_manage=may.manage_guild or may.administrator,
    )


def moderator_of(interaction: Interaction) -> Actor:
    """Return who uses a command of moderators; a server's owner may have shown it to others.

    Raises:
        NotModeratorError: they have no Moderate Members.
    """
    actor = actor_of(interaction)
    check_moderator(actor)
    return actor


def check_no_bot(person: Person) -> None:
    """Raise `BotNamedError` where an option names a bot, which has no credits."""
    if person.bot:
        raise BotNamedError(person.id)


def role_ids_of(person: Person) -> tuple[int, ...]:
    """Return somebody's roles in the server, @everyone included; none for those who are not in it.

    As Discord sent them: `roles` has those alone that discord.py knows, which after a start may be none yet.
    """
    if not isinstance(person, discord.Member):
        return ()
    return (person.guild.id, *person._roles)  # noqa: SLF001 - there is no other way


def names_here(interaction: Interaction, *people: Person) -> Names:
    """Return what roles are called, and which of these people are not in the server."""
    guild = interaction.guild
    return Names(
        roles={} if guild is None else {role.id: role.name for role in guild.roles},
        gone=frozenset(person.id for person in people if not isinstance(person, discord.Member)),
    )


async def look_up(interaction: Interaction, member_ids: Collection[int]) -> tuple[Names, dict[int, str]]:
    """Return what roles and these members are called; who is not in the server has no name.

    Where Discord does not tell in time, nobody has one, and nobody counts as gone.
    """
    names, guild = names_here(interaction), interaction.guild
    asked = sorted(member_ids)[:_ASK_AT_MOST]
    if guild is None or not asked:
        return names, {}
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            found = await guild.query_members(user_ids=asked, limit=len(asked), cache=False)
    except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("names.unknown", guild=guild.id, members=len(asked), error=type(error).__name__)
        return names, {}
    called = {member.id: member.display_name for member in found}
    gone = frozenset(asked) - called.keys()
    return Names(roles=names.roles, gone=gone), called
