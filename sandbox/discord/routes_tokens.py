"""The routes that an interaction's token opens; none of them needs a permission.

Source: Discord's reference, Receiving and Responding, Endpoints.
"""

from aiohttp import web

from sandbox.discord import wire
from sandbox.discord.answers import answer, nothing
from sandbox.discord.interaction import Interaction
from sandbox.discord.interactions import Interactions
from sandbox.discord.messages import Messages
from sandbox.discord.model import Message
from sandbox.discord.rest import identifier
from sandbox.discord.uploads import read_submission
from sandbox.discord.world import World

_CALLBACK = r"/interactions/{interaction_id:\d{1,20}}/{token}/callback"
_WEBHOOK = r"/webhooks/{application_id:\d{1,20}}/{token}"
_MESSAGE = _WEBHOOK + r"/messages/{message_id:@original|\d{1,20}}"
_TRUE = frozenset({"1", "true", "True"})


class TokenRoutes:
    """Interaction callbacks, original responses and follow-ups."""

    def __init__(self, world: World, messages: Messages, interactions: Interactions) -> None:
        self._world = world
        self._messages = messages
        self._interactions = interactions

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(prefix + _CALLBACK, self.call_back),
            web.post(prefix + _WEBHOOK, self.follow_up),
            web.get(prefix + _MESSAGE, self.get),
            web.patch(prefix + _MESSAGE, self.edit),
            web.delete(prefix + _MESSAGE, self.delete),
        ]

    async def call_back(self, request: web.Request) -> web.Response:
        """POST /interactions/{id}/{token}/callback."""
        submission = await read_submission(request)
        described = self._interactions.call_back(
            identifier(request, "interaction_id"), request.match_info["token"], submission
        )
        return answer(described) if request.query.get("with_response") in _TRUE else nothing()

    async def follow_up(self, request: web.Request) -> web.Response:
        """POST /webhooks/{application}/{token}."""
        submission = await read_submission(request)
        message = self._interactions.follow_up(self._interaction(request), submission)
        return answer(wire.message(message, self._world))

    async def get(self, request: web.Request) -> web.Response:
        """GET /webhooks/{application}/{token}/messages/{id}."""
        return answer(wire.message(self._message(request, self._interaction(request)), self._world))

    async def edit(self, request: web.Request) -> web.Response:
        """PATCH /webhooks/{application}/{token}/messages/{id}."""
        submission = await read_submission(request)
        interaction = self._interaction(request)
        message = self._message(request, interaction)
        self._interactions.edit(interaction, message, submission)
        return answer(wire.message(message, self._world))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /webhooks/{application}/{token}/messages/{id}."""
        self._messages.delete(self._message(request, self._interaction(request)))
        return nothing()

    def _interaction(self, request: web.Request) -> Interaction:
        return self._interactions.by_token(identifier(request, "application_id"), request.match_info["token"])

    def _message(self, request: web.Request, interaction: Interaction) -> Message:
        message_id = request.match_info["message_id"]
        return self._interactions.message(interaction, None if message_id == "@original" else int(message_id))
