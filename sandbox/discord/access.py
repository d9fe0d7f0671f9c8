"""What the bot may do: the checks in front of its routes."""

from sandbox.discord.errors import missing_access, missing_permissions, unknown_channel, unknown_guild
from sandbox.discord.messages import visible
from sandbox.discord.model import Channel, Guild, Message
from sandbox.discord.permissions import Permission, see_permissions, send_permission
from sandbox.discord.world import World


class Access:
    """Finds what a route names, and raises Discord's error where the bot may not have it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def guild(self, guild_id: int) -> Guild:
        """Return a guild that the bot is in."""
        guild = self._world.guilds.get(guild_id)
        if guild is None:
            raise unknown_guild()
        return guild

    def channel(self, channel_id: int, needed: int = 0) -> Channel:
        """Return a channel that the bot sees and in which it has all of `needed`."""
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise unknown_channel()
        permissions = self._world.permissions(self._world.bot, channel)
        seeing = see_permissions(channel)
        if permissions & seeing != seeing:
            raise missing_access()
        if permissions & needed != needed:
            raise missing_permissions()
        return channel

    def writable(
        self, channel_id: int, *, files: bool = False, embeds: bool = False, history: bool = False
    ) -> Channel:
        """Return a channel into which the bot may write, with files, embeds, replies or edits as it says."""
        channel = self.channel(channel_id)
        needed = int(send_permission(channel))
        needed |= Permission.ATTACH_FILES if files else 0
        needed |= Permission.EMBED_LINKS if embeds else 0
        needed |= Permission.READ_MESSAGE_HISTORY if history else 0
        return self.channel(channel_id, needed)

    def message(self, channel_id: int, message_id: int, needed: int = 0) -> Message:
        """Return a message that all see, in a channel that the bot may use like this."""
        return visible(self.channel(channel_id, needed), message_id)
