"""The routes of channels, messages and reactions. Source: Discord's reference, those resources."""

from collections.abc import Iterable, Mapping
from itertools import islice

from aiohttp import web

from sandbox.discord import wire
from sandbox.discord.access import Access
from sandbox.discord.answers import answer, nothing
from sandbox.discord.changes import Changes
from sandbox.discord.errors import (
    closed_dms,
    edits_other_author,
    missing_permissions,
    no_common_guild,
    not_in_dms,
    reply_without_history,
    unknown_emoji,
    unknown_message,
    unknown_user,
)
from sandbox.discord.forms import Form, snowflake_of
from sandbox.discord.messages import Messages, Origin, may_read
from sandbox.discord.model import Channel, Message, MessageKind
from sandbox.discord.nonces import Nonces
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import Permission, send_permission
from sandbox.discord.rest import identifier, number
from sandbox.discord.uploads import read_json, read_submission
from sandbox.discord.world import World

_CHANNEL = r"/channels/{channel_id:\d{1,20}}"
_MESSAGE = _CHANNEL + r"/messages/{message_id:\d{1,20}}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
_MAX_EMOJI = 40


class ChannelRoutes:
    """Everything under /channels, with the bot's permissions enforced."""

    def __init__(self, world: World, changes: Changes, messages: Messages, nonces: Nonces) -> None:
        self._world = world
        self._changes = changes
        self._messages = messages
        self._nonces = nonces
        self._access = Access(world)

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(prefix + _CHANNEL, self.get_channel),
            web.patch(prefix + _CHANNEL, self.edit_thread),
            web.post(prefix + _CHANNEL + "/typing", self.type),
            web.get(prefix + _CHANNEL + "/messages", self.list_messages),
            web.post(prefix + _CHANNEL + "/messages", self.create),
            web.post(prefix + _CHANNEL + "/messages/bulk-delete", self.bulk_delete),
            web.get(prefix + _MESSAGE, self.get_message),
            web.patch(prefix + _MESSAGE, self.edit),
            web.delete(prefix + _MESSAGE, self.delete),
            web.delete(prefix + _MESSAGE + "/reactions", self.clear_reactions),
            web.get(prefix + _REACTION, self.list_reactions),
            web.delete(prefix + _REACTION, self.clear_reactions),
            web.put(prefix + _REACTION + "/@me", self.react),
            web.delete(prefix + _REACTION + r"/{user_id:@me|\d{1,20}}", self.unreact),
        ]

    async def get_channel(self, request: web.Request) -> web.Response:
        """GET /channels/{id}."""
        return answer(wire.channel(self._access.channel(identifier(request, "channel_id")), self._world))

    async def edit_thread(self, request: web.Request) -> web.Response:
        """PATCH /channels/{id}: whether a thread is archived and locked; whoever may write may open it."""
        form = Form.of(await read_json(request))
        archived, locked = form.boolean("archived"), form.boolean("locked")
        form.check()
        thread = self._access.channel(identifier(request, "channel_id"))
        if not thread.is_thread:
            raise missing_permissions()
        opens = archived is False and not locked and not thread.locked
        needed = send_permission(thread) if opens else Permission.MANAGE_THREADS
        self._access.channel(thread.id, needed)
        self._changes.set_thread(
            thread,
            archived=thread.archived if archived is None else archived,
            locked=thread.locked if locked is None else locked,
        )
        return answer(wire.channel(thread, self._world))

    async def type(self, request: web.Request) -> web.Response:
        """POST /channels/{id}/typing: nobody sees it in the sandbox."""
        self._access.writable(identifier(request, "channel_id"))
        return nothing()

    async def list_messages(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages, newest first, with before, after, around and limit."""
        channel = self._access.channel(identifier(request, "channel_id"))
        found: Iterable[Message] = ()
        if may_read(self._world.permissions(self._world.bot, channel)):
            found = _page(channel, request.query)
        return answer([wire.message(message, self._world) for message in found])

    async def get_message(self, request: web.Request) -> web.Response:
        """GET /channels/{id}/messages/{id}."""
        return answer(wire.message(self._message(request, Permission.READ_MESSAGE_HISTORY), self._world))

    async def create(self, request: web.Request) -> web.Response:
        """POST /channels/{id}/messages; with enforce_nonce, a nonce's repeat returns its message."""
        channel_id = identifier(request, "channel_id")
        self._access.writable(channel_id)
        submission = await read_submission(request)
        form = submission.form
        channel = self._access.writable(
            channel_id, files=bool(submission.uploads), embeds=bool(form.data.get("embeds"))
        )
        if channel.archived:  # a new message opens a thread by itself
            self._access.channel(channel_id, Permission.MANAGE_THREADS if channel.locked else 0)
            self._changes.set_thread(channel, archived=False, locked=channel.locked)
        self._check_recipient(channel)
        nonce = _read_nonce(form)
        if form.boolean("enforce_nonce") and (first := self._nonces.find(nonce)):
            return answer(self._first_of(first))
        replied = self._replied(form, channel)
        form.check()
        origin = Origin(
            way="channel",
            kind=MessageKind.REPLY if replied else MessageKind.DEFAULT,
            reply_to=replied,
            nonce=nonce,
        )
        message = self._messages.create(channel, self._world.bot, submission, origin)
        self._nonces.keep(nonce, message)
        return answer(wire.new_message(message, self._world))

    async def edit(self, request: web.Request) -> web.Response:
        """PATCH /channels/{id}/messages/{id}: the bot's own messages alone."""
        channel_id, message_id = identifier(request, "channel_id"), identifier(request, "message_id")
        submission = await read_submission(request)
        self._access.writable(
            channel_id,
            files=bool(submission.uploads),
            embeds=bool(submission.form.data.get("embeds")),
            history=True,
        )
        message = self._access.message(channel_id, message_id)
        if message.author is not self._world.bot:
            raise edits_other_author()
        self._messages.edit(message, submission, "channel")
        return answer(wire.message(message, self._world))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /channels/{id}/messages/{id}: others' messages only with Manage Messages."""
        message = self._message(request)
        if message.author is not self._world.bot:
            self._may_manage(request)
        self._messages.delete(message)
        return nothing()

    async def bulk_delete(self, request: web.Request) -> web.Response:
        """POST /channels/{id}/messages/bulk-delete, of 2 to 100 messages."""
        channel = self._access.channel(identifier(request, "channel_id"), Permission.MANAGE_MESSAGES)
        form = Form.of(await read_json(request))
        ids = [snowflake_of(value) for value in form.values("messages", at_least=2, at_most=100)]
        form.check()
        wanted = (channel.messages.get(message_id or 0) for message_id in dict.fromkeys(ids))
        self._messages.delete_many([each for each in wanted if each and each.ephemeral_to is None])
        return nothing()

    async def react(self, request: web.Request) -> web.Response:
        """PUT …/reactions/{emoji}/@me; a new emoji needs Add Reactions."""
        emoji = _emoji(request)
        message = self._message(request, Permission.READ_MESSAGE_HISTORY)
        if emoji not in message.reactions:
            self._message(request, Permission.ADD_REACTIONS)
        self._messages.react(message, emoji, self._world.bot)
        return nothing()

    async def unreact(self, request: web.Request) -> web.Response:
        """DELETE …/reactions/{emoji}/{@me or user}: others' reactions need Manage Messages."""
        whose = request.match_info["user_id"]
        user_id = self._world.bot.id if whose == "@me" else int(whose)
        emoji, message = _emoji(request), self._message(request)
        if user_id != self._world.bot.id:
            self._may_manage(request)
        if user_id not in self._world.users:
            raise unknown_user()
        self._messages.unreact(message, emoji, user_id)
        return nothing()

    async def clear_reactions(self, request: web.Request) -> web.Response:
        """DELETE …/reactions and …/reactions/{emoji}, with Manage Messages."""
        emoji = _emoji(request) if "emoji" in request.match_info else None
        self._messages.clear_reactions(self._may_manage(request), emoji)
        return nothing()

    async def list_reactions(self, request: web.Request) -> web.Response:
        """GET …/reactions/{emoji}, with after and limit."""
        message = self._message(request, Permission.READ_MESSAGE_HISTORY)
        after = snowflake_of(request.query.get("after")) or 0
        users = sorted(message.reactions.get(_emoji(request), {}).values(), key=lambda user: user.id)
        limit = number(request.query, "limit", 25, at_most=100)
        return answer([wire.user(user) for user in users if user.id > after][:limit])

    def _message(self, request: web.Request, needed: int = 0) -> Message:
        return self._access.message(
            identifier(request, "channel_id"), identifier(request, "message_id"), needed
        )

    def _may_manage(self, request: web.Request) -> Message:
        """Return the message of the address, if what is others' may be taken away from it."""
        if self._message(request).guild_id is None:
            raise not_in_dms()
        return self._message(request, Permission.MANAGE_MESSAGES)

    def _check_recipient(self, channel: Channel) -> None:
        """Raise the errors of direct messages that do not arrive."""
        if channel.recipient is None:
            return
        if not any(channel.recipient.id in guild.members for guild in self._world.guilds.values()):
            raise no_common_guild()
        if not channel.recipient.takes_dms:
            raise closed_dms()

    def _first_of(self, first: Message) -> Json:
        """Return what a nonce made before; where that was deleted, nothing is made in its place.

        Source: discord-api-docs, pull request 6647.
        """
        channel = self._world.channels.get(first.channel_id)
        if channel is None or first.id not in channel.messages:
            raise unknown_message()
        return wire.new_message(first, self._world)

    def _replied(self, form: Form, channel: Channel) -> Message | None:
        reference = form.form("message_reference")
        replied_id = reference.snowflake("message_id", required=True) if reference else None
        if reference is None or replied_id is None:
            return None
        if not may_read(self._world.permissions(self._world.bot, channel)):
            raise reply_without_history()
        found = channel.messages.get(replied_id)
        message = found if found and found.ephemeral_to is None else None
        if message is None and reference.boolean("fail_if_not_exists") is not False:
            reference.fail("", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return message


def _read_nonce(form: Form) -> str | int | None:
    value = form.data.get("nonce")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return form.text("nonce", at_most=25)


def _page(channel: Channel, query: Mapping[str, str]) -> list[Message]:
    limit = number(query, "limit", 50, at_most=100)
    messages = [each for each in channel.messages.values() if each.ephemeral_to is None]
    bounds = {key: snowflake_of(query.get(key)) for key in ("before", "after", "around")}
    if (after := bounds["after"]) is not None:
        newer = (each for each in messages if each.id > after)
        return list(islice(newer, limit))[::-1]
    if (around := bounds["around"]) is not None:
        older = [each for each in messages if each.id < around]
        rest = [each for each in messages if each.id >= around]
        return [*older[-(limit // 2) :], *rest[: limit - limit // 2]][::-1]
    before = bounds["before"]
    newest_first = reversed(messages)
    return list(islice((each for each in newest_first if before is None or each.id < before), limit))


def _emoji(request: web.Request) -> str:
    emoji = request.match_info["emoji"]
    custom = emoji.rpartition(":")[2].isdecimal() and ":" in emoji
    if not custom and (emoji.isascii() or len(emoji) > _MAX_EMOJI):
        raise unknown_emoji()
    return emoji
