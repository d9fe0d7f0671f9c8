"""The whole of it for a test: both sandbox servers, the bot, and members who act.

The bot is either an `App` on the test's own event loop, over real sockets all the same, or a process of its
own (`sandbox.bot_process`), for what ends a process.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import App
from bot.settings import Settings
from sandbox.bot_process import BotProcess
from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.environment import bot_environment, free_port
from sandbox.member import Option
from sandbox.members import Member, Members
from sandbox.shown import Interaction, Message
from sandbox.wiro import WiroConfig, WiroServer

CHANNEL = "pictures"
PATIENCE_SECONDS = 60.0
PAID = [("reserve", 1), ("settle", 1)]
REFUNDED = [("reserve", 1), ("refund", 1)]
"""The ledger of one job for one credit: see `Stage.ledger`."""
UNLIMITED = DiscordConfig(enforce_rate_limits=False)
"""Where a test is not about Discord: its limit of a reaction in 250 ms delays every stop."""


@dataclass(kw_only=True)
class Stage:
    """One test's world."""

    discord: DiscordServer
    wiro: WiroServer
    members: Members
    folder: Path
    environment: dict[str, str]
    usual: dict[str, Option] = field(default_factory=lambda: {"prompt": "a red fox"})
    """What is typed with `/sana` where a test does not say otherwise."""
    _app: App | None = field(default=None, repr=False)
    _run: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def database(self) -> Path:
        """The bot's file."""
        return self.folder / "sana.db"

    @property
    def callback_base(self) -> str:
        """The listener's own address."""
        return f"http://127.0.0.1:{self.environment['CALLBACK_PORT']}"

    async def start_bot(self, **settings: str) -> None:
        """Start the bot on this loop with these variables besides the stage's, and wait until it is ready."""
        self.environment |= {name.upper(): value for name, value in settings.items()}
        values = {name.lower(): value for name, value in self.environment.items() if value}
        self._app = App(Settings.load(env_file=None, **values))
        self._run = asyncio.create_task(self._app.run())
        ready = asyncio.create_task(self.members.wait_until_ready())
        await asyncio.wait({self._run, ready}, return_when=asyncio.FIRST_COMPLETED)
        if self._run.done():
            ready.cancel()
            await self._run
        await ready

    async def stop_bot(self) -> None:
        """Stop the bot cleanly; whatever killed it before is raised here."""
        if self._app is not None and self._run is not None:
            self._app.stop()
            async with asyncio.timeout(20):
                await self._run
            self._app = self._run = None

    def bot_process(self, **settings: str) -> BotProcess:
        """Return a bot in a process of its own, not started yet."""
        environment = self.environment | {name.upper(): value for name, value in settings.items()}
        return BotProcess(environment, self.folder / "bot.log", folder=self.folder)

    @asynccontextmanager
    async def working_process(self) -> AsyncIterator[BotProcess]:
        """Start a bot in a process of its own, wait until it serves members, and end it afterwards."""
        process = self.bot_process()
        await process.start()
        try:
            await process.wait_until_ready()
            await self.members.wait_until_ready()
            yield process
        finally:
            await process.end()

    def member(self, name: str = "member", guild: str = "Sandbox") -> Member:
        """Return somebody who can act."""
        return self.members.of(name, guild)

    async def sana(
        self,
        who: Member | None = None,
        *,
        channel: str | int = CHANNEL,
        options: Mapping[str, Option] | None = None,
        **more: Option,
    ) -> Message:
        """Type `/sana`, with what is usual and these options, and return the message that answers it.

        A size that is named goes before the usual width and height, which would override it.
        """
        someone = who or self.member()
        given = {**(options or {}), **more}
        hidden = {"width", "height"} if "size" in given else set()
        wanted = {name: value for name, value in self.usual.items() if name not in hidden} | given
        typed = await someone.type("sana", channel=channel, options=wanted)
        assert typed.shown == "answered", typed
        return await someone.message(channel, typed.message_id)

    async def end_of(
        self, message: Message, who: Member | None = None, *, timeout_seconds: float = PATIENCE_SECONDS
    ) -> Message:
        """Return the message once it is final: with its pictures, or without the button of a pending job."""
        return await (who or self.member()).wait_for_change(
            message, lambda shown: bool(shown.pictures) or not shown.buttons, timeout_seconds
        )

    async def note(self, answered: Interaction, who: Member | None = None) -> str:
        """Return what an interaction was answered with for the eyes of the one who began it alone."""
        assert answered.shown == "answered", answered
        message = await (who or self.member()).message(answered.channel_id, answered.message_id)
        assert message.ephemeral, message
        return message.text

    async def nothing_happened(self, who: Member | None = None, *, channel: str | int = CHANNEL) -> bool:
        """Tell whether no job was stored, nothing reserved, nothing sent to Wiro, nothing posted for all."""
        shown = await (who or self.member()).read(channel)
        is_public = any(not message.ephemeral for message in shown)
        return not (self.jobs() or self.ledger() or self.wiro.requests or is_public)

    def calls(self, call: str) -> int:
        """Return how often Wiro saw a call, such as `Run`."""
        return sum(seen.call == call for seen in self.wiro.requests)

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Read the bot's database, as the file stands."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]

    def jobs(self) -> list[dict[str, Any]]:
        """Return all jobs as they are stored, oldest first."""
        return self.rows("SELECT * FROM jobs ORDER BY id")

    def ledger(self) -> list[tuple[str, int]]:
        """Return the ledger's entries, oldest first: kind and credits."""
        return [(row["kind"], row["credits"]) for row in self.rows("SELECT * FROM ledger ORDER BY id")]

    async def closed(
        self, count: int = 1, *, timeout_seconds: float = PATIENCE_SECONDS
    ) -> list[dict[str, Any]]:
        """Return all jobs once so many of them are closed: the ledger is final then."""
        await eventually(
            lambda: sum(job["closed_at"] is not None for job in self.jobs()) >= count, timeout_seconds
        )
        return self.jobs()


async def eventually(condition: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds of which nothing tells, such as what a file says; raise TimeoutError."""
    async with asyncio.timeout(timeout_seconds):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    callbacks: bool = True,
    wiro: WiroConfig | None = None,
    discord: DiscordConfig | None = None,
) -> AsyncIterator[Stage]:
    """Set a stage without a bot; whatever bot is started on it in this process is stopped with it."""
    async with AsyncExitStack() as stack:
        discord_server = await stack.enter_async_context(DiscordServer(discord))
        wiro_server = await stack.enter_async_context(WiroServer(wiro))
        members = await stack.enter_async_context(Members(discord_server.origin))
        environment = bot_environment(
            discord_server, wiro_server, callback_port=free_port(), database=folder / "sana.db"
        )
        if not callbacks:
            del environment["CALLBACK_PUBLIC_URL"]
        stage = Stage(
            discord=discord_server,
            wiro=wiro_server,
            members=members,
            folder=folder,
            environment=environment,
        )
        stack.push_async_callback(stage.stop_bot)
        yield stage
