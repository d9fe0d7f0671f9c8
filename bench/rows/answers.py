"""How soon a command is answered, from the gateway's event to the interaction's callback."""

from pathlib import Path
from typing import Final

from bench.figures import Figure, Sample, at_most, percentile
from bench.pair import Pair, parts_of
from bench.people import SMALL, answer_seconds
from bench.scale import Scale
from bench.stage import Side

_PER_SECOND: Final = 100
_LIMIT_MS: Final = 25
_LIMIT_FLOORS: Final = 3


async def measure(pair: Pair, scale: Scale) -> list[Figure]:
    """Type a hundred commands a second, while Wiro works on their tasks, and while it ends each at once."""
    return [
        *await _compare("answers at 100 commands a second, tasks under way: p99", pair, scale, at_once=False),
        *await _compare("answers at 100 whole jobs a second: p99", pair, scale, at_once=True),
    ]


async def _compare(what: str, pair: Pair, scale: Scale, *, at_once: bool) -> list[Figure]:
    medians: dict[Path, list[float]] = {pair.floor.folder: [], pair.bot.folder: []}

    async def step(side: Side) -> float:
        side.wiro.set_speed(0 if at_once else 10 * scale.answer_seconds)
        typed = await side.people.type_steadily(
            SMALL, count=round(_PER_SECOND * scale.answer_seconds), per_second=_PER_SECOND
        )
        for sent in typed:
            await side.people.answered(sent)
        answers = [answer_seconds(sent) * 1000 for sent in typed]
        medians[side.folder].append(percentile(answers, 50))
        side.end_tasks()
        for sent in typed:
            await side.people.finished(sent)
        return percentile(answers, 99)

    floor, bot = await pair.alternate(scale.repetitions, step)
    parts = (
        *parts_of(floor, bot, "ms"),
        *parts_of(Sample.of(medians[pair.floor.folder]), Sample.of(medians[pair.bot.folder]), "ms, median"),
    )
    return [
        at_most(what, bot, _LIMIT_MS, "ms", parts),
        at_most("the same, against the floor's", bot.over(floor), _LIMIT_FLOORS, "×"),
    ]
