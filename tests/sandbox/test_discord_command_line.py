import asyncio
import json
import os
import shlex
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sandbox.discord_support import Json

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def sandbox(*options: str) -> AsyncIterator[Process]:
    """Run `python -m sandbox`, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *options, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: Process) -> tuple[int | None, str]:
    """Return the exit code and what was said on standard error."""
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    return process.returncode, said.decode()


async def described(process: Process) -> Json:
    """Return the line of JSON."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line: Json = json.loads(await process.stdout.readline())
    return line


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--discord-port", "22222222"), "argument --discord-port: takes 0 to 65,535, not 22222222"),
        (("--wiro-port", "-1"), "argument --wiro-port: takes 0 to 65,535, not -1"),
        (("--shards", "0"), "argument --shards: takes 1 to 16, not 0"),
        (("--seconds", "nan"), "argument --seconds: takes 0.0 to 86,400.0, not nan"),
        (("--balance", "much"), "argument --balance: takes 0.0 to 1,000,000.0, not much"),
    ],
)
async def test_wrong_usage(options: tuple[str, str], complaint: str) -> None:
    """A number out of bounds is named, with the bounds, and the exit code is 2."""
    async with sandbox(*options) as process:
        code, said = await ended(process)
        assert (code, said.splitlines()[-1]) == (2, f"python -m sandbox: error: {complaint}")


@pytest.mark.parametrize("option", ["--discord-port", "--wiro-port"])
async def test_a_taken_port(option: str) -> None:
    """A port that another program has is named in one line, and the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with sandbox(option, str(port)) as process:
            code, said = await ended(process)
    (line,) = said.splitlines()
    assert code == 1
    assert line.startswith("python -m sandbox: Address already in use")
    assert str(port) in line


async def test_the_line_names_people() -> None:
    """The line's members are the people of the server, without the bot, and a signal ends all with 0."""
    async with sandbox() as process:
        line = await described(process)
        assert set(line["discord"]["members"]) == {
            "owner",
            "member",
            "other",
            "booster",
            "moderator",
            "newcomer",
        }
        assert line["discord"]["bot_user_id"] not in line["discord"]["members"].values()
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == (0, "")


async def test_the_documented_exports(tmp_path: Path) -> None:
    """The shell line of docs/sandbox.md turns the line of JSON into exported variables."""
    text = (ROOT / "docs" / "sandbox.md").read_text()
    (exports,) = [line for line in text.splitlines() if line.startswith('eval "$(')]
    async with sandbox() as process:
        line = await described(process)
    (tmp_path / "sandbox.json").write_text(json.dumps(line) + "\n")
    show = f"{shlex.quote(sys.executable)} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = await asyncio.create_subprocess_exec(
        "sh", "-ec", f"{exports}\n{show}", cwd=tmp_path, env={"PATH": path}, stdout=PIPE, stderr=PIPE
    )
    shown, said = await shell.communicate()
    assert (shell.returncode, said) == (0, b"")
    assert line["environment"]
    assert line["environment"].items() <= json.loads(shown).items()
