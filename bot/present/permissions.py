"""What the bot must be allowed in a channel before it promises a picture there, and what it is invited with.

That is what an edit through the channel needs once the interaction's token is too old (the design,
*Delivery is an edit*). Media galleries need no Embed Links. Add Reactions is not asked for in a channel:
without it, the bot leaves the first reaction to the members. What is written in a voice channel is out of
reach without Connect (Discord's reference, Get Channel Messages), which @everyone has in a new server.
"""

from typing import Final

import discord

_ANYWHERE: Final = (
    ("View Channel", discord.Permissions(view_channel=True)),
    ("Attach Files", discord.Permissions(attach_files=True)),
    ("Read Message History", discord.Permissions(read_message_history=True)),
)
_IN_CHANNELS: Final = (("Send Messages", discord.Permissions(send_messages=True)),)
_IN_THREADS: Final = (("Send Messages in Threads", discord.Permissions(send_messages_in_threads=True)),)
_IN_VOICE: Final = (("Connect", discord.Permissions(connect=True)),)
_WELCOME: Final = (("Add Reactions", discord.Permissions(add_reactions=True)),)
_EVERYTHING: Final = (*_ANYWHERE, *_IN_CHANNELS, *_IN_THREADS, *_WELCOME)

INVITED: Final = discord.Permissions(sum(permission.value for _, permission in _EVERYTHING))
"""What the invite link asks for, and no more."""

PRIVATE_THREAD: Final = "View Channel (mention me once to add me to this private thread)"
"""What the bot lacks in a private thread that it is not in, whatever its permissions there are said to be."""


def missing_permissions(
    app_permissions: discord.Permissions, *, is_thread: bool = False, is_voice: bool = False
) -> tuple[str, ...]:
    """Return the names, as Discord's client shows them, of the permissions that the bot lacks.

    A channel that it cannot see denies all others as well, so that View Channel is named alone then.

    Args:
        app_permissions: what the interaction says that the bot may do in its channel.
        is_thread: whether that channel is a thread.
        is_voice: whether it is the chat of a voice or stage channel.
    """
    if not app_permissions.view_channel:
        return ("View Channel",)
    needed = _ANYWHERE + (_IN_THREADS if is_thread else _IN_CHANNELS) + (_IN_VOICE if is_voice else ())
    return _lacking(needed, app_permissions)


def missing_in_server(permissions: discord.Permissions) -> tuple[str, ...]:
    """Return the names of what the bot's roles lack in a server, of all that it is invited with."""
    return _lacking(_EVERYTHING, permissions)


def invite_link(application_id: int) -> str:
    """Return the address at which the bot is invited with exactly what it needs."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        f"&scope=bot+applications.commands&permissions={INVITED.value}"
    )


def _lacking(
    needed: tuple[tuple[str, discord.Permissions], ...], permissions: discord.Permissions
) -> tuple[str, ...]:
    return tuple(name for name, permission in needed if not permission <= permissions)
