"""Messages: made, edited, deleted, reacted to, and told to the bot and to whoever waits for them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sandbox.discord import wire
from sandbox.discord.blobs import Blobs
from sandbox.discord.drafts import Draft, Drafter
from sandbox.discord.errors import archived_thread, too_many_reactions, unknown_channel, unknown_message
from sandbox.discord.mentions import apply_mentions, read_allowed_mentions
from sandbox.discord.model import Body, Channel, Edit, Message, MessageFlag, MessageKind, User
from sandbox.discord.news import News
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import Permission
from sandbox.discord.sessions import Event, Intent, Sessions
from sandbox.discord.uploads import Submission
from sandbox.discord.world import World

MAX_REACTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a new message comes from: how it got here, what it replies to, whose eyes it is for."""

    way: str
    kind: MessageKind = MessageKind.DEFAULT
    reply_to: Message | None = None
    ephemeral_to: int | None = None
    interaction: Json | None = None
    interaction_id: int | None = None
    nonce: str | int | None = None


class Messages:
    """The one place where messages change. `cdn_base` is the address under which attachments are served."""

    def __init__(self, world: World, sessions: Sessions, news: News, blobs: Blobs) -> None:
        self.cdn_base = ""
        self._world = world
        self._sessions = sessions
        self._news = news
        self._blobs = blobs
        self._changes = 0

    def create(self, channel: Channel, author: User, submission: Submission, origin: Origin) -> Message:
        """Make a message of what was submitted; raise ApiError for what Discord would not take."""
        allowed = read_allowed_mentions(submission.form)
        draft = self._drafter(channel).draft(submission)
        message = self._new(channel, author, draft.body, origin)
        # What an interaction is answered with hangs on the message that was clicked, and pings nobody for it.
        replied_to = origin.reply_to.author if origin.reply_to and origin.interaction is None else None
        apply_mentions(message, allowed, self._world, replied_to=replied_to)
        self._publish(message, draft, origin.way)
        self._tell_bot("MESSAGE_CREATE", message)
        return message

    def create_loading(self, channel: Channel, origin: Origin) -> Message:
        """Make the message that stands in for a deferred answer."""
        flags = MessageFlag.LOADING | (MessageFlag.EPHEMERAL if origin.ephemeral_to else 0)
        message = self._new(channel, self._world.bot, Body(flags=flags), origin)
        self._publish(message, Draft(message.body, {}), origin.way)
        self._tell_bot("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, submission: Submission, way: str) -> None:
        """Change a message as submitted; raise ApiError for what Discord would not take."""
        channel = self._channel_of(message)
        self._check_open(message)
        was_loading = message.body.flags & MessageFlag.LOADING
        old = replace(message.body, flags=message.body.flags & ~MessageFlag.LOADING)
        allowed = read_allowed_mentions(submission.form)
        draft = self._drafter(channel).draft(submission, old)
        message.body = draft.body
        if was_loading:
            apply_mentions(message, allowed, self._world)
        else:
            message.edited_at = datetime.now(UTC)
        self._publish(message, draft, way)
        self._tell_bot("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Take a message away."""
        self._drop(message)
        if message.ephemeral_to is None:
            body = {"id": str(message.id), **_place(message)}
            self._dispatch("MESSAGE_DELETE", message, Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES, body)

    def delete_many(self, messages: Sequence[Message]) -> None:
        """Take messages of one channel away, and tell of it once."""
        for message in messages:
            self._drop(message)
        if messages:
            body = {"ids": [str(each.id) for each in messages], **_place(messages[0])}
            intents = Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES
            self._dispatch("MESSAGE_DELETE_BULK", messages[0], *intents, body)

    def react(self, message: Message, emoji: str, user: User) -> None:
        """Add a user's reaction; one that is there already changes nothing. Raises 30010 for one too many."""
        self._check_open(message)
        if emoji not in message.reactions and len(message.reactions) >= MAX_REACTIONS:
            raise too_many_reactions(MAX_REACTIONS)
        users = message.reactions.setdefault(emoji, {})
        if user.id not in users:
            users[user.id] = user
            self._tell_reaction("MESSAGE_REACTION_ADD", message, emoji, user)

    def unreact(self, message: Message, emoji: str, user_id: int) -> None:
        """Take a user's reaction away; one that is not there changes nothing."""
        self._check_open(message)
        users = message.reactions.get(emoji, {})
        user = users.pop(user_id, None)
        if not users:
            message.reactions.pop(emoji, None)
        if user is not None:
            self._tell_reaction("MESSAGE_REACTION_REMOVE", message, emoji, user)

    def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """Take all reactions away, or all of one emoji."""
        body = {"message_id": str(message.id), **_place(message)}
        if emoji is None:
            message.reactions.clear()
            name = "MESSAGE_REACTION_REMOVE_ALL"
        else:
            message.reactions.pop(emoji, None)
            name = "MESSAGE_REACTION_REMOVE_EMOJI"
            body["emoji"] = wire.emoji(emoji)
        self._dispatch(name, message, Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS, body)
        self._note_change(self._world.channels[message.channel_id], message)

    def _channel_of(self, message: Message) -> Channel:
        channel = self._world.channels.get(message.channel_id)
        if channel is None or message.id not in channel.messages:
            raise unknown_message()
        return channel

    def _check_open(self, message: Message) -> None:
        """Raise 50083 for a message in an archived thread, where only deleting is done."""
        if self._world.channels[message.channel_id].archived:
            raise archived_thread()

    def _drop(self, message: Message) -> None:
        channel = self._channel_of(message)
        del channel.messages[message.id]
        self._note_change(channel, message)

    def _drafter(self, channel: Channel) -> Drafter:
        limit = self._world.upload_limit_bytes(channel.guild_id)
        return Drafter(f"{self.cdn_base}/attachments/{channel.id}", limit, self._world.snowflakes.next)

    def _new(self, channel: Channel, author: User, body: Body, origin: Origin) -> Message:
        if channel.id not in self._world.channels:
            raise unknown_channel()
        flags = body.flags
        if origin.ephemeral_to is None:
            flags &= ~MessageFlag.EPHEMERAL
        return Message(
            self._world.snowflakes.next(),
            channel.id,
            channel.guild_id,
            author,
            replace(body, flags=int(flags)),
            origin.kind,
            origin.nonce,
            origin.reply_to.id if origin.reply_to else None,
            origin.ephemeral_to,
            origin.interaction,
            origin.interaction_id,
        )

    def _publish(self, message: Message, draft: Draft, way: str) -> None:
        for url, blob in draft.files.items():
            self._blobs.put(url.removeprefix(self.cdn_base), blob)
        message.edits.append(Edit(datetime.now(UTC), time.monotonic(), way, message.body))
        channel = self._world.channels[message.channel_id]
        self._world.keep(channel, message)
        self._note_change(channel, message)

    def _note_change(self, channel: Channel, message: Message) -> None:
        self._changes += 1
        message.revision = self._changes
        channel.changes.append((self._changes, message.id))
        self._news.tell(("channel", channel.id))
        self._news.tell(("message", message.id))

    def _tell_bot(self, name: str, message: Message) -> None:
        intent = Intent.GUILD_MESSAGES if message.guild_id else Intent.DIRECT_MESSAGES
        if message.ephemeral_to is not None or not self._sessions.wanted(message.guild_id, intent):
            return
        bot = self._world.bot
        is_new = name == "MESSAGE_CREATE"
        body = (wire.new_message if is_new else wire.message)(message, self._world)
        member = self._world.member(message.guild_id, message.author.id)
        if member is not None:
            body |= {"guild_id": str(message.guild_id), "member": wire.member_without_user(member)}
        hidden = message.guild_id and message.author is not bot and bot not in message.mentions
        reduced = {**body, "content": "", "embeds": [], "attachments": [], "components": []}
        self._send(name, message, intent, body, reduced if hidden else None)

    def _tell_reaction(self, name: str, message: Message, emoji: str, user: User) -> None:
        self._note_change(self._world.channels[message.channel_id], message)
        body: Json = {
            "user_id": str(user.id),
            "message_id": str(message.id),
            "emoji": wire.emoji(emoji),
            "type": 0,
            "burst": False,
            **_place(message),
        }
        if name == "MESSAGE_REACTION_ADD":
            body["message_author_id"] = str(message.author.id)
            member = self._world.member(message.guild_id, user.id)
            body |= {"member": wire.member(member)} if member else {}
        self._dispatch(name, message, Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS, body)

    def _dispatch(self, name: str, message: Message, in_guild: Intent, in_dms: Intent, body: Json) -> None:
        self._send(name, message, in_guild if message.guild_id else in_dms, body, None)

    def _send(self, name: str, message: Message, intent: Intent, body: Json, reduced: Json | None) -> None:
        channel = self._world.channels.get(message.channel_id)
        if channel is not None and self._world.sees(self._world.bot, channel):
            self._sessions.dispatch(
                Event(name=name, data=body, guild_id=message.guild_id, intent=intent, reduced=reduced)
            )


def visible(channel: Channel, message_id: int, viewer_id: int | None = None) -> Message:
    """Return a message as a viewer (None: the bot's channel routes) sees it; raise 10008 if not."""
    message = channel.messages.get(message_id)
    if message is None or message.ephemeral_to not in (None, viewer_id):
        raise unknown_message()
    return message


def may_read(permissions: int) -> bool:
    """Tell whether these permissions let one read a channel's history."""
    needed = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
    return permissions & needed == needed


def _place(message: Message) -> Json:
    place: Json = {"channel_id": str(message.channel_id)}
    if message.guild_id is not None:
        place["guild_id"] = str(message.guild_id)
    return place
