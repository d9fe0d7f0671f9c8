"""The real bot in a process of its own, as its owner runs it: started, waited for, killed, started again."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

_LOOK_SECONDS = 0.05
_PROJECT = Path(__file__).parents[1]
_BOT = ("-m", "bot", "run")


class BotDiedError(RuntimeError):
    """The bot ended by itself; its log says why."""


class BotProcess:
    """One bot. It can be started again after it has ended, on the same database.

    Args:
        environment: the bot's settings; nothing of this process's own settings reaches it but what a program
            needs to run.
        log_path: its standard error goes there, one run after the other.
        folder: where it runs.
        arguments: what Python is told to run; another program that serves `/healthz` as the bot does.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log_path: Path,
        *,
        folder: Path | None = None,
        arguments: Sequence[str] = _BOT,
    ) -> None:
        self.environment = dict(environment)
        self.log_path = log_path
        self._folder = folder
        self._arguments = tuple(arguments)
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The process's id. Raises RuntimeError if it was never started."""
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, below 0 by which signal; None: it runs, or was never started."""
        return None if self._process is None else self._process.returncode

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it, without waiting for anything."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        kept["PYTHONPATH"] = str(_PROJECT)  # the bot that belongs to this sandbox, wherever it runs
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                env={**kept, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )

    async def wait_until_ready(
        self, timeout_seconds: float = 60.0, *, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        """Wait until /healthz says 200, looking every so many seconds.

        Raises:
            BotDiedError: the bot ended instead.
            TimeoutError: it did not become ready in time.
        """
        async with asyncio.timeout(timeout_seconds):
            while not await self.is_ready():
                if self._running.returncode is not None:
                    raise BotDiedError(f"exit code {self._running.returncode}; see {self.log_path}")
                await asyncio.sleep(look_seconds)

    async def is_ready(self) -> bool:
        """Tell whether /healthz says 200."""
        url = f"http://127.0.0.1:{self.environment['CALLBACK_PORT']}/healthz"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status == 200  # noqa: PLR2004 - the status that the docstring names
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """End it as a crash does: SIGKILL."""
        self._running.kill()
        await self._running.wait()

    async def stop(
        self, *, with_signal: signal.Signals = signal.SIGTERM, timeout_seconds: float = 10.0
    ) -> int:
        """Ask it to stop, and return its exit code. Raises TimeoutError if it takes too long."""
        if self._running.returncode is None:
            self._running.send_signal(with_signal)
        return await self.wait(timeout_seconds)

    async def wait(self, timeout_seconds: float = 30.0) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        async with asyncio.timeout(timeout_seconds):
            return await self._running.wait()

    async def end(self) -> None:
        """Make sure that nothing is left of it."""
        if self.is_running:
            await self.kill()

    @property
    def log(self) -> str:
        """All that it wrote so far."""
        return self.log_path.read_text(errors="replace")

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the bot was never started")
        return self._process
