"""The routes of guilds. Source: Discord's reference, Guild Resource."""

from aiohttp import web

from sandbox.discord import wire
from sandbox.discord.access import Access
from sandbox.discord.answers import answer
from sandbox.discord.errors import unknown_member
from sandbox.discord.forms import snowflake_of
from sandbox.discord.model import Guild
from sandbox.discord.rest import identifier, number
from sandbox.discord.world import World

_GUILD = r"/guilds/{guild_id:\d{1,20}}"


class GuildRoutes:
    """What the bot may ask about the guilds it is in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._access = Access(world)

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(prefix + _GUILD, self.guild),
            web.get(prefix + _GUILD + "/channels", self.channels),
            web.get(prefix + _GUILD + "/threads/active", self.threads),
            web.get(prefix + _GUILD + "/roles", self.roles),
            web.get(prefix + _GUILD + "/members", self.members),
            web.get(prefix + _GUILD + r"/members/{user_id:\d{1,20}}", self.member),
        ]

    async def guild(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}."""
        return answer(wire.guild(self._guild(request), self._world))

    async def channels(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}/channels, without threads."""
        found = self._guild(request).channels.values()
        return answer([wire.channel(channel, self._world) for channel in found if not channel.is_thread])

    async def threads(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}/threads/active."""
        found = [channel for channel in self._guild(request).channels.values() if channel.is_thread]
        seen = [each for each in found if not each.archived and self._world.sees(self._world.bot, each)]
        return answer({"threads": [wire.channel(each, self._world) for each in seen], "members": []})

    async def roles(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}/roles."""
        return answer([wire.role(role) for role in self._guild(request).roles.values()])

    async def members(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}/members, with after and limit."""
        after = snowflake_of(request.query.get("after")) or 0
        limit = number(request.query, "limit", 1, at_most=1000)
        members = sorted(self._guild(request).members.values(), key=lambda member: member.user.id)
        return answer([wire.member(member) for member in members if member.user.id > after][:limit])

    async def member(self, request: web.Request) -> web.Response:
        """GET /guilds/{id}/members/{id}."""
        member = self._guild(request).members.get(identifier(request, "user_id"))
        if member is None:
            raise unknown_member()
        return answer(wire.member(member))

    def _guild(self, request: web.Request) -> Guild:
        return self._access.guild(identifier(request, "guild_id"))
