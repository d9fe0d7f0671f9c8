"""A browser that is none: it speaks with the page over real sockets, and keeps all that it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.bot_process import BotProcess
from sandbox.members import Member
from sandbox.page import PageServer
from tests.support.stage import PATIENCE_SECONDS, Stage

Json = dict[str, Any]


@dataclass(kw_only=True)
class Browser:
    """One open page."""

    origin: str
    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse
    received: list[str] = field(default_factory=list)
    """Every text that the page sent, of whatever kind."""
    events: list[Json] = field(default_factory=list)
    """What the WebSocket told, oldest first."""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Make a request, and return status and JSON (None where there is none)."""
        async with self.session.request(method, self.origin + path, json=body, headers=headers) as answer:
            text = await answer.text()
            self.received.append(text + str(answer.headers))
            return answer.status, json.loads(text) if answer.content_type == "application/json" else None

    async def look(self, member: Member, channel_id: int) -> None:
        """Act as a member, and look at a channel."""
        await self.socket.send_json(
            {"type": "look", "user_id": str(member.id), "channel_id": str(channel_id)}
        )

    async def until(self, kind: str, is_right: Callable[[Json], bool] = lambda _: True) -> Json:
        """Return the first event of a kind, of all that came and will come, that is right."""
        for event in self.events:
            if event["type"] == kind and is_right(event):
                return event
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                text = await self.socket.receive_str()
                self.received.append(text)
                event = json.loads(text)
                self.events.append(event)
                if event["type"] == kind and is_right(event):
                    return dict(event)

    def latest(self, kind: str, key: str) -> dict[Any, Json]:
        """Return the records of a kind as a client merges them."""
        name = "calls" if kind == "rest" else kind
        told = (event[name] for event in self.events if event["type"] == kind)
        return {record[key]: record for records in told for record in records}


@asynccontextmanager
async def opened(page: PageServer) -> AsyncIterator[Browser]:
    """Open the page."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{page.origin}/live") as socket:
        yield Browser(origin=page.origin, session=session, socket=socket)


@asynccontextmanager
async def paged(stage: Stage) -> AsyncIterator[tuple[PageServer, BotProcess]]:
    """Serve the page of a stage, with a bot that has not started."""
    bot = stage.bot_process()
    try:
        async with PageServer(stage.discord, stage.wiro, bot, stage.database, port=0) as page:
            yield page, bot
    finally:
        await bot.end()
