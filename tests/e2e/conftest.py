"""The stage on which end-to-end tests act."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.jobs.gate import Trouble
from bot.jobs.waiting import loop_seconds
from sandbox.wiro import Script, SocketScript, WiroConfig
from tests.support.clock import Clock
from tests.support.log import Log, read_along
from tests.support.stage import UNLIMITED, Stage, staged

SMALL = {"width": 256, "height": 256}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and the bot, ready, with callbacks."""
    async with staged(tmp_path) as ready:
        await ready.start_bot()
        yield ready


@pytest.fixture
async def bare_stage(tmp_path: Path, wiro_config: WiroConfig) -> AsyncIterator[Stage]:
    """As the quick one, but without a bot yet: for settings of its own, see `Stage.start_bot`."""
    async with staged(tmp_path, wiro=wiro_config, discord=UNLIMITED) as ready:
        yield ready


@pytest.fixture
def wiro_config() -> WiroConfig:
    """How Wiro is set up for the next two; parametrize it for another one."""
    return WiroConfig()


@pytest.fixture
async def quick_stage(tmp_path: Path, wiro_config: WiroConfig) -> AsyncIterator[Stage]:
    """Both servers and the bot, ready, with callbacks; small pictures, and none of Discord's rate limits."""
    async with staged(tmp_path, wiro=wiro_config, discord=UNLIMITED) as ready:
        ready.usual |= SMALL
        await ready.start_bot()
        yield ready


@pytest.fixture
async def polling_stage(tmp_path: Path, wiro_config: WiroConfig) -> AsyncIterator[Stage]:
    """As the quick one, but without an address for callbacks."""
    async with staged(tmp_path, callbacks=False, wiro=wiro_config, discord=UNLIMITED) as ready:
        ready.usual |= SMALL
        await ready.start_bot()
        yield ready


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Wiro's socket refuse every connection: for tests of what works without it."""
    monkeypatch.setattr(Script, "socket", lambda _: SocketScript(http_status=503))


@pytest.fixture
def log() -> Iterator[Log]:
    """What the bot logs from now on."""
    with read_along() as log:
        yield log


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The bot's clock, for what takes minutes; to be asked for before the stage."""
    clock = Clock()
    monkeypatch.setattr("bot.app.SystemClock", lambda: clock)
    for part in ("deliver", "removal", "search", "service", "submit", "tracker"):
        monkeypatch.setattr(
            f"bot.jobs.{part}.loop_seconds", lambda: loop_seconds() + clock.ahead.total_seconds()
        )
    return clock


@pytest.fixture
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line that is held be tried again at once: for tests of what happens, not of when."""
    monkeypatch.setattr("bot.jobs.gate._FIRST_SECONDS", dict.fromkeys(Trouble, 0.02))


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let polls, and what is done again after a failure, come several times a second."""
    monkeypatch.setattr("bot.jobs.pace._CLIENTS_PACE", ((60.0, 0.2),))
    monkeypatch.setattr("bot.jobs.tracker._FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr("bot.jobs.deliver._FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr("bot.jobs.search._FIRST_SECONDS", 0.1)
    monkeypatch.setattr("bot.wiro.retries._JITTER_SECONDS", 0.05)


@pytest.fixture
def quick_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let messages show every step at once: for tests of what they show, not of when."""
    monkeypatch.setattr("bot.jobs.progress._PAUSE", timedelta(seconds=0.05))
    monkeypatch.setattr("bot.jobs.progress._BETWEEN_TURNS_SECONDS", 0.001)
