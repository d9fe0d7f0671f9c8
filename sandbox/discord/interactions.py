"""The life of interactions: sent to the bot, answered in time or dead, and reached by their token afterwards.

Source: Discord's reference, Receiving and Responding: three seconds for the first answer,
fifteen minutes for the token, one callback.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from sandbox.discord import wire
from sandbox.discord.component_reader import read_modal_components
from sandbox.discord.errors import (
    already_acknowledged,
    expired_token,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from sandbox.discord.forms import Form
from sandbox.discord.interaction import Callback, Deed, Interaction, InteractionKind
from sandbox.discord.messages import Messages, Origin
from sandbox.discord.model import Channel, Message, MessageFlag, MessageKind, User
from sandbox.discord.news import News
from sandbox.discord.payloads import Json
from sandbox.discord.sessions import Event, Sessions
from sandbox.discord.uploads import Submission
from sandbox.discord.world import World

MAX_INTERACTIONS = 50_000
_ALLOWED = {
    InteractionKind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL},
    InteractionKind.COMPONENT: set(Callback) - {Callback.CHOICES},
    InteractionKind.AUTOCOMPLETE: {Callback.CHOICES},
    InteractionKind.MODAL_SUBMIT: set(Callback) - {Callback.CHOICES, Callback.MODAL},
}


class Interactions:
    """All interactions; the oldest are forgotten when there are too many."""

    def __init__(
        self,
        world: World,
        messages: Messages,
        sessions: Sessions,
        news: News,
        *,
        answer_seconds: float,
        token_seconds: float,
    ) -> None:
        self._world = world
        self._messages = messages
        self._sessions = sessions
        self._news = news
        self._answer_seconds = answer_seconds
        self._token_seconds = token_seconds
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def send(self, kind: InteractionKind, user: User, channel: Channel, deed: Deed) -> Interaction:
        """Send an interaction to the bot; it fails if it is not answered in time."""
        interaction = Interaction(
            id=self._world.snowflakes.next(),
            kind=kind,
            user=user,
            channel=channel,
            data=deed.data,
            name=deed.name,
            source=deed.source,
            trigger=deed.trigger,
            expires=time.monotonic() + self._token_seconds,
        )
        self._by_id[interaction.id] = self._by_token[interaction.token] = interaction
        if len(self._by_id) > MAX_INTERACTIONS:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            self._by_token.pop(oldest.token, None)
        interaction.note("sent")
        loop = asyncio.get_running_loop()
        interaction.timer = loop.call_later(self._answer_seconds, self._fail, interaction)
        body = interaction.payload(self._world)
        self._sessions.dispatch(Event(name="INTERACTION_CREATE", data=body, guild_id=channel.guild_id))
        return interaction

    def get(self, interaction_id: int) -> Interaction | None:
        """Return an interaction by its identifier."""
        return self._by_id.get(interaction_id)

    def all(self) -> list[Interaction]:
        """Return all interactions that are still known, oldest first."""
        return list(self._by_id.values())

    def stop(self) -> None:
        """Let no timer outlive the server."""
        for interaction in self._by_id.values():
            if interaction.timer is not None:
                interaction.timer.cancel()

    def expire_tokens(self) -> None:
        """Let all tokens that were given out be too old from now on."""
        for interaction in self._by_id.values():
            interaction.expires = 0.0

    def call_back(self, interaction_id: int, token: str, submission: Submission) -> Json:
        """Take the bot's first answer, and return the object that describes it.

        Raises ApiError: 10062 for an unknown or dead interaction, 40060 for a second answer, 50035.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.state == "failed":
            raise unknown_interaction()
        if interaction.state != "sent":
            raise already_acknowledged()
        form = submission.form
        number = form.integer("type", choices=_ALLOWED[interaction.kind], required=True)
        form.check()
        callback = Callback(number or 0)
        if callback in (Callback.DEFERRED_UPDATE, Callback.UPDATE) and interaction.source is None:
            form.fail("type", "INTERACTION_CALLBACK_INVALID", "There is no message to update")
            form.check()
        inner = Submission(form.form("data") or Form({}, ("data",), form.mistakes), submission.uploads)
        self._answers()[callback](interaction, inner)
        self._finish(
            interaction, "deferred" if callback is Callback.DEFERRED_MESSAGE else "answered", "callback"
        )
        return self._describe(interaction, callback)

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return the interaction of a token that may be used now.

        Raises ApiError: 10015 for one that is unknown or was never answered, 50027 for one that is too old.
        """
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.application_id:
            raise unknown_webhook()
        if time.monotonic() >= interaction.expires:
            raise expired_token()
        if interaction.state in ("sent", "failed"):
            raise unknown_webhook()
        return interaction

    def message(self, interaction: Interaction, message_id: int | None) -> Message:
        """Return a message that an interaction's token reaches; None means the first answer. Raises 10008."""
        wanted = interaction.original if message_id is None else None
        if message_id is not None:
            wanted = interaction.channel.messages.get(message_id)
        if wanted is None or wanted.id not in interaction.channel.messages:
            raise unknown_message()
        if wanted is not interaction.original and wanted.interaction_id != interaction.id:
            raise unknown_message()
        return wanted

    def edit(self, interaction: Interaction, message: Message, submission: Submission) -> None:
        """Edit a message through an interaction's token."""
        self._messages.edit(message, submission, "token")
        self._finish(interaction, "answered", "edit")

    def follow_up(self, interaction: Interaction, submission: Submission) -> Message:
        """Post a further message; the first one after a deferral takes the place of the deferred answer."""
        original = interaction.original
        if original is not None and original.body.flags & MessageFlag.LOADING:
            self.edit(interaction, original, submission)
            return original
        origin = self._origin(interaction, "token", submission.form)
        if original is not None:
            # A further message hangs on the first answer, as a reply.
            about = {**interaction.metadata(self._world), "original_response_message_id": str(original.id)}
            origin = replace(origin, kind=MessageKind.REPLY, reply_to=original, interaction=about)
        else:
            origin = replace(origin, kind=MessageKind.DEFAULT, reply_to=None)
        message = self._messages.create(interaction.channel, self._world.bot, submission, origin)
        interaction.note("followup")
        return message

    def _answers(self) -> dict[Callback, Callable[[Interaction, Submission], None]]:
        return {
            Callback.MESSAGE: self._answer_message,
            Callback.DEFERRED_MESSAGE: self._answer_deferred,
            Callback.DEFERRED_UPDATE: self._answer_deferred_update,
            Callback.UPDATE: self._answer_update,
            Callback.CHOICES: self._answer_choices,
            Callback.MODAL: self._answer_modal,
        }

    def _answer_message(self, interaction: Interaction, submission: Submission) -> None:
        origin = self._origin(interaction, "callback", submission.form)
        interaction.original = self._messages.create(interaction.channel, self._world.bot, submission, origin)

    def _answer_deferred(self, interaction: Interaction, submission: Submission) -> None:
        origin = self._origin(interaction, "callback", submission.form)
        submission.form.check()
        interaction.original = self._messages.create_loading(interaction.channel, origin)

    def _answer_deferred_update(self, interaction: Interaction, _: Submission) -> None:
        interaction.original = interaction.source

    def _answer_update(self, interaction: Interaction, submission: Submission) -> None:
        if interaction.source is not None:
            self._messages.edit(interaction.source, submission, "callback")
            interaction.original = interaction.source

    def _answer_choices(self, interaction: Interaction, submission: Submission) -> None:
        form = submission.form
        interaction.choices = [choice.data for choice in form.forms("choices", at_most=25)]
        form.check()

    def _answer_modal(self, interaction: Interaction, submission: Submission) -> None:
        form = submission.form
        modal: Json = {
            "custom_id": form.text("custom_id", at_least=1, at_most=100, required=True),
            "title": form.text("title", at_least=1, at_most=45, required=True),
            "components": read_modal_components(form),
        }
        form.check()
        interaction.modal = modal

    def _origin(self, interaction: Interaction, way: str, form: Form) -> Origin:
        ephemeral = (form.integer("flags", at_least=0) or 0) & MessageFlag.EPHEMERAL
        return Origin(
            way=way,
            kind=_kind(interaction),
            reply_to=interaction.source,
            ephemeral_to=interaction.user.id if ephemeral else None,
            interaction=interaction.metadata(self._world),
            interaction_id=interaction.id,
        )

    def _fail(self, interaction: Interaction) -> None:
        self._finish(interaction, "failed", "failed")

    def _finish(self, interaction: Interaction, state: str, step: str) -> None:
        interaction.state = state
        interaction.note(step)
        if interaction.timer is not None:
            interaction.timer.cancel()
            interaction.timer = None
        self._news.tell(("interaction", interaction.id))

    def _describe(self, interaction: Interaction, callback: Callback) -> Json:
        described: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
        resource: Json = {"type": int(callback)}
        message = interaction.original
        if message is not None:
            described |= {
                "response_message_id": str(message.id),
                "response_message_loading": bool(message.body.flags & MessageFlag.LOADING),
                "response_message_ephemeral": message.ephemeral_to is not None,
                "channel_id": str(message.channel_id),
            }
            if callback not in (Callback.DEFERRED_MESSAGE, Callback.DEFERRED_UPDATE):
                resource["message"] = wire.message(message, self._world)
        return {"interaction": described, "resource": resource}


def _kind(interaction: Interaction) -> MessageKind:
    if interaction.kind is not InteractionKind.COMMAND:
        return MessageKind.REPLY if interaction.source else MessageKind.DEFAULT
    is_slash = interaction.data.get("type", 1) == 1
    return MessageKind.CHAT_INPUT_COMMAND if is_slash else MessageKind.CONTEXT_MENU_COMMAND
