"""What a person does first: `make demo`, open the page, type `/sana`, react 🔁, see both pictures."""

import asyncio
import re
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.site import START_WITHIN_SECONDS
from tests.browser.visitor import entered

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROJECT = Path(__file__).parents[2]
ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/")


def command() -> list[str]:
    """Return what `make demo` runs, of this tree and on a port that is free."""
    found = re.search(
        r"^demo:.*\n\t@\$\(VENV\)/sana-bot (.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE
    )
    assert found is not None
    arguments = shlex.split(found[1].replace("$$PROMPT", "a lighthouse"))
    return [sys.executable, "-m", "bot", *arguments, "--port", "0"]


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[Process, str]]:
    """Run the demo, and give its process and the address that it prints; nothing of it is left afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command(),
        cwd=folder,
        env={"PYTHONPATH": str(PROJECT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
    )
    assert process.stdout is not None
    output = process.stdout
    try:
        async with asyncio.timeout(START_WITHIN_SECONDS):
            while not (found := ADDRESS.search(line := await output.readline())):
                assert line, "the demo ended without an address"
        reading = asyncio.create_task(output.read())
        yield process, found[0].decode()
        async with asyncio.timeout(START_WITHIN_SECONDS):
            await process.wait()
            await reading
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_demo_from_its_command_to_both_pictures(chromium: Browser, tmp_path: Path) -> None:
    """Where the command says, a `/sana` becomes a picture, and 🔁 another; an interrupt ends it with 0."""
    async with demo(tmp_path) as (process, address), entered(chromium, address) as me:
        await expect(me.panel.get_by_text("Ready", exact=True)).to_be_visible()
        mine = await me.ask("a dragon over the sea")
        await me.sees("a dragon over the sea")
        await mine.get_by_role("button", name="repeat, 1 reaction").click()
        await me.sees("a dragon over the sea", 2)
        assert me.watch.complaints == []
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
