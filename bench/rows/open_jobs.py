"""Memory with many open jobs, and a start that finds them."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.charts import Line, draw
from bench.figures import Figure, Part, Sample, at_most
from bench.open_jobs import leave_open
from bench.processes import resident_bytes
from bench.rows.start import ready_seconds
from bench.scale import Scale
from bench.stage import Side, set_up

PICTURE: Final = "growth-memory.svg"

_MB, _KB = 1_000_000, 1_000
_IDLE_LIMIT_MB: Final = 70
_JOB_LIMIT_KB: Final = 3
_READY_LIMIT_SECONDS: Final = 2.0
_POLLS_PER_SECOND: Final = 5  # Source: `bot.jobs.tracker`, its budget
_POLLS_AT_ONCE: Final = 20
_REGISTERED_WITHIN_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What a start with open jobs was like."""

    answered_seconds: float  # from nothing to the first answer to a command
    memory_bytes: int
    polls: int  # in `polled_seconds` after it was ready
    polled_seconds: float
    tasks: int  # that these polls asked for


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Start the bot again and again, with more and more jobs that a stop left open."""
    memory: dict[int, Sample] = {}
    starts: list[_Start] = []
    async with set_up(folder / "open", settings={"JOB_TIMEOUT_SECONDS": "86400"}) as side:
        there = 0
        for number in scale.open_jobs:
            await leave_open(side, number - there)
            there = number
            starts = [await _start(side, number, scale) for _ in range(scale.repetitions)]
            memory[number] = Sample.of(each.memory_bytes for each in starts)
    draw(
        folder / PICTURE,
        "Memory, by open jobs",
        [Line("megabytes", {number: sample.median / _MB for number, sample in memory.items()})],
    )
    return [*_memory(memory), *_restart(starts, scale.open_jobs[-1])]


def _memory(memory: dict[int, Sample]) -> list[Figure]:
    idle = memory[0]
    most = max(memory)
    growth = Sample(tuple((value - idle.median) / most / _KB for value in memory[most].values))
    parts = [
        Part(name=f"{number:,} open jobs", sample=sample.times(1 / _MB), unit="MB")
        for number, sample in memory.items()
    ]
    return [
        at_most("memory with no open job", idle.times(1 / _MB), _IDLE_LIMIT_MB, "MB"),
        at_most(f"memory for each of {most:,} open jobs", growth, _JOB_LIMIT_KB, "KB", parts),
    ]


def _restart(starts: list[_Start], number: int) -> list[Figure]:
    allowed = Sample.of(_POLLS_AT_ONCE + _POLLS_PER_SECOND * each.polled_seconds for each in starts)
    polls = Sample.of(each.polls for each in starts)
    tasks = Sample.of(each.tasks for each in starts)
    return [
        at_most(
            f"from nothing to the first answer, with {number:,} open jobs",
            Sample.of(each.answered_seconds for each in starts),
            _READY_LIMIT_SECONDS,
            "s",
        ),
        Figure(
            what=f"polls after that start, against the budget for {starts[0].polled_seconds:.0f} s",
            sample=polls.over(allowed),
            unit="×",
            target="at most 1 ×, each another task",
            holds=polls.over(allowed).high <= 1 and polls == tasks and polls.low > 0,
            parts=(
                Part(name="polls", sample=polls, unit=""),
                Part(name="tasks", sample=tasks, unit=""),
                Part(name="allowed", sample=allowed, unit=""),
            ),
        ),
    ]


async def _start(side: Side, number: int, scale: Scale) -> _Start:
    """Start the bot, have a command answered, let it settle, and stop it."""
    began, began_at = time.monotonic(), time.time()
    await ready_seconds(side)
    ready_at = time.monotonic()
    await side.people.answered(side.people.do("usage"))
    answered = time.monotonic() - began
    await asyncio.sleep(scale.polled_seconds)
    looks = [seen for seen in side.wiro.requests if seen.call == "Task/Detail" and seen.time >= began_at]
    polled = time.monotonic() - ready_at
    if number:
        await _registered(side, number, began_at)
    await asyncio.sleep(scale.settled_seconds)
    memory = resident_bytes(side.process.pid)
    await side.process.stop()
    return _Start(
        answered_seconds=answered,
        memory_bytes=memory,
        polls=len(looks),
        polled_seconds=polled,
        tasks=len({seen.taskid for seen in looks}),
    )


async def _registered(side: Side, number: int, since: float) -> None:
    """Wait until the bot listens for every task on Wiro's socket."""
    async with asyncio.timeout(_REGISTERED_WITHIN_SECONDS):
        while _registrations(side, since) < number:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(_LOOK_SECONDS)


def _registrations(side: Side, since: float) -> int:
    return sum(seen.call == "socket/task_info" and seen.time >= since for seen in side.wiro.requests)
