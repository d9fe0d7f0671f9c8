"""What one person sees of Discord: a channel, their direct messages, and the commands that they may type."""

from collections.abc import Iterator
from itertools import islice

from sandbox.discord import DiscordServer, views
from sandbox.discord.errors import Refusal
from sandbox.discord.forms import snowflake_of
from sandbox.discord.model import Channel, User
from sandbox.discord.typing_in import check_allowed
from sandbox.shown import Json

_MAX_MESSAGES = 100


class Window:
    """One client's view: nothing until it has said whom it acts as and where it looks."""

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord
        self._world = discord.world
        self._user: User | None = None
        self._channel: Channel | None = None
        self._cursors: dict[int, int] = {}
        self._commands: list[Json] = []

    def look(self, user_id: object, channel_id: object) -> Iterator[Json]:
        """Look at a channel as somebody, and go through the events that tell what is there."""
        user = self._world.users.get(snowflake_of(user_id) or 0)
        channel = self._world.channels.get(snowflake_of(channel_id) or 0)
        self._user = self._channel = None
        if user is None or user.bot or channel is None or not self._world.sees(user, channel):
            yield _refused()
            return
        self._user, self._channel = user, channel
        dm = self._world.dm_with(user)
        yield {
            "type": "looking",
            "user_id": str(user.id),
            "channel_id": str(channel.id),
            "dm_id": str(dm.id),
        }
        self._cursors = {each.id: each.changes[-1][0] if each.changes else 0 for each in (channel, dm)}
        for each in self._cursors:
            yield self._snapshot(self._world.channels[each], user)
        self._commands = self._usable(user, channel)
        yield self._command_event(channel)

    def news(self) -> Iterator[Json]:
        """Go through the events that tell what has changed since the last time."""
        user, channel = self._user, self._channel
        if user is None or channel is None:
            return
        if channel.id not in self._world.channels or not self._world.sees(user, channel):
            self._user = self._channel = None
            yield _refused()
            return
        for channel_id, cursor in self._cursors.items():
            changed = views.changes(self._world.channels[channel_id], user, cursor, self._world)
            if changed is not None:
                self._cursors[channel_id] = changed["cursor"]
                shown = [_without_edits(each) for each in changed["messages"][-_MAX_MESSAGES:]]
                yield _messages(channel_id, shown, changed["deleted"], snapshot=False)
        usable = self._usable(user, channel)
        if usable != self._commands:
            self._commands = usable
            yield self._command_event(channel)

    def _snapshot(self, channel: Channel, user: User) -> Json:
        seen = (each for each in reversed(channel.messages.values()) if views.sees(user, each))
        newest = [_without_edits(views.message(each, self._world)) for each in islice(seen, _MAX_MESSAGES)]
        return _messages(channel.id, newest[::-1], [], snapshot=True)

    def _usable(self, user: User, channel: Channel) -> list[Json]:
        """Return the commands that a person's client offers them in a channel."""

        def is_offered(command: Json) -> bool:
            try:
                check_allowed(self._world, user, channel, command)
            except Refusal:
                return False
            return True

        return [each for each in self._discord.commands.seen_in(channel.guild_id) if is_offered(each)]

    def _command_event(self, channel: Channel) -> Json:
        return {"type": "commands", "channel_id": str(channel.id), "commands": self._commands}


def _messages(channel_id: int, messages: list[Json], deleted: list[str], *, snapshot: bool) -> Json:
    return {
        "type": "messages",
        "channel_id": str(channel_id),
        "snapshot": snapshot,
        "messages": messages,
        "deleted": deleted,
    }


def _without_edits(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "edits"}


def _refused() -> Json:
    return {"type": "refused", "message": "There is no such person or channel, or they do not see it."}
