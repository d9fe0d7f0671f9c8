"""From Wiro's callback to the finished edit: what the member waits for besides the task."""

from statistics import median
from typing import Final

from bench.figures import Figure, at_most
from bench.pair import Pair, parts_of
from bench.people import ONE_MB
from bench.scale import Scale
from bench.stage import Side

_LIMIT_MS: Final = 10
_TASK_SECONDS: Final = 0.1  # so that Run was answered before its callback comes


async def measure(pair: Pair, scale: Scale) -> list[Figure]:
    """Make one picture after the other, and compare the spans of the two bots."""
    pair.set_task_seconds(_TASK_SECONDS)

    async def step(side: Side) -> float:
        return median([await _finish_ms(side) for _ in range(scale.steps)])

    floor, bot = await pair.alternate(scale.repetitions, step)
    pair.set_task_seconds(0)
    return [
        at_most(
            "from Wiro's callback to the finished edit, beyond the floor's",
            bot.beyond(floor),
            _LIMIT_MS,
            "ms",
            parts_of(floor, bot, "ms"),
        )
    ]


async def _finish_ms(side: Side) -> float:
    message = await side.people.finished(side.people.type(ONE_MB))
    # The sandbox calls back the moment a task is at its end.
    called_back = side.wiro.tasks[-1].times["task_postprocess_end"]
    return (message.edits[-1].at.timestamp() - called_back) * 1000
