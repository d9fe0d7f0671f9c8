"""The control API, as owners and fate act: members, roles, channels, faults. JSON, below /sandbox."""

from typing import get_args

from aiohttp import web

from sandbox.discord import views
from sandbox.discord.answers import answer, nothing
from sandbox.discord.changes import Changes
from sandbox.discord.control import PREFIX
from sandbox.discord.errors import Refusal
from sandbox.discord.faults import Fault, Faults, Kind
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.interactions import Interactions
from sandbox.discord.model import Channel, ChannelKind, Guild
from sandbox.discord.nonces import Nonces
from sandbox.discord.rest import Requests
from sandbox.discord.sessions import Sessions
from sandbox.discord.uploads import read_json
from sandbox.discord.world import World

MAX_MEMBERS_AT_ONCE = 100_000
_GUILD = PREFIX + r"/guilds/{guild_id:\d{1,20}}"
_CHANNEL = PREFIX + r"/channels/{channel_id:\d{1,20}}"


class WorldRoutes:
    """What changes around the bot, and what goes wrong."""

    def __init__(
        self,
        world: World,
        changes: Changes,
        interactions: Interactions,
        sessions: Sessions,
        nonces: Nonces,
        faults: Faults,
        requests: Requests,
    ) -> None:
        self._world = world
        self._changes = changes
        self._interactions = interactions
        self._sessions = sessions
        self._nonces = nonces
        self._faults = faults
        self._requests = requests

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PREFIX + "/world", self.world),
            web.get(PREFIX + "/requests", self.requests),
            web.patch(_GUILD, self.change_guild),
            web.post(_GUILD + "/members", self.add_members),
            web.patch(_GUILD + r"/members/{user_id:\d{1,20}}", self.change_member),
            web.delete(_GUILD + r"/members/{user_id:\d{1,20}}", self.remove_member),
            web.post(_GUILD + "/roles", self.add_role),
            web.patch(_GUILD + r"/roles/{role_id:\d{1,20}}", self.change_role),
            web.delete(_GUILD + r"/roles/{role_id:\d{1,20}}", self.remove_role),
            web.post(_GUILD + "/channels", self.add_channel),
            web.patch(_CHANNEL, self.change_thread),
            web.delete(_CHANNEL, self.remove_channel),
            web.put(_CHANNEL + r"/overwrites/{target_id:\d{1,20}}", self.set_overwrite),
            web.patch(PREFIX + r"/users/{user_id:\d{1,20}}", self.change_user),
            web.post(PREFIX + "/faults", self.add_fault),
            web.delete(PREFIX + "/faults", self.clear_faults),
            web.post(PREFIX + "/gateway", self.trouble_gateway),
            web.post(PREFIX + "/expire", self.expire),
        ]

    async def world(self, _: web.Request) -> web.Response:
        """GET /world: everything by name and identifier."""
        return answer(views.world_map(self._world))

    async def requests(self, _: web.Request) -> web.Response:
        """GET /requests: the recorded REST calls, and how many were refused in all."""
        calls = [
            {
                "method": call.method,
                "route": call.route,
                "path": call.path,
                "status": call.status,
                "at": call.at.isoformat(),
                "monotonic": call.monotonic,
                "seconds": call.seconds,
            }
            for call in self._requests.calls
        ]
        return answer({"calls": calls, "refused": self._requests.refused})

    async def change_guild(self, request: web.Request) -> web.Response:
        """PATCH /guilds/{id}: its premium_tier."""
        form = Form.of(await read_json(request))
        tier = form.integer("premium_tier", at_least=0, at_most=3, required=True)
        form.check()
        self._changes.set_premium_tier(self._guild(request), tier or 0)
        return nothing()

    async def add_members(self, request: web.Request) -> web.Response:
        """POST /guilds/{id}/members: one called `name`, or `count` of them named name-1, name-2; or bots."""
        form = Form.of(await read_json(request))
        name = form.text("name", at_least=1, at_most=32, required=True)
        count = form.integer("count", at_least=1, at_most=MAX_MEMBERS_AT_ONCE)
        role_ids = _ids(form, "role_ids")
        bots = bool(form.boolean("bots"))
        form.check()
        guild = self._guild(request)
        names = [f"{name}"] if count is None else [f"{name}-{number}" for number in range(1, count + 1)]
        users = [self._world.new_user(each, bot=bots) for each in names]
        added = [self._changes.add_member(guild, user, set(role_ids)) for user in users]
        return answer([{"id": str(member.user.id), "name": member.user.name} for member in added])

    async def change_member(self, request: web.Request) -> web.Response:
        """PATCH /guilds/{id}/members/{id}: the role_ids."""
        form = Form.of(await read_json(request))
        guild = self._guild(request)
        member = guild.members.get(int(request.match_info["user_id"]))
        role_ids = _ids(form, "role_ids")
        form.check()
        if member is None or not role_ids <= guild.roles.keys():
            raise Refusal("There is no such member or role here.")
        self._changes.set_roles(guild, member, role_ids)
        return nothing()

    async def remove_member(self, request: web.Request) -> web.Response:
        """DELETE /guilds/{id}/members/{id}: the member leaves; the bot is one of them."""
        user = self._world.users.get(int(request.match_info["user_id"]))
        if user is None:
            raise Refusal("There is no such user.")
        self._changes.remove_member(self._guild(request), user)
        return nothing()

    async def add_role(self, request: web.Request) -> web.Response:
        """POST /guilds/{id}/roles: a role with `name` and `permissions`."""
        form = Form.of(await read_json(request))
        name = form.text("name", at_least=1, at_most=100, required=True)
        permissions = form.snowflake("permissions") or 0
        form.check()
        role = self._changes.add_role(self._guild(request), name or "", permissions)
        return answer({"id": str(role.id), "name": role.name})

    async def change_role(self, request: web.Request) -> web.Response:
        """PATCH /guilds/{id}/roles/{id}: its permissions."""
        form = Form.of(await read_json(request))
        permissions = form.snowflake("permissions", required=True)
        form.check()
        guild = self._guild(request)
        role = guild.roles.get(int(request.match_info["role_id"]))
        if role is None:
            raise Refusal("There is no such role here.")
        self._changes.set_permissions(guild, role, permissions or 0)
        return nothing()

    async def remove_role(self, request: web.Request) -> web.Response:
        """DELETE /guilds/{id}/roles/{id}."""
        guild = self._guild(request)
        role = guild.roles.get(int(request.match_info["role_id"]))
        if role is None or role.id == guild.id:
            raise Refusal("There is no such role here that could be deleted.")
        self._changes.remove_role(guild, role)
        return nothing()

    async def add_channel(self, request: web.Request) -> web.Response:
        """POST /guilds/{id}/channels: one for text or `voice`; under `parent_id` a thread, for `invited`."""
        form = Form.of(await read_json(request))
        name = form.text("name", at_least=1, at_most=100, required=True)
        parent_id = form.snowflake("parent_id")
        invited = frozenset(_ids(form, "invited"))
        kind = ChannelKind.VOICE if form.boolean("voice") else ChannelKind.TEXT
        form.check()
        guild = self._guild(request)
        parent = guild.channels.get(parent_id or 0)
        channel = self._changes.add_channel(guild, name or "", parent, invited, kind)
        return answer({"id": str(channel.id), "name": channel.name})

    async def change_thread(self, request: web.Request) -> web.Response:
        """PATCH /channels/{id}: whether a thread is `archived`, and `locked`."""
        form = Form.of(await read_json(request))
        archived, locked = bool(form.boolean("archived")), bool(form.boolean("locked"))
        form.check()
        _, channel = self._channel(request)
        if not channel.is_thread:
            raise Refusal("Only threads are archived.")
        self._changes.set_thread(channel, archived=archived, locked=locked)
        return nothing()

    async def remove_channel(self, request: web.Request) -> web.Response:
        """DELETE /channels/{id}."""
        guild, channel = self._channel(request)
        self._changes.remove_channel(guild, channel)
        return nothing()

    async def set_overwrite(self, request: web.Request) -> web.Response:
        """PUT /channels/{id}/overwrites/{role or user}: what is allowed and denied there."""
        form = Form.of(await read_json(request))
        allow, deny = form.snowflake("allow") or 0, form.snowflake("deny") or 0
        form.check()
        guild, channel = self._channel(request)
        target_id = int(request.match_info["target_id"])
        self._changes.set_overwrite(guild, channel, target_id, allow=allow, deny=deny)
        return nothing()

    async def change_user(self, request: web.Request) -> web.Response:
        """PATCH /users/{id}: whether they take direct messages, how large a file they may send."""
        form = Form.of(await read_json(request))
        user = self._world.users.get(int(request.match_info["user_id"]))
        takes_dms = form.boolean("takes_dms")
        upload_limit_bytes = form.integer("upload_limit_bytes", at_least=0)
        form.check()
        if user is None:
            raise Refusal("There is no such user.")
        user.takes_dms = user.takes_dms if takes_dms is None else takes_dms
        if upload_limit_bytes is not None:
            user.upload_limit_bytes = upload_limit_bytes
        return nothing()

    async def add_fault(self, request: web.Request) -> web.Response:
        """POST /faults: the fields of `sandbox.discord.faults.Fault`."""
        self._faults.add(_read_fault(Form.of(await read_json(request))))
        return nothing()

    async def clear_faults(self, _: web.Request) -> web.Response:
        """DELETE /faults: everything works again."""
        self._faults.clear()
        return nothing()

    async def trouble_gateway(self, request: web.Request) -> web.Response:
        """POST /gateway: drop (with a close code), reconnect, invalidate, refuse, withhold guilds, delay."""
        form = Form.of(await read_json(request))
        if (code := form.integer("drop", at_least=1000, at_most=4999)) is not None:
            self._sessions.drop_connections(code)
        if form.boolean("reconnect"):
            self._sessions.ask_to_reconnect()
        if (resumable := form.boolean("invalidate_resumable")) is not None:
            self._sessions.invalidate(resumable=resumable)
        if (refuses := form.boolean("refuses_logins")) is not None:
            self._faults.gateway.refuses_logins = refuses
        if (withholds_guilds := form.boolean("withholds_guilds")) is not None:
            self._faults.gateway.withholds_guilds = withholds_guilds
        if (delay := form.number("event_delay_seconds")) is not None:
            self._faults.gateway.event_delay_seconds = delay
        form.check()
        return nothing()

    async def expire(self, request: web.Request) -> web.Response:
        """POST /expire: all interaction `tokens`, all `nonces`."""
        form = Form.of(await read_json(request))
        if form.boolean("tokens"):
            self._interactions.expire_tokens()
        if form.boolean("nonces"):
            self._nonces.expire()
        return nothing()

    def _guild(self, request: web.Request) -> Guild:
        guild = self._world.guilds.get(int(request.match_info["guild_id"]))
        if guild is None:
            raise Refusal("There is no such guild.")
        return guild

    def _channel(self, request: web.Request) -> tuple[Guild, Channel]:
        channel = self._world.channels.get(int(request.match_info["channel_id"]))
        guild = self._world.guilds.get(channel.guild_id or 0) if channel else None
        if channel is None or guild is None:
            raise Refusal("There is no such channel in a guild.")
        return guild, channel


def _read_fault(form: Form) -> Fault:
    kinds: dict[str | None, Kind] = {kind: kind for kind in get_args(Kind)}
    kind = kinds.get(form.text("kind"))
    if kind is None:
        raise Refusal(f"A fault's kind is one of {', '.join(get_args(Kind))}.")
    given = {
        "method": form.text("method"),
        "route": form.text("route"),
        "skip": form.integer("skip", at_least=0),
        "after_effect": form.boolean("after_effect"),
        "status": form.integer("status", at_least=100, at_most=599),
        "seconds": form.number("seconds"),
        "retry_after": form.boolean("retry_after"),
        "via": form.boolean("via"),
        "for_all": form.boolean("for_all"),
    }
    times = form.integer("times", at_least=1) if form.has("times") else 1
    form.check()
    fault = Fault(kind=kind, times=times)
    for name, value in given.items():
        if value is not None:
            setattr(fault, name, value)
    return fault


def _ids(form: Form, key: str) -> set[int]:
    found = (snowflake_of(value) for value in form.values(key))
    return {identifier for identifier in found if identifier is not None}
