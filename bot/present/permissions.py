"""What the bot must be allowed in a channel before it promises a picture there.

That is what an edit through the channel needs once the interaction's token is too old (the design,
*Delivery is an edit*). Media galleries need no Embed Links. Add Reactions is not asked for: without it, the
bot leaves the first reaction to the members.
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


def missing_permissions(app_permissions: discord.Permissions, *, is_thread: bool) -> tuple[str, ...]:
    """Return the names, as Discord's client shows them, of the permissions that the bot lacks.

    Args:
        app_permissions: what the interaction says that the bot may do in its channel.
        is_thread: whether that channel is a thread.
    """
    needed = _ANYWHERE + (_IN_THREADS if is_thread else _IN_CHANNELS)
    return tuple(name for name, permission in needed if not permission <= app_permissions)
