"""One interaction: what a member did, what the bot made of it, and when."""

import asyncio
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

from sandbox.discord import wire
from sandbox.discord.model import Channel, Message, User
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import ALL
from sandbox.discord.world import World

_MAX_STEPS = 100


class InteractionKind(IntEnum):
    """What a member did (Source: Interaction Type)."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class Callback(IntEnum):
    """How the bot may answer first (Source: Interaction Callback Type)."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an interaction: sent, callback, edit, followup or failed."""

    name: str
    at: datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class Deed:
    """What a member did: the interaction's `data`, its readable `name`, and the message it was done on.

    `trigger` is the interaction that showed the modal which is submitted.
    """

    data: Json
    name: str
    source: Message | None = None
    trigger: "Interaction | None" = None


@dataclass(slots=True, eq=False, kw_only=True)
class Interaction:
    """An interaction under way or done. `state` is sent, answered, deferred or failed.

    `source` is the message whose component was used, or out of which a modal came; `trigger` the interaction
    that showed the modal, and `submitted`, with that one, what came of it.
    """

    id: int
    kind: InteractionKind
    user: User
    channel: Channel
    data: Json
    name: str
    expires: float
    source: Message | None = None
    trigger: "Interaction | None" = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "sent"
    original: Message | None = None
    modal: Json | None = None
    submitted: "Interaction | None" = None
    choices: list[Json] | None = None
    steps: deque[Step] = field(default_factory=lambda: deque(maxlen=_MAX_STEPS))
    timer: asyncio.TimerHandle | None = None

    def note(self, step: str) -> None:
        """Write down that something happened now."""
        self.steps.append(Step(step, datetime.now(UTC), time.monotonic()))

    def metadata(self, world: World) -> Json:
        """Return what a message says of the interaction that it answers."""
        found: Json = {
            "id": str(self.id),
            "type": int(self.kind),
            "user": wire.user(self.user),
            "authorizing_integration_owners": self._owners(),
        }
        if self.kind is InteractionKind.COMMAND:
            found |= {"name": self.name, "command_type": self.data.get("type", 1)} | self._target()
        elif self.trigger is not None:
            found["triggering_interaction_metadata"] = self.trigger.metadata(world)
        elif self.source is not None:
            found["interacted_message_id"] = str(self.source.id)
        return found

    def payload(self, world: World) -> Json:
        """Return the data of INTERACTION_CREATE."""
        channel, guild_id = self.channel, self.channel.guild_id
        permissions = str(world.permissions(self.user, channel) & ALL)
        body: Json = {
            "id": str(self.id),
            "application_id": str(world.application_id),
            "type": int(self.kind),
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(channel.id),
            "channel": {**wire.channel(channel, world), "permissions": permissions},
            # Whether the bot is in a private thread makes no difference to them.
            "app_permissions": str(world.permissions_by_role(world.bot, channel)),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": self._owners(),
            # Source: Discord's reference, Uploading Files: the larger of the member's own and the guild's.
            "attachment_size_limit": max(world.upload_limit_bytes(guild_id), self.user.upload_limit_bytes),
        }
        member = world.member(guild_id, self.user.id)
        if member is None:
            body |= {"user": wire.user(self.user), "context": 1}
        else:
            body |= {
                "guild_id": str(guild_id),
                "guild": {"id": str(guild_id), "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "member": {**wire.member(member), "permissions": permissions},
                "context": 0,
            }
        if self.source is not None:
            body["message"] = wire.message(self.source, world)
        return body

    def _target(self) -> Json:
        """Return what a context menu was opened on."""
        resolved = self.data.get("resolved", {})
        target_id = self.data.get("target_id")
        if target_id in resolved.get("messages", {}):
            return {"target_message_id": target_id}
        user = resolved.get("users", {}).get(target_id)
        return {"target_user": user} if user else {}

    def _owners(self) -> Json:
        # Source: Authorizing Integration Owners Object: "0" stands for the bot's own direct messages.
        return {"0": str(self.channel.guild_id or 0)}
