"""The routes of the bot's own account, its application and its commands.

Source: Discord's reference, User Resource, Application Resource, Application Commands, Gateway.
"""

from aiohttp import web

from sandbox.discord import wire
from sandbox.discord.access import Access
from sandbox.discord.answers import answer, nothing
from sandbox.discord.commands import Commands
from sandbox.discord.errors import unknown_user
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import in_guild
from sandbox.discord.rest import identifier, number
from sandbox.discord.uploads import read_json
from sandbox.discord.world import World

_APPLICATION = r"/applications/{application_id:\d{1,20}}"
_OF_GUILD = _APPLICATION + r"/guilds/{guild_id:\d{1,20}}"
_ONE = r"/{command_id:\d{1,20}}"


class ApplicationRoutes:
    """Who the bot is, where its gateway is, and which commands it has."""

    def __init__(
        self, world: World, commands: Commands, gateway_url: str, *, shards: int, starts_left: int
    ) -> None:
        self._world = world
        self._commands = commands
        self._gateway_url = gateway_url
        self._shards = shards
        self._starts_left = starts_left
        self._access = Access(world)

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the routes."""
        routes = [
            web.get(prefix + "/gateway", self.gateway),
            web.get(prefix + "/gateway/bot", self.gateway_bot),
            web.get(prefix + "/users/@me", self.me),
            web.get(prefix + r"/users/{user_id:\d{1,20}}", self.user),
            web.get(prefix + "/users/@me/guilds", self.guilds),
            web.post(prefix + "/users/@me/channels", self.open_dm),
            web.get(prefix + "/oauth2/applications/@me", self.application),
            web.get(prefix + "/applications/@me", self.application),
            web.get(prefix + _OF_GUILD + "/commands/permissions", self.command_permissions),
        ]
        for scope in (_APPLICATION + "/commands", _OF_GUILD + "/commands"):
            routes += [
                web.get(prefix + scope, self.list_commands),
                web.put(prefix + scope, self.replace_commands),
                web.post(prefix + scope, self.create_command),
                web.get(prefix + scope + _ONE, self.get_command),
                web.patch(prefix + scope + _ONE, self.edit_command),
                web.delete(prefix + scope + _ONE, self.delete_command),
            ]
        return routes

    async def gateway(self, _: web.Request) -> web.Response:
        """GET /gateway."""
        return answer({"url": self._gateway_url})

    async def gateway_bot(self, _: web.Request) -> web.Response:
        """GET /gateway/bot."""
        limit = {
            "total": 1000,
            "remaining": self._starts_left,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return answer({"url": self._gateway_url, "shards": self._shards, "session_start_limit": limit})

    async def me(self, _: web.Request) -> web.Response:
        """GET /users/@me."""
        return answer(wire.own_user(self._world.bot))

    async def user(self, request: web.Request) -> web.Response:
        """GET /users/{id}."""
        user = self._world.users.get(identifier(request, "user_id"))
        if user is None:
            raise unknown_user()
        return answer(wire.user(user))

    async def guilds(self, request: web.Request) -> web.Response:
        """GET /users/@me/guilds, with after and limit."""
        bot_id = self._world.bot.id
        after = snowflake_of(request.query.get("after")) or 0
        limit = number(request.query, "limit", 200, at_most=200)
        found = sorted(self._world.guilds.values(), key=lambda guild: guild.id)
        return answer(
            [
                {
                    "id": str(guild.id),
                    "name": guild.name,
                    "icon": None,
                    "banner": None,
                    "owner": guild.owner_id == bot_id,
                    "permissions": str(in_guild(guild, guild.members[bot_id])),
                    "features": [],
                }
                for guild in [guild for guild in found if guild.id > after][:limit]
            ]
        )

    async def open_dm(self, request: web.Request) -> web.Response:
        """POST /users/@me/channels."""
        form = Form.of(await read_json(request))
        user_id = form.snowflake("recipient_id", required=True)
        form.check()
        user = self._world.users.get(user_id or 0)
        if user is None or user.bot:
            raise unknown_user()
        return answer(wire.channel(self._world.dm_with(user), self._world))

    async def application(self, _: web.Request) -> web.Response:
        """GET /oauth2/applications/@me."""
        world = self._world
        owner = next(user for user in world.users.values() if not user.bot)
        return answer(
            {
                "id": str(world.application_id),
                "name": world.bot.name,
                "icon": None,
                "description": "",
                "summary": "",
                "type": None,
                "bot": wire.user(world.bot),
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "owner": wire.user(owner),
                "team": None,
                "flags": wire.APPLICATION_FLAGS,
                "rpc_origins": [],
                "tags": [],
                "redirect_uris": [],
                "interactions_endpoint_url": None,
                "role_connections_verification_url": None,
                "event_webhooks_url": None,
                "event_webhooks_status": 1,
                "event_webhooks_types": [],
                "integration_types_config": {"0": {}},
                "approximate_guild_count": len(world.guilds),
                "approximate_user_install_count": 0,
                "approximate_user_authorization_count": 0,
                **world.application,
            }
        )

    async def list_commands(self, request: web.Request) -> web.Response:
        """GET …/commands."""
        return answer(self._commands.all_of(self._scope(request)))

    async def replace_commands(self, request: web.Request) -> web.Response:
        """PUT …/commands."""
        forms = Form.each_of(await read_json(request))
        return answer(self._commands.replace_all(self._scope(request), forms))

    async def create_command(self, request: web.Request) -> web.Response:
        """POST …/commands."""
        form = Form.of(await read_json(request))
        command, is_new = self._commands.save(self._scope(request), form)
        return answer(command, 201 if is_new else 200)

    async def get_command(self, request: web.Request) -> web.Response:
        """GET …/commands/{id}."""
        return answer(self._commands.get(self._scope(request), identifier(request, "command_id")))

    async def edit_command(self, request: web.Request) -> web.Response:
        """PATCH …/commands/{id}."""
        form = Form.of(await read_json(request))
        command_id = identifier(request, "command_id")
        return answer(self._commands.save(self._scope(request), form, command_id)[0])

    async def delete_command(self, request: web.Request) -> web.Response:
        """DELETE …/commands/{id}."""
        self._commands.delete(self._scope(request), identifier(request, "command_id"))
        return nothing()

    async def command_permissions(self, request: web.Request) -> web.Response:
        """GET …/commands/permissions: the sandbox's guilds set none of their own."""
        self._scope(request)
        none: list[Json] = []
        return answer(none)

    def _scope(self, request: web.Request) -> int | None:
        if "guild_id" not in request.match_info:
            return None
        return self._access.guild(identifier(request, "guild_id")).id
