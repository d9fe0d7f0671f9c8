"""What a whole job costs the processor, and how many a second one core sustains."""

import time
from pathlib import Path
from typing import Final

from bench.figures import Figure, Sample, at_least, at_most
from bench.pair import Pair, parts_of
from bench.people import ONE_MB
from bench.processes import one_core_each
from bench.scale import Scale
from bench.stage import Side

_COST_LIMIT: Final = 1.5
_RATE_LIMIT: Final = 0.7
_TOLD_SECONDS: Final = 0.3  # long enough for the socket to tell of every step

_Compared = tuple[Sample, Sample]
"""The floor's results, and the bot's."""


async def measure(pair: Pair, scale: Scale) -> list[Figure]:
    """Compare the bot with the floor, with tasks that end at once and with such as tell of their progress."""
    with one_core_each(pair.floor.process.pid, pair.bot.process.pid):
        (floor, bot), (floor_rate, bot_rate) = await _compare(pair, scale, task_seconds=0)
        (told_floor, told_bot), _ = await _compare(pair, scale, task_seconds=_TOLD_SECONDS)
    pair.set_task_seconds(0)
    return [
        at_most(
            "CPU of a job with a 1 MB picture, task of no time, against the floor's",
            bot.over(floor),
            _COST_LIMIT,
            "×",
            parts_of(floor, bot, "ms"),
        ),
        at_most(
            "the same, the socket telling of every step (the floor does not listen)",
            told_bot.over(told_floor),
            _COST_LIMIT,
            "×",
            parts_of(told_floor, told_bot, "ms"),
        ),
        at_least(
            "jobs a second on one core, against the floor's",
            bot_rate.over(floor_rate),
            _RATE_LIMIT,
            "×",
            parts_of(floor_rate, bot_rate, "jobs/s"),
        ),
    ]


async def _compare(pair: Pair, scale: Scale, *, task_seconds: float) -> tuple[_Compared, _Compared]:
    """Return the milliseconds of processor time that a job costs, and how many a second were made."""
    pair.set_task_seconds(task_seconds)
    rates: dict[Path, list[float]] = {pair.floor.folder: [], pair.bot.folder: []}

    async def step(side: Side) -> float:
        cpu, began = side.cpu_seconds, time.monotonic()
        await side.people.make(ONE_MB, count=scale.jobs, at_once=scale.at_once)
        rates[side.folder].append(scale.jobs / (time.monotonic() - began))
        return (side.cpu_seconds - cpu) * 1000 / scale.jobs

    costs = await pair.alternate(scale.repetitions, step)
    return costs, (Sample.of(rates[pair.floor.folder]), Sample.of(rates[pair.bot.folder]))
