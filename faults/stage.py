"""Where a run takes place: both servers in this process, the bot in one of its own, and members who act."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.holds import HeldRestCall, HeldWiroCall, Hold
from faults.hour import HOUR_SECONDS, AgeingSnowflakes, age_database, age_task
from faults.points import Call
from faults.witness import Witness
from sandbox.bot_process import BotDiedError, BotProcess
from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.discord.world import default_world
from sandbox.environment import bot_environment, free_port
from sandbox.member import Member
from sandbox.members import Members
from sandbox.wiro import Rule, WiroConfig, WiroServer

CHANNELS: Final = ("pictures", "general", "thread")
PEOPLE: Final = ("member", "other", "booster", "newcomer")

_SETTINGS: Final = {
    "LOG_FORMAT": "json",
    "QUOTA_CREDITS": "1000",
    "JOB_TIMEOUT_SECONDS": "8",
    "LOST_AFTER_SECONDS": "6",
}
_TASK_SECONDS: Final = 0.3
_CALLBACK_PAUSE_SECONDS: Final = 0.3
_READY_SECONDS: Final = 30.0


@dataclass(kw_only=True)
class Stage:
    """One run's world, and its story so far."""

    discord: DiscordServer
    wiro: WiroServer
    members: Members
    bot: BotProcess
    witness: Witness
    database: Path
    began: float = field(default_factory=time.monotonic)
    story: list[str] = field(default_factory=list)

    def tell(self, what: str) -> None:
        """Add to the story."""
        self.story.append(f"{time.monotonic() - self.began:7.3f}  {what}")

    def person(self, name: str) -> Member:
        """Return somebody who can act."""
        return self.members.of(name)

    async def start(self) -> None:
        """Start the bot, and wait until it is ready."""
        self.tell("the bot is started")
        await self.bot.start()
        await self.bot.wait_until_ready(_READY_SECONDS)

    async def kill(self) -> None:
        """Kill the bot. Raises BotDiedError if it has ended by itself."""
        self.check_alive()
        self.tell("the bot is killed")
        await self.bot.kill()

    def freeze(self) -> None:
        """Let the bot do nothing any more, not even answer. Raises BotDiedError if it has ended by itself."""
        self.check_alive()
        self.tell("the bot's machine hangs")
        os.kill(self.bot.pid, signal.SIGSTOP)

    def check_alive(self) -> None:
        """Raise BotDiedError if the bot has ended by itself."""
        if not self.bot.is_running:
            raise BotDiedError("it ended by itself")

    def hold(self, call: Call, hold: Hold) -> None:
        """Have the next such call held."""
        if call.server == "wiro":
            after = not hold.comes_first
            self.wiro.script.add(Rule(call=call.route, do=HeldWiroCall(hold=hold, after_effect=after)))
            return
        words = call.says.encode()
        self.discord.faults.add(
            HeldRestCall(hold, method=call.method, route=call.route, reads=lambda body: words in body)
        )

    async def let_an_hour_pass(self) -> None:
        """Make everything an hour older; the bot must be down."""
        self.tell("an hour passes")
        self.snowflakes.behind_seconds -= HOUR_SECONDS
        await asyncio.to_thread(age_database, self.database, HOUR_SECONDS)
        for task in self.wiro.tasks:
            age_task(task, HOUR_SECONDS)
        await self.members.expire(tokens=True, nonces=True)

    def calm(self) -> None:
        """Take all faults back; what is stuck at Wiro goes on."""
        self.tell("all is calm")
        self.discord.faults.clear()
        self.wiro.script.clear()
        for task in self.wiro.tasks:
            task.hurry.set()

    @property
    def snowflakes(self) -> AgeingSnowflakes:
        """Discord's identifiers."""
        found = self.discord.world.snowflakes
        if not isinstance(found, AgeingSnowflakes):
            raise TypeError("this world does not age")
        return found


@asynccontextmanager
async def staged(
    folder: Path, *, hours: int = 0, balance_usd: float = 1000.0, echo: bool = True, callbacks: bool = True
) -> AsyncIterator[Stage]:
    """Set a stage, with a bot that was not started yet.

    Args:
        folder: for the bot's file and its log.
        hours: how many will pass.
        balance_usd: what Wiro's account holds, and with it how many tasks may run at once.
        echo: whether Wiro tells the callback address that a task was run with.
        callbacks: whether the bot gives one.
    """
    world = default_world()
    world.snowflakes = AgeingSnowflakes(hours * HOUR_SECONDS)
    account = WiroConfig(
        balance_usd=balance_usd,
        seconds=_TASK_SECONDS,
        echo_callback_url=echo,
        callback_pause_seconds=_CALLBACK_PAUSE_SECONDS,
    )
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(
            DiscordServer(DiscordConfig(enforce_rate_limits=False), world)
        )
        wiro = await stack.enter_async_context(WiroServer(account))
        members = await stack.enter_async_context(Members(discord.origin))
        witness = await stack.enter_async_context(Witness(discord))
        database = folder / "sana.db"
        environment = bot_environment(discord, wiro, callback_port=free_port(), database=database)
        if not callbacks:
            del environment["CALLBACK_PUBLIC_URL"]
        bot = BotProcess(environment | _SETTINGS, folder / "bot.log", folder=folder)
        stack.push_async_callback(bot.end)
        yield Stage(discord=discord, wiro=wiro, members=members, bot=bot, witness=witness, database=database)
