"""Acting as members of the sandbox's Discord do: a typed client of its control API, for tests and the demo.

    async with Members(server.origin) as members:
        await members.wait_until_ready()
        member = members.of("member")
        answer = await member.type("sana", channel="pictures", prompt="a red fox")
        message = await member.wait_for_message("pictures", lambda shown: bool(shown.pictures))
        data = await members.download(message.pictures[0])

Nothing here asks again and again: the server answers when there is news.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.control import Refused
from sandbox.guilds import Guilds
from sandbox.member import Member, Option
from sandbox.reading import read_interaction
from sandbox.shown import File, Interaction, Json, Message

__all__ = ["File", "Interaction", "Member", "Members", "Message", "Reacting", "Refused", "Typing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """One command of many that are sent at once: see `Members.type_many`."""

    member: Member
    command: str
    channel: str | int
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacting:
    """One reaction of many that are made at once, or with `remove` taken away: see `Members.react_many`."""

    member: Member
    message: Message
    emoji: str
    remove: bool = False


class Members(Guilds):
    """All members at once, and what happens around them, on the server at `origin`; a context manager."""

    def of(self, who: str | int, guild: str = "Sandbox") -> Member:
        """Return someone in a guild by name or identifier; raise KeyError if nobody is that."""
        found = self.member_named(who, guild)
        return Member(self, int(found["id"]), found["name"], guild)

    async def wait_until_ready(self, timeout_seconds: float = 30.0) -> None:
        """Wait until the bot is connected and has registered commands; raise TimeoutError if it does not."""
        found = await self.call("GET", "/ready", query={"timeout_seconds": timeout_seconds})
        if not found["ready"]:
            raise TimeoutError("The bot did not connect and register commands in time.")

    async def download(self, file: File) -> bytes:
        """Return the bytes of a posted file; raise Refused if it is not there any more."""
        async with self.session.get(file.url) as response:
            if not response.ok:
                raise Refused(response.status, f"{file.filename} is not there any more.")
            return await response.read()

    async def type_many(self, typings: Iterable[Typing]) -> list[Interaction]:
        """Send many commands with one call, without waiting for answers; see `wait_for_answer`."""
        commands = [
            each.member.command(each.command, each.channel, {"options": each.options}) for each in typings
        ]
        found = await self.call("POST", "/commands/bulk", {"commands": commands})
        return [read_interaction(each) for each in found]

    async def react_many(self, reactions: Iterable[Reacting]) -> None:
        """Add and take away many reactions with one call, in their order, faster than anyone can click."""
        bodies = [
            {**each.member.acting_on(each.message), "emoji": each.emoji, "remove": each.remove}
            for each in reactions
        ]
        await self.call("POST", "/reactions/bulk", {"reactions": bodies})

    async def wait_for_answer(self, sent: Interaction, timeout_seconds: float = 30.0) -> Interaction:
        """Return an interaction once it is answered or has failed; as it stands if neither came in time."""
        query = {"timeout_seconds": timeout_seconds}
        return read_interaction(await self.call("GET", f"/interactions/{sent.id}", query=query))

    async def interactions(self) -> list[Interaction]:
        """Return all interactions that the server still knows, oldest first, with the time of each step."""
        return [read_interaction(each) for each in await self.call("GET", "/interactions")]

    async def requests(self) -> list[Json]:
        """Return the recorded REST calls of the bot: method, route, path, status, at, monotonic, seconds."""
        calls: list[Json] = (await self.call("GET", "/requests"))["calls"]
        return calls

    async def add_fault(self, **fault: Option | None) -> None:
        """Let something go wrong; the fields are those of `sandbox.discord.faults.Fault`."""
        await self.call("POST", "/faults", fault)

    async def clear_faults(self) -> None:
        """Let everything work again."""
        await self.call("DELETE", "/faults")

    async def trouble_gateway(self, **trouble: Option) -> None:
        """Trouble the gateway: drop=4000, reconnect=True, invalidate_resumable=False and so on."""
        await self.call("POST", "/gateway", trouble)

    async def expire(self, *, tokens: bool = False, nonces: bool = False) -> None:
        """Let all interaction tokens, or all nonces, be too old from now on."""
        await self.call("POST", "/expire", {"tokens": tokens, "nonces": nonces})
