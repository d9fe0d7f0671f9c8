"""Members who type `/sana`, and see what becomes of it, with the moment of each step as the servers saw it.

They act inside the sandbox's own process, without its control API: the machine's second core is for the
servers.
"""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Final

from sandbox.discord import DiscordServer
from sandbox.discord.interaction import Interaction
from sandbox.discord.model import Message
from sandbox.discord.typing_in import Typed, TypingIn

PATIENCE_SECONDS: Final = 120.0
PROMPT: Final = "A watercolour of a quiet harbour at dawn, with fishing boats and gulls"

_MEMBERS: Final = 100
_SEED: Final = 7  # the same for all, so that the sandbox makes each picture once


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that nothing can compress: the PNG has three bytes for each pixel."""

    name: str
    width: int
    height: int

    @property
    def size_bytes(self) -> int:
        """How large the file is, but for a thousandth."""
        return 3 * self.width * self.height


SMALL: Final = Picture(name="0.2 MB", width=256, height=256)
ONE_MB: Final = Picture(name="1 MB", width=576, height=608)
EIGHT_MB: Final = Picture(name="8 MB", width=1664, height=1664)


class UnfinishedError(RuntimeError):
    """A job did not end as it should; a measurement of it would mean nothing."""


class People:
    """The members of one server's channel, who take turns.

    Args:
        server: where they are.
    """

    def __init__(self, server: DiscordServer) -> None:
        self._news = server.news
        self._typing = TypingIn(server.world, server.commands, server.interactions)
        self._channel = server.world.channel_named("pictures")
        self.channel_id = self._channel.id
        self.guild_id = server.world.guild_named("Sandbox").id
        members = [server.add_member(self.guild_id, f"painter-{number}").user for number in range(_MEMBERS)]
        self.member_ids = tuple(member.id for member in members)
        self._turns = itertools.cycle(members)
        self._numbers = itertools.count(1)

    def type(self, picture: Picture) -> Interaction:
        """Type `/sana` as the next member, and wait for nothing."""
        options = {
            "prompt": f"{PROMPT}, number {next(self._numbers)}",
            "width": picture.width,
            "height": picture.height,
            "seed": _SEED,
        }
        return self.do("sana", options)

    def do(self, command: str, options: dict[str, object] | None = None) -> Interaction:
        """Type any command as the next member, and wait for nothing."""
        return self._typing.send(next(self._turns), self._channel, Typed(name=command, options=options or {}))

    async def answered(self, sent: Interaction) -> None:
        """Wait until a command is answered.

        Raises:
            UnfinishedError: it was not.
        """
        await self._news.until(
            ("interaction", sent.id), lambda: sent.state != "sent" or None, PATIENCE_SECONDS
        )
        if sent.state != "answered" or sent.original is None:
            raise UnfinishedError(f"a command was not answered with a message: {sent.state}")

    async def finished(self, sent: Interaction) -> Message:
        """Return the message of a command once it holds the picture, with the reaction that a bot adds last.

        Raises:
            UnfinishedError: it came to nothing.
        """
        await self.answered(sent)
        message = sent.original
        if message is None:
            raise UnfinishedError("a command was answered without a message")
        await self._news.until(("message", message.id), lambda: message.reactions or None, PATIENCE_SECONDS)
        if not message.body.attachments or not message.reactions:
            raise UnfinishedError(f"a job came to nothing: {message.body.components}")
        return message

    async def make(self, picture: Picture, *, count: int, at_once: int) -> list[Interaction]:
        """Have so many pictures made, so many at a time, and return the commands.

        Raises:
            UnfinishedError: one came to nothing.
        """
        typed: list[Interaction] = []

        async def work() -> None:
            while len(typed) < count:
                sent = self.type(picture)
                typed.append(sent)
                await self.finished(sent)

        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(work())
        return typed

    async def make_steadily(self, picture: Picture, *, count: int, per_second: float) -> list[Interaction]:
        """Have pictures made that are asked for at a steady rate; as `make`."""
        typed = await self.type_steadily(picture, count=count, per_second=per_second)
        await asyncio.gather(*map(self.finished, typed))
        return typed

    async def type_steadily(self, picture: Picture, *, count: int, per_second: float) -> list[Interaction]:
        """Ask for pictures at a steady rate, and wait for nothing."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        typed: list[Interaction] = []
        for number in range(count):
            await asyncio.sleep(began + number / per_second - loop.time())
            typed.append(self.type(picture))
        return typed


def answer_seconds(sent: Interaction) -> float:
    """Return the seconds from the gateway's event to the first answer, as the server saw both."""
    moments = {step.name: step.monotonic for step in reversed(sent.steps)}
    return moments["callback"] - moments["sent"]
