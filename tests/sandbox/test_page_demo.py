import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.support.stage import PATIENCE_SECONDS

PROJECT = Path(__file__).parents[2]
PAGE = re.compile(r"The sandbox as a person sees it: (http://127\.0\.0\.1:\d+)/\n")


class Demo:
    """`sana-bot demo`, as a person runs it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.told = ""

    async def until(self, pattern: re.Pattern[str]) -> str:
        """Read on until it has said this, and return the group."""
        assert self.process.stdout is not None
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            while (found := pattern.search(self.told)) is None:
                line = await self.process.stdout.readline()
                assert line, self.told
                self.told += line.decode()
        return found[1]

    async def end(self, how: signal.Signals, *, at_the_terminal: bool = False) -> int:
        """Send a signal, at the terminal to the bot as well, and return the exit code."""
        if at_the_terminal:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest, _ = await self.process.communicate()
        self.told += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[Demo]:
    """Run the demo in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "demo", "--output", str(folder), *options),
        cwd=PROJECT,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Demo(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def bot_pid(origin: str) -> int:
    """Return the process that the page shows, once there is one."""
    async with asyncio.timeout(PATIENCE_SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{origin}/bot") as answer:
                if (pid := (await answer.json())["pid"]) is not None:
                    return int(pid)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_it_is_told_to_end(tmp_path: Path, how: signal.Signals) -> None:
    """The page is there before the story and after it; a signal ends everything, with exit code 0."""
    async with demo(tmp_path, "--serve", "--port", "0") as running:
        origin = await running.until(PAGE)
        assert "types in #pictures" not in running.told
        pid = await bot_pid(origin)
        again = await running.until(re.compile(r"It is all still there: (\S+)/ until Ctrl-C\n"))
        assert again == origin
        assert "Saved" in running.told
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{origin}/discord/world") as answer:
                guild = (await answer.json())["guilds"][0]
            assert {"general", "pictures", "thread"} <= {each["name"] for each in guild["channels"]}
            general = next(each["id"] for each in guild["channels"] if each["name"] == "general")
            member = next(each["id"] for each in guild["members"] if each["name"] == "member")
            where = f"{origin}/discord/channels/{general}/messages?user_id={member}"
            async with session.get(where) as answer:
                authors = {each["author"]["username"] for each in (await answer.json())["messages"]}
            assert authors == {"member", "booster", "moderator", "newcomer"}
        assert await running.end(how) == 0
        assert not is_alive(pid)
        assert "Traceback" not in running.told


async def test_it_ends_in_the_middle_of_the_story(tmp_path: Path) -> None:
    """Ctrl-C while the picture is being made ends as cleanly."""
    async with demo(tmp_path, "--serve", "--port", "0") as running:
        pid = await bot_pid(await running.until(PAGE))
        await running.until(re.compile("(the bot answers)"))
        assert await running.end(signal.SIGINT, at_the_terminal=True) == 0
        assert not is_alive(pid)
        assert "Traceback" not in running.told


async def test_the_page_outlives_the_bot(tmp_path: Path) -> None:
    """A bot that is killed during the story ends the story, and neither the page nor the program."""
    async with demo(tmp_path, "--serve", "--port", "0") as running:
        origin = await running.until(PAGE)
        os.kill(await bot_pid(origin), signal.SIGKILL)
        await running.until(re.compile("(The demo failed|It is all still there)"))
        async with aiohttp.ClientSession() as session, session.get(f"{origin}/bot") as answer:
            assert (await answer.json())["exit_code"] == -9
        assert await running.end(signal.SIGINT) == 0


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """Another program on the port ends the start with one sentence and exit code 1."""
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with taken, demo(tmp_path, "--serve", "--port", str(taken.sockets[0].getsockname()[1])) as running:
        async with asyncio.timeout(PATIENCE_SECONDS):
            told, _ = await running.process.communicate()
        assert running.process.returncode == 1
        assert "Address already in use" in told.decode()
        assert "Traceback" not in told.decode()


async def test_a_port_without_a_page_is_wrong_usage(tmp_path: Path) -> None:
    """`--port` says nothing without `--serve`: exit code 2."""
    async with demo(tmp_path, "--port", "0") as running:
        async with asyncio.timeout(PATIENCE_SECONDS):
            told, _ = await running.process.communicate()
        assert running.process.returncode == 2
        assert "--serve" in told.decode()


async def test_without_a_page_it_ends_by_itself(tmp_path: Path) -> None:
    """The plain demo saves its picture and ends with 0."""
    async with demo(tmp_path) as running:
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            told, _ = await running.process.communicate()
        assert running.process.returncode == 0, told
        assert "The sandbox as a person sees it" not in told.decode()
        assert "Saved" in told.decode()


async def test_a_demo_that_cannot_start_leaves_the_log_of_another_alone(tmp_path: Path) -> None:
    """Where the page's port is taken, as by a demo that runs, the log in the same folder stays."""
    log = tmp_path / "bot.log"
    log.write_text("of a demo that runs\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with demo(tmp_path, "--serve", "--port", str(taken.getsockname()[1])) as second:
            await second.until(re.compile("(The demo cannot start)"))
            assert await asyncio.wait_for(second.process.wait(), PATIENCE_SECONDS) == 1
    assert log.read_text() == "of a demo that runs\n"
