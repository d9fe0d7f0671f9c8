"""The bot's process as the page sees and steers it."""

import asyncio
from datetime import UTC, datetime

from sandbox.bot_process import BotProcess
from sandbox.discord import DiscordServer
from sandbox.shown import Json

DEEDS = ("kill", "start", "restart", "stop")


class BotRefusedError(Exception):
    """What was asked cannot be done with the process as it is now; the text says why."""


class Bot:
    """One bot, on one Discord."""

    def __init__(self, process: BotProcess, discord: DiscordServer) -> None:
        self._process = process
        self._discord = discord
        self._busy = asyncio.Lock()
        self._was: tuple[str, int | None] = ("", None)
        self._since = ""

    @property
    def state(self) -> Json:
        """How it is.

        `state` is `never` (not started yet), `starting` (Discord has no connection of it yet), `ready` or
        `ended`; `pid` is null unless it runs, `exit_code` unless it ended (-9: killed); `since` is when this
        was first seen.
        """
        process = self._process
        pid = process.pid if process.is_running else None
        if process.is_running:
            name = "ready" if self._discord.sessions.connected() else "starting"
        else:
            name = "never" if process.exit_code is None else "ended"
        if self._was != (name, pid):
            self._was, self._since = (name, pid), datetime.now(UTC).isoformat()
        return {"state": name, "pid": pid, "exit_code": process.exit_code, "since": self._since}

    async def do(self, deed: str) -> None:
        """Kill, stop, start or restart it; a start does not wait until it is ready. One deed at a time.

        Raises:
            BotRefusedError: it runs already, or does not run, or does not stop.
            ValueError: there is no such deed.
        """
        if deed not in DEEDS:
            raise ValueError(f"What can be done is one of {', '.join(DEEDS)}.")
        async with self._busy:
            if deed == "start" and self._process.is_running:
                raise BotRefusedError("The bot runs already.")
            if deed in ("kill", "stop") and not self._process.is_running:
                raise BotRefusedError("The bot does not run.")
            if deed == "kill":
                await self._process.kill()
            elif self._process.is_running:
                await self._stop()
            if deed in ("start", "restart"):
                await self._process.start()

    async def _stop(self) -> None:
        try:
            await self._process.stop()
        except TimeoutError:
            raise BotRefusedError("The bot has not stopped within ten seconds.") from None
