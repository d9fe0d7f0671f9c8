"""The real bot with a probe inside, and what the probe tells of a stretch of time."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.probed import REPORT
from bench.stage import PROBED, Side, started

_LOOK_SECONDS: Final = 0.01
_TOLD_WITHIN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the probe saw; times in seconds."""

    lags: tuple[float, ...]
    longest: str  # the callback that held the loop for longest
    longest_seconds: float
    longest_cpu_seconds: float  # of these, those in which it had the processor
    commits: int  # since the start


@dataclass(frozen=True, kw_only=True)
class ProbedSide:
    """The bot, and where its probe tells."""

    side: Side
    report: Path

    async def ask(self) -> Seen:
        """Return what the probe saw since it was asked last.

        Raises:
            TimeoutError: it does not answer.
        """
        os.kill(self.side.process.pid, signal.SIGUSR1)
        async with asyncio.timeout(_TOLD_WITHIN_SECONDS):
            while not self.report.exists():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(_LOOK_SECONDS)
        found = json.loads(self.report.read_text())
        self.report.unlink()
        return Seen(**{**found, "lags": tuple(found["lags"])})


@asynccontextmanager
async def probed(folder: Path) -> AsyncIterator[ProbedSide]:
    """Start the bot with a probe inside."""
    report = folder.with_suffix(".probe")
    async with started(folder, PROBED, settings={REPORT: str(report)}) as side:
        yield ProbedSide(side=side, report=report)
