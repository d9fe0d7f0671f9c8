"""The control API, as people use commands, components and modals. JSON over HTTP, below /sandbox.

Whoever waits does so here: an answer comes when there is news, or when `timeout_seconds` are over.
"""

from collections.abc import Mapping

from aiohttp import web

from sandbox.discord import views
from sandbox.discord.answers import answer
from sandbox.discord.commands import CHAT_INPUT, Commands
from sandbox.discord.errors import ApiError, Refusal
from sandbox.discord.faults import Handler
from sandbox.discord.forms import Form
from sandbox.discord.interaction import Interaction
from sandbox.discord.interactions import Interactions
from sandbox.discord.messages import visible
from sandbox.discord.news import News
from sandbox.discord.people import MAX_WAIT_SECONDS, People, required_id, timeout_of
from sandbox.discord.sessions import Sessions
from sandbox.discord.typing_in import Typed, TypingIn
from sandbox.discord.uploads import read_json
from sandbox.discord.using import Using
from sandbox.discord.world import World

PREFIX = "/sandbox"
MAX_AT_ONCE = 10_000
CHANNEL = PREFIX + r"/channels/{channel_id:\d{1,20}}"


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
    """What people ask of the bot, and how it answers."""

    def __init__(
        self,
        world: World,
        commands: Commands,
        interactions: Interactions,
        sessions: Sessions,
        news: News,
    ) -> None:
        self._commands = commands
        self._interactions = interactions
        self._sessions = sessions
        self._news = news
        self._people = People(world)
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
            web.get(CHANNEL + "/commands", self.list_commands),
        ]

    async def ready(self, request: web.Request) -> web.Response:
        """GET /ready: wait until the bot is connected and has registered commands."""

        def look() -> bool | None:
            return bool(self._sessions.connected() and self._commands.any_registered()) or None

        found = await self._news.until("ready", look, timeout_of(request.query))
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
        user, channel = self._people.acting_person(form)
        message = visible(channel, required_id(form, "message_id"), user.id)
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
        shown = self._interactions.get(required_id(form, "interaction_id"))
        user = self._people.user(required_id(form, "user_id"))
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
            await self._settled(found, timeout_of(request.query))
        return answer(views.interaction(found))

    async def list_interactions(self, _: web.Request) -> web.Response:
        """GET /interactions: all that are still known, with the time of each step."""
        return answer([views.interaction(each) for each in self._interactions.all()])

    async def list_commands(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/commands: what can be typed there."""
        channel = self._people.channel(int(request.match_info["channel_id"]))
        return answer(self._commands.seen_in(channel.guild_id))

    def _type(self, form: Form) -> Interaction:
        user, channel = self._people.acting_person(form)
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


def _object(form: Form, key: str) -> Mapping[str, object]:
    inner = form.form(key)
    return inner.data if inner else {}
