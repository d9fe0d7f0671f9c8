"""Somebody who types what the guides say, in a folder like a clone after `make setup`."""

import asyncio
import os
import re
import shlex
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from sandbox.environment import free_port
from tests.docs.pages import ROOT, Command
from tests.support.stage import Stage

PATIENCE_SECONDS = 60.0


class Owner:
    """The owner of a bot.

    Args:
        folder: where everything is typed.
        stage: the sandbox, in place of Discord and Wiro.
    """

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder = folder
        self.typed: set[str] = set()
        self.log = ""
        self._stage = stage
        self._callback_port = stage.environment["CALLBACK_PORT"]
        self._written_otherwise = {"8080": self._callback_port, "9464": str(free_port())}
        program = folder / ".venv" / "bin" / "sana-bot"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bot "$@"\n')
        program.chmod(0o755)
        (folder / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())

    def fill_in_settings(self) -> None:
        """Edit .env: what has no default, and what leads to the sandbox."""
        path = self.folder / ".env"
        text = path.read_text()
        for name, value in self._stage.environment.items():
            if name != "DATABASE_URL":
                text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        path.write_text(text)

    async def type(self, line: str, placeholders: Mapping[str, str] | None = None) -> str:
        """Run a line to its end, and return what it said; it has to succeed.

        Args:
            line: as it stands in a guide.
            placeholders: what is typed in place of some words.
        """
        process = await self._start(line, placeholders or {})
        async with asyncio.timeout(PATIENCE_SECONDS):
            said, _ = await process.communicate()
        assert process.returncode == 0, f"{line}: {said.decode()}"
        return said.decode()

    @asynccontextmanager
    async def running(self, line: str) -> AsyncIterator[None]:
        """Start the bot with a line, wait until it is ready, and press Ctrl-C at the end; see `log` then."""
        process = await self._start(line, {})
        reading = asyncio.create_task(process.communicate())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self._is_ready():
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
            await self._stage.members.wait_until_ready()
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE_SECONDS):
                said, _ = await reading
            self.log = said.decode()
        assert process.returncode == 0, self.log

    async def _is_ready(self) -> bool:
        url = f"http://127.0.0.1:{self._callback_port}/healthz"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def _start(self, line: str, placeholders: Mapping[str, str]) -> Process:
        """Start a line in the folder; a single program takes the place of the shell, to hear the signal."""
        self.typed.add(line)
        for word, instead in (self._written_otherwise | dict(placeholders)).items():
            line = re.sub(rf"\b{word}\b", instead, line)
        command = Command("", line)
        return await asyncio.create_subprocess_exec(
            "sh",
            "-ec",
            f"exec {shlex.join(command.words)}",
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONPATH": str(ROOT),
                **command.variables,
            },
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )
