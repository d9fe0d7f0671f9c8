"""The control API, as people act: typing, clicking, reacting, reading. JSON over HTTP, below /sandbox.

Whoever waits does so here: an answer comes when there is news, or when `timeout_seconds` are over.
"""

from collections.abc import Mapping
from itertools import islice

from aiohttp import web

from sandbox.discord import views
from sandbox.discord.answers import answer, nothing
from sandbox.discord.commands import CHAT_INPUT, Commands
from sandbox.discord.errors import ApiError, Refusal
from sandbox.discord.faults import Handler
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.interaction import Interaction
from sandbox.discord.interactions import Interactions
from sandbox.discord.messages import Messages, Origin, visible
from sandbox.discord.model import Channel, Message, User
from sandbox.discord.news import News
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import Permission, send_permission
from sandbox.discord.sessions import Sessions
from sandbox.discord.typing_in import Typed, TypingIn
from sandbox.discord.uploads import Submission, read_json
from sandbox.discord.using import Using
from sandbox.discord.world import World

PREFIX = "/sandbox"
MAX_WAIT_SECONDS = 120.0
MAX_AT_ONCE = 10_000
_MAX_MESSAGES = 200
_CHANNEL = PREFIX + r"/channels/{channel_id:\d{1,20}}"


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 for what a person may not do, and 404 for what is not there."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    try:
        return await handler(request)
    except Refusal as refusal:
        return answer({"message": str(refusal)}, 400)
    except ApiError as error:
        return answer({"message": error.message, "code": error.code, "errors": error.errors}, error.status)


class PeopleRoutes:
    """What people do and see."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        commands: Commands,
        interactions: Interactions,
        sessions: Sessions,
        news: News,
    ) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._sessions = sessions
        self._news = news
        self._typing = TypingIn(world, commands, interactions)
        self._using = Using(world, interactions)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PREFIX + "/ready", self.ready),
            web.post(PREFIX + "/commands", self.type),
            web.post(PREFIX + "/commands/bulk", self.type_many),
            web.post(PREFIX + "/clicks", self.click),
            web.post(PREFIX + "/modals", self.submit),
            web.get(PREFIX + "/interactions", self.list_interactions),
            web.get(PREFIX + r"/interactions/{interaction_id:\d{1,20}}", self.interaction),
            web.post(PREFIX + "/reactions", self.react),
            web.post(PREFIX + "/dms", self.open_dm),
            web.get(_CHANNEL + "/commands", self.list_commands),
            web.get(_CHANNEL + "/messages", self.read),
            web.get(_CHANNEL + "/changes", self.changes),
            web.post(_CHANNEL + "/messages", self.write),
            web.get(_CHANNEL + r"/messages/{message_id:\d{1,20}}", self.read_one),
            web.delete(_CHANNEL + r"/messages/{message_id:\d{1,20}}", self.delete),
        ]

    async def ready(self, request: web.Request) -> web.Response:
        """GET /ready: wait until the bot is connected and has registered commands."""

        def look() -> bool | None:
            return bool(self._sessions.connected() and self._commands.any_registered()) or None

        found = await self._news.until("ready", look, _timeout(request.query))
        return answer({"ready": bool(found)})

    async def type(self, request: web.Request) -> web.Response:
        """POST /commands: type a command, pick one from a context menu, or ask for autocompletion."""
        form = Form.of(await read_json(request))
        return await self._answer(self._type(form), form)

    async def type_many(self, request: web.Request) -> web.Response:
        """POST /commands/bulk: send many interactions at once; answers at once with all of them."""
        form = Form.of(await read_json(request))
        found = [self._type(each) for each in form.forms("commands", at_most=MAX_AT_ONCE)]
        form.check()
        return answer([views.interaction(each) for each in found])

    async def click(self, request: web.Request) -> web.Response:
        """POST /clicks: use a button or a select menu."""
        form = Form.of(await read_json(request))
        user, channel = self._person(form)
        message = visible(channel, _required(form, "message_id"), user.id)
        sent = self._using.click(
            user,
            message,
            custom_id=form.text("custom_id"),
            label=form.text("label"),
            values=form.values("values"),
            raw=bool(form.boolean("raw")),
        )
        return await self._answer(sent, form)

    async def submit(self, request: web.Request) -> web.Response:
        """POST /modals: fill in and submit the modal that an interaction showed."""
        form = Form.of(await read_json(request))
        shown = self._interactions.get(_required(form, "interaction_id"))
        user = self._user(_required(form, "user_id"))
        if shown is None:
            raise Refusal("There is no such interaction.")
        sent = self._using.submit(user, shown, _object(form, "values"), raw=bool(form.boolean("raw")))
        return await self._answer(sent, form)

    async def interaction(self, request: web.Request) -> web.Response:
        """GET /interactions/{id}: how it stands, or with timeout_seconds how it ended."""
        found = self._interactions.get(int(request.match_info["interaction_id"]))
        if found is None:
            raise web.HTTPNotFound
        if "timeout_seconds" in request.query:
            await self._settled(found, _timeout(request.query))
        return answer(views.interaction(found))

    async def list_interactions(self, _: web.Request) -> web.Response:
        """GET /interactions: all that are still known, with the time of each step."""
        return answer([views.interaction(each) for each in self._interactions.all()])

    async def react(self, request: web.Request) -> web.Response:
        """POST /reactions: add a reaction, or with `remove` take one's own away."""
        form = Form.of(await read_json(request))
        user, channel = self._person(form)
        message = visible(channel, _required(form, "message_id"), user.id)
        emoji = form.text("emoji", at_least=1, at_most=40, required=True)
        form.check()
        if message.ephemeral_to is not None:
            raise Refusal("Nobody can react to an ephemeral message.")
        if form.boolean("remove"):
            self._messages.unreact(message, emoji or "", user.id)
        else:
            self._allow(user, channel, 0 if emoji in message.reactions else Permission.ADD_REACTIONS)
            self._messages.react(message, emoji or "", user)
        return nothing()

    async def open_dm(self, request: web.Request) -> web.Response:
        """POST /dms: the channel of a user's direct messages with the bot."""
        form = Form.of(await read_json(request))
        return answer({"id": str(self._world.dm_with(self._user(_required(form, "user_id"))).id)})

    async def list_commands(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/commands: what can be typed there."""
        channel = self._channel(int(request.match_info["channel_id"]))
        return answer(self._commands.seen_in(channel.guild_id))

    async def read(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages: the newest, oldest first, as a user sees them."""
        user, channel = self._viewer(request)
        shown = (each for each in reversed(channel.messages.values()) if views.sees(user, each))
        newest = [views.message(each, self._world) for each in islice(shown, _MAX_MESSAGES)]
        cursor = channel.changes[-1][0] if channel.changes else 0
        return answer({"messages": newest[::-1], "cursor": cursor})

    async def changes(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/changes: what changed after a cursor; waits until something does."""
        user, channel = self._viewer(request)
        after = int(_number(request.query, "after"))

        def look() -> Json | None:
            return views.changes(channel, user, after, self._world)

        found = await self._news.until(("channel", channel.id), look, _timeout(request.query))
        return answer(found or {"messages": [], "deleted": [], "cursor": after})

    async def read_one(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages/{id}: one message; waits until its revision is above `after`."""
        user, channel = self._viewer(request)
        message_id = int(request.match_info["message_id"])
        after = int(_number(request.query, "after"))

        def look() -> Message | None:
            message = visible(channel, message_id, user.id)
            return message if message.revision > after else None

        found = await self._news.until(("message", message_id), look, _timeout(request.query))
        return answer(views.message(found or visible(channel, message_id, user.id), self._world))

    async def write(self, request: web.Request) -> web.Response:
        """POST /channels/{id}/messages: write a message as a person."""
        form = Form.of(await read_json(request))
        user = self._user(_required(form, "user_id"))
        channel = self._channel(int(request.match_info["channel_id"]))
        self._allow(user, channel, send_permission(channel))
        message = self._messages.create(channel, user, Submission(form), Origin(way="person"))
        return answer(views.message(message, self._world))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /channels/{id}/messages/{id}: one's own, or with Manage Messages anyone's."""
        user, channel = self._viewer(request)
        message = visible(channel, int(request.match_info["message_id"]), user.id)
        if message.author is not user and message.ephemeral_to is None:
            self._allow(user, channel, Permission.MANAGE_MESSAGES)
        self._messages.delete(message)
        return nothing()

    def _type(self, form: Form) -> Interaction:
        user, channel = self._person(form)
        typed = Typed(
            name=form.text("name", required=True) or "",
            options=_object(form, "options"),
            kind=form.integer("type") or CHAT_INPUT,
            target_id=form.snowflake("target_id"),
            focused=form.text("focused"),
            raw=bool(form.boolean("raw")),
        )
        form.check()
        return self._typing.send(user, channel, typed)

    async def _answer(self, sent: Interaction, form: Form) -> web.Response:
        if form.boolean("wait") is not False:
            await self._settled(sent, MAX_WAIT_SECONDS)
        return answer(views.interaction(sent))

    async def _settled(self, sent: Interaction, timeout_seconds: float) -> None:
        def look() -> bool | None:
            return sent.state != "sent" or None

        await self._news.until(("interaction", sent.id), look, timeout_seconds)

    def _person(self, form: Form) -> tuple[User, Channel]:
        user = self._user(_required(form, "user_id"))
        channel = self._channel(_required(form, "channel_id"))
        self._allow(user, channel)
        return user, channel

    def _viewer(self, request: web.Request) -> tuple[User, Channel]:
        user = self._user(snowflake_of(request.query.get("user_id")) or 0)
        channel = self._channel(int(request.match_info["channel_id"]))
        self._allow(user, channel)
        return user, channel

    def _user(self, user_id: int) -> User:
        user = self._world.users.get(user_id)
        if user is None:
            raise Refusal(f"There is no user {user_id}.")
        return user

    def _channel(self, channel_id: int) -> Channel:
        channel = self._world.channels.get(channel_id)
        if channel is None:
            raise Refusal(f"There is no channel {channel_id}.")
        return channel

    def _allow(self, user: User, channel: Channel, needed: int = 0) -> None:
        needed |= Permission.VIEW_CHANNEL
        if self._world.permissions(user, channel) & needed != needed:
            raise Refusal("This person may not do that here.")


def _required(form: Form, key: str) -> int:
    found = form.snowflake(key, required=True)
    form.check()
    return found or 0


def _object(form: Form, key: str) -> Mapping[str, object]:
    inner = form.form(key)
    return inner.data if inner else {}


def _timeout(query: Mapping[str, str]) -> float:
    return min(_number(query, "timeout_seconds"), MAX_WAIT_SECONDS)


def _number(query: Mapping[str, str], key: str) -> float:
    try:
        return float(query.get(key, "0"))
    except ValueError:
        raise Refusal(f"{key} is a number.") from None
