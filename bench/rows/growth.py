"""Whether a job costs more where many are under way."""

import asyncio
from pathlib import Path
from typing import Final

from bench.charts import Line, draw
from bench.figures import Figure, Part, Sample, at_most, flatness
from bench.people import SMALL
from bench.scale import Scale
from bench.stage import Side, set_up

PICTURE: Final = "growth-cost.svg"

_LIMIT: Final = 1.2
_PER_SECOND: Final = 50
_SETTLED_SECONDS: Final = 0.5


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Type at a steady rate; what is under way is the rate times the seconds that a task takes."""
    costs: dict[int, Sample] = {}
    settings = {"WIRO_MAX_CONCURRENT": "1000"}
    for under_way in scale.under_way:
        async with set_up(folder / f"growth-{under_way}", settings=settings) as side:
            await side.start()
            await side.people.make(SMALL, count=scale.jobs, at_once=scale.at_once)
            costs[under_way] = await _cost_ms(side, under_way, scale)
    draw(
        folder / PICTURE,
        "CPU a job, by jobs under way",
        [Line("milliseconds", {number: sample.median for number, sample in costs.items()})],
    )
    parts = [Part(name=f"{number:,} under way", sample=cost, unit="ms") for number, cost in costs.items()]
    return [at_most("growth: dearest job against the cheapest", flatness(costs), _LIMIT, "×", parts)]


async def _cost_ms(side: Side, under_way: int, scale: Scale) -> Sample:
    """Return what a job costs in each of several stretches of time, while so many are under way."""
    task_seconds = under_way / _PER_SECOND
    side.wiro.set_speed(task_seconds)
    settled = task_seconds + _SETTLED_SECONDS
    seconds = settled + scale.repetitions * scale.window_seconds
    typing = asyncio.create_task(
        side.people.make_steadily(SMALL, count=round(_PER_SECOND * seconds), per_second=_PER_SECOND)
    )
    await asyncio.sleep(settled)
    costs = []
    for _ in range(scale.repetitions):
        cpu, delivered = side.cpu_seconds, _delivered(side)
        await asyncio.sleep(scale.window_seconds)
        costs.append((side.cpu_seconds - cpu) * 1000 / max(1, _delivered(side) - delivered))
    typing.cancel()  # what is still under way ends with the bot
    return Sample.of(costs)


def _delivered(side: Side) -> int:
    return sum("/reactions" in call.route for call in side.discord.requests.calls)
