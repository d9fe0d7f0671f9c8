"""The most memory that a hundred large pictures take when all of them are finished at once."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

from bench.figures import Figure, Part, Sample, at_most
from bench.people import EIGHT_MB
from bench.processes import peak_bytes, reset_peak, resident_bytes
from bench.scale import Scale
from bench.stage import Side, started
from sandbox.discord.rest import RestCall

_MB: Final = 1_000_000
_LIMIT_MB: Final = 60
_TASK_SECONDS: Final = 1.0  # so that all run before the first has ended


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Have all of them made at once, and subtract what was idle before and what was on its way at most."""
    above, sent, idle = [], [], []
    settings = {"WIRO_MAX_CONCURRENT": str(scale.uploads)}
    for number in range(scale.repetitions):
        async with started(
            folder / f"uploads-{number}", task_seconds=_TASK_SECONDS, settings=settings
        ) as side:
            before, peak, on_their_way = await _deliver(side, scale.uploads)
            idle.append(before / _MB)
            sent.append(on_their_way * EIGHT_MB.size_bytes / _MB)
            above.append((peak - before) / _MB - sent[-1])
    return [
        at_most(
            f"peak memory, {scale.uploads} pictures of 8 MB at once, above idle and what is being sent",
            Sample.of(above),
            _LIMIT_MB,
            "MB",
            (
                Part(name="idle", sample=Sample.of(idle), unit="MB"),
                Part(name="being sent at most", sample=Sample.of(sent), unit="MB"),
            ),
        )
    ]


async def _deliver(side: Side, count: int) -> tuple[int, int, int]:
    """Return the memory before and at the peak, and how many uploads were on their way at once."""
    before = resident_bytes(side.process.pid)
    reset_peak(side.process.pid)
    await side.people.make(EIGHT_MB, count=count, at_once=count)
    uploads = [call for call in side.discord.requests.calls if call.method == "PATCH"]
    return before, peak_bytes(side.process.pid), at_once(uploads)


def at_once(calls: Sequence[RestCall]) -> int:
    """Return how many calls were under way at once, at most."""
    changes = [(call.monotonic, 1) for call in calls]
    changes += [(call.monotonic + call.seconds, -1) for call in calls]
    return max(accumulate(change for _, change in sorted(changes)), default=0)
