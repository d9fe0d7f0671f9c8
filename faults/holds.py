"""Calls that are held at a server while the bot is killed: before their effect, or after it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from sandbox.discord.faults import Fault, Handler
from sandbox.wiro import CallFault

Reads = Callable[[bytes], bool]
"""Tells by a request's body whether it is the one that is meant."""


class Moment(StrEnum):
    """When a call is held, and what becomes of it once its sender is dead."""

    UNSENT = "held before its effect, which it never has"
    LATE = "held before its effect, which it has after the kill"
    UNCONFIRMED = "held after its effect"
    ANSWERED = "answered a moment ago"


@dataclass(eq=False)
class Hold:
    """One call, held once."""

    moment: Moment
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the call is where it is to be held."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """To be set when its sender is dead: it goes its way."""
    is_taken: bool = False

    async def wait(self) -> None:
        """Hold the call, unless it is to be answered at once."""
        self.reached.set()
        if self.moment is not Moment.ANSWERED:
            await self.released.wait()

    @property
    def comes_first(self) -> bool:
        """Whether it is held before its effect."""
        return self.moment in {Moment.UNSENT, Moment.LATE}


class HeldRestCall(Fault):
    """The first call of a route at Discord whose body is the one that is meant."""

    def __init__(self, hold: Hold, *, method: str, route: str, reads: Reads) -> None:
        super().__init__(kind="stall", method=method, route=route, times=None)
        self.hold = hold
        self._reads = reads

    def takes(self, method: str, route: str) -> bool:
        """Tell whether a call may be the one."""
        return not self.hold.is_taken and super().takes(method, route)

    async def befall(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold it; let every other call pass."""
        hold = self.hold
        if hold.is_taken or not self._reads(await request.read()):
            return await handler(request)
        hold.is_taken = True
        if hold.comes_first:
            await hold.wait()
            return web.Response(status=500) if hold.moment is Moment.UNSENT else await handler(request)
        done = await handler(request)
        await hold.wait()
        return done


@dataclass(frozen=True, kw_only=True)
class HeldWiroCall(CallFault):
    """One call at Wiro."""

    hold: Hold

    @property
    def prevents(self) -> bool:
        """Whether the call is not carried out."""
        return self.hold.moment is Moment.UNSENT

    async def pause(self) -> None:
        """Hold it."""
        await self.hold.wait()
