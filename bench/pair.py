"""The floor and the real bot side by side, so that a noisy machine disturbs both alike."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Part, Sample
from bench.people import ONE_MB
from bench.scale import Scale
from bench.stage import FLOOR, Side, started

_WARM_UP_JOBS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both, started."""

    floor: Side
    bot: Side

    def set_task_seconds(self, seconds: float) -> None:
        """Say how long Wiro's tasks take from now on; longer ones tell how far they are."""
        for side in (self.floor, self.bot):
            side.wiro.set_speed(seconds)

    async def alternate(
        self, repetitions: int, step: Callable[[Side], Awaitable[float]]
    ) -> tuple[Sample, Sample]:
        """Return what a step gives for the floor and for the bot, one after the other, time and again."""
        floor, bot = [], []
        for _ in range(repetitions):
            floor.append(await step(self.floor))
            bot.append(await step(self.bot))
        return Sample.of(floor), Sample.of(bot)


def parts_of(floor: Sample, bot: Sample, unit: str) -> tuple[Part, Part]:
    """Return what a comparison was made from."""
    return Part(name="bot", sample=bot, unit=unit), Part(name="floor", sample=floor, unit=unit)


@asynccontextmanager
async def paired(folder: Path, scale: Scale) -> AsyncIterator[Pair]:
    """Start both, and have each make a few pictures first."""
    async with started(folder / "floor", FLOOR) as floor, started(folder / "bot") as bot:
        for side in (floor, bot):
            await side.people.make(ONE_MB, count=min(_WARM_UP_JOBS, scale.jobs), at_once=scale.at_once)
        yield Pair(floor=floor, bot=bot)
