"""The control API, as people read, write and react. JSON over HTTP, below /sandbox."""

from itertools import islice

from aiohttp import web

from sandbox.discord import views
from sandbox.discord.answers import answer, nothing
from sandbox.discord.control import CHANNEL, MAX_AT_ONCE, PREFIX
from sandbox.discord.errors import Refusal
from sandbox.discord.forms import Form
from sandbox.discord.messages import Messages, Origin, visible
from sandbox.discord.model import Message
from sandbox.discord.news import News
from sandbox.discord.payloads import Json
from sandbox.discord.people import People, number_of, required_id, timeout_of
from sandbox.discord.permissions import Permission, send_permission
from sandbox.discord.uploads import Submission, read_json
from sandbox.discord.world import World

_MAX_MESSAGES = 200
_MAX_EMOJI = 40


class MessageRoutes:
    """What people do with messages, and see of them."""

    def __init__(self, world: World, messages: Messages, news: News) -> None:
        self._world = world
        self._messages = messages
        self._news = news
        self._people = People(world)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(PREFIX + "/reactions", self.react),
            web.post(PREFIX + "/reactions/bulk", self.react_many),
            web.post(PREFIX + "/dms", self.open_dm),
            web.get(CHANNEL + "/messages", self.read),
            web.get(CHANNEL + "/changes", self.changes),
            web.post(CHANNEL + "/messages", self.write),
            web.get(CHANNEL + r"/messages/{message_id:\d{1,20}}", self.read_one),
            web.delete(CHANNEL + r"/messages/{message_id:\d{1,20}}", self.delete),
        ]

    async def react(self, request: web.Request) -> web.Response:
        """POST /reactions: add a reaction, or with `remove` take one's own away."""
        self._react(Form.of(await read_json(request)))
        return nothing()

    async def react_many(self, request: web.Request) -> web.Response:
        """POST /reactions/bulk: add and take away many reactions at once, in their order."""
        form = Form.of(await read_json(request))
        reactions = form.forms("reactions", at_most=MAX_AT_ONCE)
        form.check()
        for each in reactions:
            self._react(each)
        return nothing()

    async def open_dm(self, request: web.Request) -> web.Response:
        """POST /dms: the channel of a user's direct messages with the bot."""
        form = Form.of(await read_json(request))
        user = self._people.user(required_id(form, "user_id"))
        return answer({"id": str(self._world.dm_with(user).id)})

    async def read(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages: the newest, oldest first, as a user sees them."""
        user, channel = self._people.viewer(request)
        shown = (each for each in reversed(channel.messages.values()) if views.sees(user, each))
        newest = [views.message(each, self._world) for each in islice(shown, _MAX_MESSAGES)]
        cursor = channel.changes[-1][0] if channel.changes else 0
        return answer({"messages": newest[::-1], "cursor": cursor})

    async def changes(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/changes: what changed after a cursor; waits until something does."""
        user, channel = self._people.viewer(request)
        after = int(number_of(request.query, "after"))

        def look() -> Json | None:
            return views.changes(channel, user, after, self._world)

        found = await self._news.until(("channel", channel.id), look, timeout_of(request.query))
        return answer(found or {"messages": [], "deleted": [], "cursor": after})

    async def read_one(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages/{id}: one message; waits until its revision is above `after`."""
        user, channel = self._people.viewer(request)
        message_id = int(request.match_info["message_id"])
        after = int(number_of(request.query, "after"))

        def look() -> Message | None:
            message = visible(channel, message_id, user.id)
            return message if message.revision > after else None

        found = await self._news.until(("message", message_id), look, timeout_of(request.query))
        return answer(views.message(found or visible(channel, message_id, user.id), self._world))

    async def write(self, request: web.Request) -> web.Response:
        """POST /channels/{id}/messages: write a message as a person."""
        form = Form.of(await read_json(request))
        user = self._people.user(required_id(form, "user_id"))
        channel = self._people.channel(int(request.match_info["channel_id"]))
        self._people.allow(user, channel, send_permission(channel))
        message = self._messages.create(channel, user, Submission(form), Origin(way="person"))
        return answer(views.message(message, self._world))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /channels/{id}/messages/{id}: one's own, or with Manage Messages anyone's."""
        user, channel = self._people.viewer(request)
        message = visible(channel, int(request.match_info["message_id"]), user.id)
        if message.author is not user and message.ephemeral_to is None:
            self._people.allow(user, channel, Permission.MANAGE_MESSAGES)
        self._messages.delete(message)
        return nothing()

    def _react(self, form: Form) -> None:
        user, channel = self._people.acting(form)
        message = visible(channel, required_id(form, "message_id"), user.id)
        emoji = form.text("emoji", at_least=1, at_most=_MAX_EMOJI, required=True) or ""
        form.check()
        if message.ephemeral_to is not None:
            raise Refusal("Nobody can react to an ephemeral message.")
        if form.boolean("remove"):
            self._messages.unreact(message, emoji, user.id)
            return
        self._people.allow(user, channel, Permission.READ_MESSAGE_HISTORY)
        if emoji not in message.reactions:
            self._people.allow(user, channel, Permission.ADD_REACTIONS)
        self._messages.react(message, emoji, user)
