"""Polling alone, simulated: the bot's pace against that of Wiro's own client, on the same tasks."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from bench.figures import Figure, Part, Sample
from bench.scale import Scale
from bot.jobs.pace import Pace

_DURATIONS_SECONDS: Final = (3, 10, 30, 120)
_SPREAD: Final = 0.3
_WORK: Final = 1024 * 1024 * 25
_CLIENTS_PACE: Final = (
    (15.0, 2.0),
    (60.0, 5.0),
)  # Source: the pace of Wiro's own clients, as the target says
_CLIENTS_LAST_WAIT_SECONDS: Final = 10.0

NextLook = Callable[[float], float]
"""From the seconds since a task was accepted to the seconds until the next look."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How a task's end was found."""

    calls: int
    running_at_seconds: float  # at the last look before
    late_seconds: float


async def measure(_: Path, scale: Scale) -> list[Figure]:
    """Simulate tasks of each duration, spread by 30 %. The bot's pace learns from them as they end."""
    return [_compare(seconds, scale) for seconds in _DURATIONS_SECONDS]


def follow(seconds: float, next_look: NextLook) -> Followed:
    """Look at a task that takes so long until it has ended."""
    calls, before, elapsed = 0, 0.0, 0.0
    while elapsed < seconds or not calls:
        before, elapsed = elapsed, elapsed + next_look(elapsed)
        calls += 1
    return Followed(calls, before, elapsed - seconds)


def clients_wait(elapsed_seconds: float) -> float:
    """Return how long Wiro's own client waits until it looks again."""
    waits = (wait for until, wait in _CLIENTS_PACE if elapsed_seconds < until)
    return next(waits, _CLIENTS_LAST_WAIT_SECONDS)


def _followed_by_bot(durations: list[float]) -> Iterator[Followed]:
    pace = Pace()
    for seconds in durations:
        followed = follow(seconds, lambda elapsed: pace.next_look(_WORK, elapsed, expects_callback=False))
        pace.learn(
            _WORK,
            seconds + followed.late_seconds,  # when it was found: more is not known
            called_back=None,
            running_at_seconds=followed.running_at_seconds,
        )
        yield followed


def _compare(seconds: int, scale: Scale) -> Figure:
    calls: dict[str, list[float]] = {"bot": [], "client": []}
    late: dict[str, list[float]] = {"bot": [], "client": []}
    for repetition in range(scale.repetitions):
        drawn = random.Random(repetition)  # noqa: S311 - a simulation keeps no secret
        durations = [seconds * drawn.uniform(1 - _SPREAD, 1 + _SPREAD) for _ in range(scale.simulated_tasks)]
        outcomes = {
            "bot": list(_followed_by_bot(durations)),
            "client": [follow(each, clients_wait) for each in durations],
        }
        for name, followed in outcomes.items():
            calls[name].append(mean(each.calls for each in followed))
            late[name].append(mean(each.late_seconds for each in followed))
    samples = {name: (Sample.of(calls[name]), Sample.of(late[name])) for name in calls}
    (bot_calls, bot_late), (client_calls, client_late) = samples["bot"], samples["client"]
    fewer = bot_calls.median < client_calls.median and bot_late.median <= client_late.median
    earlier = bot_late.median < client_late.median and bot_calls.median <= client_calls.median
    return Figure(
        what=f"polling alone, tasks of {seconds} s ± 30 %: calls a task",
        sample=bot_calls,
        unit="calls",
        target="fewer calls and no later, or earlier and no more calls",
        holds=fewer or earlier,
        parts=(
            Part(name="bot finds the end after", sample=bot_late, unit="s"),
            Part(name="Wiro's client calls", sample=client_calls, unit="times"),
            Part(name="Wiro's client finds it after", sample=client_late, unit="s"),
        ),
    )
