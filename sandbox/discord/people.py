"""Whom and what a request of the control API names, and whether they may act there as people do."""

from collections.abc import Mapping

from aiohttp import web

from sandbox.discord.errors import Refusal
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.model import Channel, User
from sandbox.discord.permissions import Permission
from sandbox.discord.world import World

MAX_WAIT_SECONDS = 120.0


class People:
    """Finds users and channels; raises Refusal for what is not there, and for what a person may not do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def acting(self, form: Form) -> tuple[User, Channel]:
        """Return who acts, and in which channel, which they see."""
        user = self.user(required_id(form, "user_id"))
        channel = self.channel(required_id(form, "channel_id"))
        self.allow(user, channel)
        if channel.archived:
            raise Refusal("This thread is archived.")
        return user, channel

    def acting_person(self, form: Form) -> tuple[User, Channel]:
        """Return who acts, and where, for what no bot can do: commands, components and modals."""
        user, channel = self.acting(form)
        if user.bot:
            raise Refusal("Bots use no commands, components and modals.")
        return user, channel

    def viewer(self, request: web.Request) -> tuple[User, Channel]:
        """Return who looks, and at which channel of the address, which they see."""
        user = self.user(snowflake_of(request.query.get("user_id")) or 0)
        channel = self.channel(int(request.match_info["channel_id"]))
        self.allow(user, channel)
        return user, channel

    def user(self, user_id: int) -> User:
        """Return a user."""
        user = self._world.users.get(user_id)
        if user is None:
            raise Refusal(f"There is no user {user_id}.")
        return user

    def channel(self, channel_id: int) -> Channel:
        """Return a channel, a thread or direct messages."""
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise Refusal(f"There is no channel {channel_id}.")
        return channel

    def allow(self, user: User, channel: Channel, needed: int = 0) -> None:
        """Raise Refusal where someone does not see a channel, or lacks any of `needed` in it."""
        needed |= Permission.VIEW_CHANNEL
        if self._world.permissions(user, channel) & needed != needed:
            raise Refusal("This person may not do that here.")


def required_id(form: Form, key: str) -> int:
    """Return an identifier that must be there."""
    found = form.snowflake(key, required=True)
    form.check()
    return found or 0


def timeout_of(query: Mapping[str, str]) -> float:
    """Return how many seconds an answer may wait for news."""
    return min(number_of(query, "timeout_seconds"), MAX_WAIT_SECONDS)


def number_of(query: Mapping[str, str], key: str) -> float:
    """Return a number from the query, 0 where there is none."""
    try:
        return float(query.get(key, "0"))
    except ValueError:
        raise Refusal(f"{key} is a number.") from None
