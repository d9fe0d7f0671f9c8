"""Everything that exists in the sandbox's Discord, and the questions that the rest asks of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from sandbox.discord.identity import BOT_ID
from sandbox.discord.model import (
    MAX_MESSAGES_A_CHANNEL,
    Channel,
    ChannelKind,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    User,
)
from sandbox.discord.permissions import DIRECT_MESSAGE, EVERYONE, Permission, in_channel
from sandbox.discord.snowflakes import Snowflakes

_MEBIBYTE = 1024 * 1024
_Named = TypeVar("_Named", Guild, Channel, Role, User)
_UPLOAD_LIMIT_BYTES = {0: 10 * _MEBIBYTE, 1: 10 * _MEBIBYTE, 2: 50 * _MEBIBYTE, 3: 100 * _MEBIBYTE}


class World:
    """Guilds, channels and users by identifier, and the one bot that they know.

    Methods that make something neither check permissions nor tell the bot: see `sandbox.discord.changes`.
    """

    def __init__(self, bot_name: str = "Sana") -> None:
        self.snowflakes = Snowflakes()
        self.bot = User(BOT_ID, bot_name, bot=True)
        self.users: dict[int, User] = {BOT_ID: self.bot}
        self.application: dict[str, object] = {}
        """Fields of the application that its owner has set otherwise."""
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._dms: dict[int, Channel] = {}

    @property
    def application_id(self) -> int:
        """The identifier of the bot's application, which is that of its user."""
        return self.bot.id

    def new_user(self, name: str, *, bot: bool = False) -> User:
        """Make the account of a person, or of another bot."""
        user = User(self.snowflakes.next(), name, bot)
        self.users[user.id] = user
        return user

    def new_guild(self, name: str, owner: User) -> Guild:
        """Make a guild with its owner and the bot in it, and the bot's own role."""
        guild = Guild(self.snowflakes.next_of_guild(), name, owner.id)
        self.guilds[guild.id] = guild
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE)
        bot_role = self.new_role(guild, self.bot.name, EVERYONE)
        bot_role.managed = True
        self.join(guild, owner)
        self.join(guild, self.bot, {bot_role.id})
        return guild

    def new_role(self, guild: Guild, name: str, permissions: int = 0) -> Role:
        """Make a role, above those that are there."""
        role = Role(self.snowflakes.next(), name, permissions, position=len(guild.roles))
        guild.roles[role.id] = role
        return role

    def new_channel(
        self,
        guild: Guild,
        name: str,
        parent: Channel | None = None,
        invited: frozenset[int] = frozenset(),
        kind: ChannelKind = ChannelKind.TEXT,
    ) -> Channel:
        """Make a text or voice channel, or a thread under `parent`, private where some are invited."""
        thread = ChannelKind.PRIVATE_THREAD if invited else ChannelKind.PUBLIC_THREAD
        channel = Channel(
            self.snowflakes.next(),
            guild.id,
            name,
            thread if parent else kind,
            position=len(guild.channels),
            parent_id=parent.id if parent else None,
            invited=invited,
        )
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        return channel

    def join(self, guild: Guild, user: User, role_ids: set[int] | None = None) -> Member:
        """Make `user` a member of the guild."""
        member = Member(user, guild.id, role_ids or set(), datetime.now(UTC))
        guild.members[user.id] = member
        return member

    def dm_with(self, user: User) -> Channel:
        """Return the bot's direct messages with a user, opened if they were not."""
        channel = self._dms.get(user.id)
        if channel is None:
            channel = Channel(self.snowflakes.next(), None, user.name, ChannelKind.DM, recipient=user)
            self._dms[user.id] = channel
            self.channels[channel.id] = channel
        return channel

    def drop_channel(self, channel: Channel) -> None:
        """Forget a channel and the threads under it."""
        self.channels.pop(channel.id, None)
        if channel.guild_id is not None:
            guild = self.guilds[channel.guild_id]
            guild.channels.pop(channel.id, None)
            for thread in [thread for thread in guild.channels.values() if thread.parent_id == channel.id]:
                self.drop_channel(thread)

    def drop_guild(self, guild: Guild) -> None:
        """Forget a guild and its channels."""
        for channel in list(guild.channels.values()):
            self.channels.pop(channel.id, None)
        self.guilds.pop(guild.id, None)

    def restore_guild(self, guild: Guild) -> None:
        """Know a guild and its channels again."""
        self.guilds[guild.id] = guild
        self.channels.update(guild.channels)

    def deny(self, channel: Channel, target_id: int, deny: int, allow: int = 0) -> None:
        """Set what a channel denies and allows to a role or a user; nothing takes the overwrite away."""
        if deny or allow:
            is_member = target_id in self.users
            channel.overwrites[target_id] = Overwrite(target_id, is_member, allow, deny)
        else:
            channel.overwrites.pop(target_id, None)

    def permissions(self, user: User, channel: Channel) -> int:
        """Return what a user may do in a channel: nothing where they are not."""
        held = self.permissions_by_role(user, channel)
        is_private = channel.kind is ChannelKind.PRIVATE_THREAD
        shut_out = is_private and user.id not in channel.invited and not held & Permission.MANAGE_THREADS
        return 0 if shut_out else held

    def permissions_by_role(self, user: User, channel: Channel) -> int:
        """Return what roles and overwrites let a user do in a channel, private thread or not."""
        if channel.guild_id is None:
            return DIRECT_MESSAGE if user is self.bot or user is channel.recipient else 0
        guild = self.guilds.get(channel.guild_id)
        member = guild.members.get(user.id) if guild else None
        return in_channel(guild, member, channel) if guild and member else 0

    def sees(self, user: User, channel: Channel) -> bool:
        """Tell whether a user can open a channel."""
        return bool(self.permissions(user, channel) & Permission.VIEW_CHANNEL)

    def member(self, guild_id: int | None, user_id: int) -> Member | None:
        """Return a user as a member of a guild, if they are one."""
        guild = self.guilds.get(guild_id or 0)
        return guild.members.get(user_id) if guild else None

    def upload_limit_bytes(self, guild_id: int | None) -> int:
        """Return how large a file may be (Source: boost tiers; direct messages count as tier 0)."""
        guild = self.guilds.get(guild_id or 0)
        return _UPLOAD_LIMIT_BYTES[guild.premium_tier if guild else 0]

    def keep(self, channel: Channel, message: Message) -> None:
        """Add a message to its channel; the oldest of too many is forgotten."""
        channel.messages[message.id] = message
        if len(channel.messages) > MAX_MESSAGES_A_CHANNEL:
            channel.messages.pop(next(iter(channel.messages)))

    def guild_named(self, name: str) -> Guild:
        """Return a guild by its name; raise KeyError if there is none."""
        return _named(self.guilds.values(), name)

    def channel_named(self, name: str, guild: str = "Sandbox") -> Channel:
        """Return a channel or thread by its name and its guild's; raise KeyError if there is none."""
        channels = self.guild_named(guild).channels.values()
        return _named(channels, name)

    def user_named(self, name: str) -> User:
        """Return the first user of that name; raise KeyError if there is none."""
        return _named(self.users.values(), name)

    def role_named(self, name: str, guild: str = "Sandbox") -> Role:
        """Return a role by its name and its guild's; raise KeyError if there is none."""
        roles = self.guild_named(guild).roles.values()
        return _named(roles, name)


def default_world() -> World:
    """Return two guilds with the channels, roles and members that demos and tests meet.

    In "no-files" the bot may not attach files, "hidden" it does not see; "pictures" has a thread, "thread".
    """
    world = World()
    sandbox = world.new_guild("Sandbox", world.new_user("owner"))
    booster = world.new_role(sandbox, "Booster")
    moderator = world.new_role(sandbox, "Moderator", Permission.MODERATE_MEMBERS | Permission.MANAGE_MESSAGES)
    for name, roles in (
        ("member", set()),
        ("other", set()),
        ("booster", {booster.id}),
        ("moderator", {moderator.id}),
        ("newcomer", set()),
    ):
        world.join(sandbox, world.new_user(name), roles)
    world.new_channel(sandbox, "general")
    pictures = world.new_channel(sandbox, "pictures")
    world.new_channel(sandbox, "thread", parent=pictures)
    world.deny(world.new_channel(sandbox, "no-files"), world.bot.id, Permission.ATTACH_FILES)
    world.deny(world.new_channel(sandbox, "hidden"), world.bot.id, Permission.VIEW_CHANNEL)

    second = world.new_guild("Second server", world.new_user("owner2"))
    moderator2 = world.new_role(second, "Moderator", Permission.MODERATE_MEMBERS | Permission.MANAGE_MESSAGES)
    world.join(second, world.new_user("outsider"))
    world.join(second, world.new_user("moderator2"), {moderator2.id})
    world.new_channel(second, "general")
    return world


def _named(things: Iterable[_Named], name: str) -> _Named:
    for thing in things:
        if thing.name == name:
            return thing
    raise KeyError(name)
