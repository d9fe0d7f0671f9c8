"""The systemd unit: what systemd says of it, and that the bot lives within it."""

import ctypes
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from tests.deploy.dockerfile import ROOT
from tests.support.stage import Stage, staged

UNIT = ROOT / "deploy" / "sana-bot.service"
EXPOSURE_AT_MOST = 15  # tenths; systemd calls 20 and less safe, and a plain service has 96

_PR_SET_MDWE = 65  # linux/prctl.h
_REFUSE_WRITE_EXECUTE = """
import ctypes, os, sys
assert ctypes.CDLL(None).prctl({call}, 1, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-m", "bot", "run"])
"""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine"
)


def directives() -> dict[str, list[str]]:
    """Return the values that the unit gives to each name."""
    found = defaultdict(list)
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE):
        found[name].append(value)
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(  # noqa: S603 - a file of this repository
        ["systemd-analyze", "--no-pager", *arguments],  # noqa: S607 - the one of this machine
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
def test_systemd_understands_it(tmp_path: Path) -> None:
    """Nothing unknown, nothing missing: with a program in place of the installed one it is content."""
    (program,) = [value.split()[0] for value in directives()["ExecStart"]]
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace(program, sys.executable))
    said = analyze("verify", str(here))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@needs_systemd
def test_it_is_hardened() -> None:
    """By systemd's own measure a break-in is worth little."""
    said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_AT_MOST}", str(UNIT))
    assert said.returncode == 0, said.stdout[-200:] + said.stderr


def test_it_is_started_again_where_that_helps() -> None:
    """After a failure, but not after exit code 2; and it is given longer to stop than it takes."""
    unit = directives()
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == ["2"]
    assert int(unit["TimeoutStopSec"][0]) >= 10


def test_it_can_write_where_its_database_is() -> None:
    """The folder it runs in, to which the database's address is relative, is its state directory."""
    unit = directives()
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["WorkingDirectory"] == [f"/var/lib/{unit['StateDirectory'][0]}"]
    assert "DATABASE_URL=sqlite:///data/" in (ROOT / ".env.example").read_text()


def refuses_write_execute() -> bool:
    """Tell whether this kernel can refuse memory that is writable and executable (Linux 6.3)."""
    probe = f"import ctypes; raise SystemExit(ctypes.CDLL(None).prctl({_PR_SET_MDWE}, 1, 0, 0, 0) != 0)"
    return hasattr(ctypes.CDLL(None), "prctl") and not subprocess.call([sys.executable, "-c", probe])  # noqa: S603 - as above


@pytest.mark.skipif(not refuses_write_execute(), reason="this kernel has no PR_SET_MDWE")
async def test_the_bot_needs_no_writable_executable_memory(tmp_path: Path) -> None:
    """MemoryDenyWriteExecute, from this program's start on: a picture is made all the same."""
    assert directives()["MemoryDenyWriteExecute"] == ["yes"]
    async with staged(tmp_path) as stage:
        bot = _restricted(stage)
        await bot.start()
        try:
            await bot.wait_until_ready(60)
            await stage.members.wait_until_ready()
            assert (await stage.end_of(await stage.sana())).pictures
            assert await bot.stop() == 0
        finally:
            await bot.end()


def _restricted(stage: Stage) -> BotProcess:
    return BotProcess(
        stage.environment,
        stage.folder / "bot.log",
        folder=stage.folder,
        arguments=("-c", _REFUSE_WRITE_EXECUTE.format(call=_PR_SET_MDWE)),
    )
