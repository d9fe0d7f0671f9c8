"""The objects that an interaction brings along for the users, roles and channels named in it.

Source: Discord's reference, Resolved Data Structure.
"""

from collections.abc import Iterable

from sandbox.discord import wire
from sandbox.discord.components import Kind
from sandbox.discord.errors import Refusal
from sandbox.discord.forms import snowflake_of
from sandbox.discord.model import Channel
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import ALL
from sandbox.discord.world import World

_USER, _CHANNEL, _ROLE = 6, 7, 8
_OPTION_OF_SELECT = {
    Kind.USER_SELECT: 6,
    Kind.ROLE_SELECT: 8,
    Kind.MENTIONABLE_SELECT: 9,
    Kind.CHANNEL_SELECT: 7,
}


class Resolver:
    """Collects `resolved` while values are named; raises Refusal for what is not there."""

    def __init__(self, world: World, channel: Channel) -> None:
        self.resolved: Json = {}
        self._world = world
        self._channel = channel

    def mention(self, option_kind: int, value: object) -> str:
        """Resolve what an option names (6 user, 7 channel, 8 role, 9 user or role); return its identifier."""
        found = snowflake_of(value)
        guild = self._world.guilds.get(self._channel.guild_id or 0)
        is_role = guild is not None and found in guild.roles
        if found is None:
            raise Refusal(f"{value!r} names nothing.")
        if option_kind == _CHANNEL:
            self._named_channel(found)
        elif option_kind != _USER and is_role and guild is not None:
            self._add("roles", found, wire.role(guild.roles[found]))
        elif option_kind == _ROLE:
            raise Refusal(f"There is no role {value!r} here.")
        else:
            self.user(found)
        return str(found)

    def select(self, component_kind: int, values: Iterable[object]) -> list[str]:
        """Resolve what was picked in a select menu of users, roles or channels."""
        option_kind = _OPTION_OF_SELECT[Kind(component_kind)]
        return [self.mention(option_kind, value) for value in values]

    def user(self, user_id: int) -> None:
        """Resolve a user, and the member that they are here."""
        user = self._world.users.get(user_id)
        if user is None:
            raise Refusal(f"There is no user {user_id}.")
        self._add("users", user_id, wire.user(user))
        member = self._world.member(self._channel.guild_id, user_id)
        if member is not None:
            permissions = str(self._world.permissions(user, self._channel) & ALL)
            self._add("members", user_id, {**wire.member_without_user(member), "permissions": permissions})

    def _named_channel(self, channel_id: int) -> None:
        channel = self._world.channels.get(channel_id)
        if channel is None or channel.guild_id != self._channel.guild_id:
            raise Refusal(f"There is no channel {channel_id} here.")
        permissions = str(self._world.permissions(self._world.bot, channel))
        self._add("channels", channel_id, {**wire.channel(channel, self._world), "permissions": permissions})

    def _add(self, group: str, identifier: int, body: Json) -> None:
        self.resolved.setdefault(group, {})[str(identifier)] = body
