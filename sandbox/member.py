"""One member of a guild, doing and seeing what people do and see. See `sandbox.members`."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sandbox.control import Control, Refused
from sandbox.reading import read_interaction, read_message
from sandbox.shown import Interaction, Json, Message

Option: TypeAlias = str | float | bool
Predicate: TypeAlias = Callable[[Message], bool]

_MAX_WAIT_SECONDS = 60.0
_NOT_FOUND = 404
_USER_MENU, _MESSAGE_MENU = 2, 3


@dataclass(frozen=True, slots=True)
class Member:
    """Someone in a guild. Channels are named, or given by identifier (direct messages are: see `dm`)."""

    control: Control = field(repr=False)
    id: int
    name: str
    guild: str

    async def type(
        self,
        command: str,
        /,
        *,
        channel: str | int,
        options: Mapping[str, Option] | None = None,
        raw: bool = False,
        wait: bool = True,
        **more: Option,
    ) -> Interaction:
        """Type a command (subcommands after spaces) and wait for the first answer.

        Options go by name, or in `options` where a name is taken. `raw` sends what Discord's client would not
        let through; without it Refused is raised for that.
        """
        extra = {"options": {**(options or {}), **more}, "raw": raw, "wait": wait}
        return await self._act("/commands", self.command(command, channel, extra))

    async def complete(
        self, command: str, focused: str, text: Option, *, channel: str | int, **options: Option
    ) -> Interaction:
        """Type `text` into an option with autocompletion; the answer's `choices` are what is offered."""
        extra = {"options": {**options, focused: text}, "focused": focused}
        return await self._act("/commands", self.command(command, channel, extra))

    async def open_menu(
        self, command: str, on: "Message | Member", *, channel: str | int, wait: bool = True
    ) -> Interaction:
        """Pick a command from the context menu of a message or a member."""
        kind = _MESSAGE_MENU if isinstance(on, Message) else _USER_MENU
        extra = {"type": kind, "target_id": str(on.id), "wait": wait}
        return await self._act("/commands", self.command(command, channel, extra))

    async def click(
        self,
        message: Message,
        *,
        custom_id: str | None = None,
        label: str | None = None,
        values: Sequence[str | int] = (),
        raw: bool = False,
        wait: bool = True,
    ) -> Interaction:
        """Use the button or, with `values`, the select menu of this custom_id or label.

        `raw` sends a custom_id that is not on the message, or one that is disabled.
        """
        body = {
            **self.acting_on(message),
            "custom_id": custom_id,
            "label": label,
            "values": [str(value) for value in values],
            "raw": raw,
            "wait": wait,
        }
        return await self._act("/clicks", body)

    async def submit(
        self,
        shown: Interaction,
        values: Mapping[str, Option | Sequence[str]],
        *,
        raw: bool = False,
        wait: bool = True,
    ) -> Interaction:
        """Submit the modal that an interaction showed, whenever; inputs that are not named stay as they were.

        A menu takes a value or a list of them. `raw` sends what Discord's client would not let through.
        """
        body = {
            "user_id": str(self.id),
            "interaction_id": str(shown.id),
            "values": values,
            "raw": raw,
            "wait": wait,
        }
        return await self._act("/modals", body)

    async def react(self, message: Message, emoji: str) -> None:
        """Add a reaction."""
        await self.control.call("POST", "/reactions", {**self.acting_on(message), "emoji": emoji})

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take one's own reaction away."""
        await self.control.call(
            "POST", "/reactions", {**self.acting_on(message), "emoji": emoji, "remove": True}
        )

    async def write(self, text: str, *, channel: str | int) -> Message:
        """Write a message."""
        path = f"/channels/{self._channel(channel)}/messages"
        return read_message(await self.control.call("POST", path, {"user_id": str(self.id), "content": text}))

    async def delete(self, message: Message) -> None:
        """Delete a message."""
        await self.control.call("DELETE", self._path(message), query=self._as_viewer())

    async def dm(self) -> int:
        """Return the channel of one's direct messages with the bot."""
        return int((await self.control.call("POST", "/dms", {"user_id": str(self.id)}))["id"])

    async def wait_for_dm(self, predicate: Predicate, timeout_seconds: float = 30.0) -> Message:
        """Return the first direct message of which `predicate` holds; raise TimeoutError if none comes."""
        return await self.wait_for_message(await self.dm(), predicate, timeout_seconds)

    async def read(self, channel: str | int) -> list[Message]:
        """Return the newest messages of a channel (at most 200), oldest first, own ephemeral ones too."""
        return (await self._read(channel))[0]

    async def message(self, channel: str | int, message_id: int | None) -> Message:
        """Return one message as it stands; raise Refused if it is not there for this member."""
        path = f"/channels/{self._channel(channel)}/messages/{message_id or 0}"
        return read_message(await self.control.call("GET", path, query=self._as_viewer()))

    async def wait_for_message(
        self, channel: str | int, predicate: Predicate, timeout_seconds: float = 30.0
    ) -> Message:
        """Return the first message of which `predicate` holds, now or later; raise TimeoutError if none."""
        last: Message | None = None
        try:
            async with asyncio.timeout(timeout_seconds), aclosing(self._watch(channel)) as messages:
                async for last in messages:
                    if predicate(last):
                        return last
        except TimeoutError:
            said = last.text if last else None
            raise TimeoutError(f"No message was as awaited; the last one says: {said}") from None
        raise RuntimeError("A channel is watched without end.")

    async def wait_for_change(
        self, message: Message, predicate: Predicate, timeout_seconds: float = 30.0
    ) -> Message:
        """Return this message once `predicate` holds of it, now or later; cheaper than watching the channel.

        Raises TimeoutError if it never does, Refused if the message is deleted.
        """
        deadline = time.monotonic() + timeout_seconds
        while not predicate(message):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"Message {message.id} did not change as awaited; it says: {message.text}")
            query = {**self._as_viewer(), "after": message.revision, "timeout_seconds": left}
            message = read_message(await self.control.call("GET", self._path(message), query=query))
        return message

    async def wait_until_deleted(self, message: Message, timeout_seconds: float = 30.0) -> None:
        """Wait until a message is deleted, by whomever; raise TimeoutError if it stays."""
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            query = {**self._as_viewer(), "after": message.revision, "timeout_seconds": left}
            try:
                message = read_message(await self.control.call("GET", self._path(message), query=query))
            except Refused as refused:
                if refused.status == _NOT_FOUND:
                    return
                raise
        raise TimeoutError(f"Message {message.id} was not deleted; it says: {message.text}")

    def command(self, name: str, channel: str | int, extra: Mapping[str, Any]) -> Json:
        """Return the body with which the control API is told to type a command."""
        place = {"user_id": str(self.id), "channel_id": str(self._channel(channel))}
        return {**place, "name": name, **extra}

    async def _act(self, path: str, body: Mapping[str, Any]) -> Interaction:
        return read_interaction(await self.control.call("POST", path, body))

    async def _read(self, channel: str | int) -> tuple[list[Message], int]:
        path = f"/channels/{self._channel(channel)}/messages"
        found = await self.control.call("GET", path, query=self._as_viewer())
        return [read_message(each) for each in found["messages"]], found["cursor"]

    async def _watch(self, channel: str | int) -> AsyncGenerator[Message, None]:
        messages, cursor = await self._read(channel)
        path = f"/channels/{self._channel(channel)}/changes"
        while True:
            for message in messages:
                yield message
            query = {**self._as_viewer(), "after": cursor, "timeout_seconds": _MAX_WAIT_SECONDS}
            found = await self.control.call("GET", path, query=query)
            messages, cursor = [read_message(each) for each in found["messages"]], found["cursor"]

    def _channel(self, channel: str | int) -> int:
        return self.control.channel_id(channel, self.guild)

    def _as_viewer(self) -> dict[str, str | float]:
        return {"user_id": str(self.id)}

    def acting_on(self, message: Message) -> Json:
        """Return how the control API is told who acts on which message."""
        return {
            "user_id": str(self.id),
            "channel_id": str(message.channel_id),
            "message_id": str(message.id),
        }

    def _path(self, message: Message) -> str:
        return f"/channels/{message.channel_id}/messages/{message.id}"
