"""Changes of the world from outside, each told to the bot as Discord tells it."""

from sandbox.discord import wire
from sandbox.discord.commands import Commands
from sandbox.discord.model import Channel, ChannelKind, Guild, Member, Role, User
from sandbox.discord.payloads import Json
from sandbox.discord.sessions import Event, Intent, Sessions
from sandbox.discord.world import World


class Changes:
    """What an owner, or fate, does to guilds, channels, roles and members."""

    def __init__(self, world: World, sessions: Sessions, commands: Commands) -> None:
        self._world = world
        self._sessions = sessions
        self._commands = commands

    def add_member(self, guild: Guild, user: User, role_ids: set[int] | None = None) -> Member:
        """Let someone join a guild."""
        member = self._world.join(guild, user, role_ids)
        body = {**wire.member(member), "guild_id": str(guild.id)}
        self._tell("GUILD_MEMBER_ADD", guild, body, Intent.GUILD_MEMBERS)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        """Let someone leave a guild; where it is the bot, it loses the guild and its commands there."""
        if user is self._world.bot:
            self._tell("GUILD_DELETE", guild, {"id": str(guild.id)}, Intent.GUILDS)
            self._world.drop_guild(guild)
            self._commands.replace_all(guild.id, [])
        elif guild.members.pop(user.id, None) is not None:
            body = {"user": wire.user(user), "guild_id": str(guild.id)}
            self._tell("GUILD_MEMBER_REMOVE", guild, body, Intent.GUILD_MEMBERS)

    def invite_bot(self, guild: Guild) -> None:
        """Let the bot into a guild again that it has lost."""
        self._world.restore_guild(guild)
        body = wire.guild_create(guild, self._world)
        del body["unavailable"]  # only guilds that were there before say so
        self._tell("GUILD_CREATE", guild, body, Intent.GUILDS)

    def set_roles(self, guild: Guild, member: Member, role_ids: set[int]) -> None:
        """Give a member these roles and no other. The bot hears of its own roles without any intent."""
        member.role_ids = role_ids
        intent = Intent.GUILDS if member.user is self._world.bot else Intent.GUILD_MEMBERS
        self._tell("GUILD_MEMBER_UPDATE", guild, {**wire.member(member), "guild_id": str(guild.id)}, intent)

    def add_role(self, guild: Guild, name: str, permissions: int = 0) -> Role:
        """Make a role."""
        role = self._world.new_role(guild, name, permissions)
        body = {"guild_id": str(guild.id), "role": wire.role(role)}
        self._tell("GUILD_ROLE_CREATE", guild, body, Intent.GUILDS)
        return role

    def set_permissions(self, guild: Guild, role: Role, permissions: int) -> None:
        """Give a role these permissions and no other."""
        role.permissions = permissions
        body = {"guild_id": str(guild.id), "role": wire.role(role)}
        self._tell("GUILD_ROLE_UPDATE", guild, body, Intent.GUILDS)

    def remove_role(self, guild: Guild, role: Role) -> None:
        """Delete a role."""
        guild.roles.pop(role.id, None)
        for member in guild.members.values():
            member.role_ids.discard(role.id)
        body = {"guild_id": str(guild.id), "role_id": str(role.id)}
        self._tell("GUILD_ROLE_DELETE", guild, body, Intent.GUILDS)

    def add_channel(
        self,
        guild: Guild,
        name: str,
        parent: Channel | None = None,
        invited: frozenset[int] = frozenset(),
        kind: ChannelKind = ChannelKind.TEXT,
    ) -> Channel:
        """Make a text or voice channel, or a thread under `parent`, private where some are invited."""
        channel = self._world.new_channel(guild, name, parent, invited, kind)
        self._tell_channel("THREAD_CREATE" if parent else "CHANNEL_CREATE", guild, channel)
        return channel

    def set_overwrite(
        self, guild: Guild, channel: Channel, target_id: int, *, allow: int = 0, deny: int = 0
    ) -> None:
        """Set what a channel allows and denies to a role or a user; nothing takes the overwrite away."""
        self._world.deny(channel, target_id, deny, allow)
        self._tell_channel("CHANNEL_UPDATE", guild, channel)

    def set_thread(self, thread: Channel, *, archived: bool, locked: bool) -> None:
        """Archive a thread or open it again, and say whether only those who manage threads may do that."""
        thread.archived, thread.locked = archived, locked
        self._tell_channel("THREAD_UPDATE", self._world.guilds[thread.guild_id or 0], thread)

    def remove_channel(self, guild: Guild, channel: Channel) -> None:
        """Delete a channel or thread, and its messages."""
        self._world.drop_channel(channel)
        self._tell_channel("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", guild, channel)

    def set_premium_tier(self, guild: Guild, tier: int) -> None:
        """Set a guild's boost tier, and with it its upload limit."""
        guild.premium_tier = tier
        self._tell("GUILD_UPDATE", guild, wire.guild(guild, self._world), Intent.GUILDS)

    def _tell_channel(self, name: str, guild: Guild, channel: Channel) -> None:
        if not channel.is_thread or self._world.sees(self._world.bot, channel):
            self._tell(name, guild, wire.channel(channel, self._world), Intent.GUILDS)

    def _tell(self, name: str, guild: Guild, body: Json, intent: Intent) -> None:
        if self._sessions.wanted(guild.id, intent):
            self._sessions.dispatch(Event(name=name, data=body, guild_id=guild.id, intent=intent))
