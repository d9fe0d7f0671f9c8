"""A bot in a process of its own, the real one or the floor, on two sandbox servers of its own in this one."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.people import People
from bench.processes import cpu_seconds
from sandbox.bot_process import BotProcess
from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.environment import bot_environment, free_port
from sandbox.wiro import Rule, TaskScript, WiroConfig, WiroServer

REAL: Final = ("-m", "bot", "run")
PROBED: Final = ("-m", "bench.probed")
FLOOR: Final = ("-m", "bench.floor")

_SETTINGS: Final = {
    "QUOTA_CREDITS": "1000000000",
    "METRICS_PORT": os.environ.get("METRICS_PORT", ""),  # METRICS_PORT=0: measured with metrics on
}
NEVER_ENDS: Final = "never finished"
"""Tasks whose prompt holds this run for ever."""

_RULES: Final = (
    Rule(call="task", do=TaskScript(stuck=True), times=None, prompt_contains=NEVER_ENDS),
    Rule(call="task", do=TaskScript(outputs="huge"), times=None),  # which nothing can compress
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One bot, and its world."""

    discord: DiscordServer
    wiro: WiroServer
    people: People
    process: BotProcess
    folder: Path

    @property
    def database(self) -> Path:
        """The bot's file."""
        return self.folder / "sana.db"

    @property
    def cpu_seconds(self) -> float:
        """The processor time that the bot has used so far."""
        return cpu_seconds(self.process.pid)

    def end_tasks(self) -> None:
        """Let Wiro's tasks come to their end now, and those that are run from now on at once."""
        self.wiro.set_speed(0)
        for task in self.wiro.tasks:
            if not task.ended:
                self.wiro.finish(task.taskid)

    async def start(self) -> None:
        """Start the bot and wait until it is ready."""
        await self.process.start()
        await self.process.wait_until_ready()


@asynccontextmanager
async def set_up(
    folder: Path,
    arguments: Sequence[str] = REAL,
    *,
    task_seconds: float = 0.0,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Side]:
    """Set up a bot that is not started yet.

    Args:
        folder: for its files; made.
        arguments: what Python is told to run.
        task_seconds: how long Wiro's tasks take.
        settings: environment variables besides the usual ones.
    """
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with AsyncExitStack() as stack:
        # Its limits are Discord's, not the bot's: a channel takes four reactions a second.
        discord = await stack.enter_async_context(DiscordServer(DiscordConfig(enforce_rate_limits=False)))
        wiro = await stack.enter_async_context(
            WiroServer(WiroConfig(seconds=task_seconds, balance_usd=1_000_000))
        )
        for rule in _RULES:
            wiro.script.add(rule)
        environment = bot_environment(discord, wiro, callback_port=free_port(), database=folder / "sana.db")
        process = BotProcess(
            {**environment, **_SETTINGS, **(settings or {})},
            folder / "log",
            folder=folder,
            arguments=arguments,
        )
        stack.push_async_callback(process.end)
        yield Side(discord=discord, wiro=wiro, people=People(discord), process=process, folder=folder)


@asynccontextmanager
async def started(
    folder: Path,
    arguments: Sequence[str] = REAL,
    *,
    task_seconds: float = 0.0,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Side]:
    """Set up a bot as `set_up` does, and start it; it is stopped in the end."""
    async with set_up(folder, arguments, task_seconds=task_seconds, settings=settings) as side:
        await side.start()
        yield side
        await side.process.stop()
