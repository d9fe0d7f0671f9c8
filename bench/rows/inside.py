"""What a probe inside the bot's process sees: commits and calls a job, and how free the event loop is."""

from pathlib import Path
from typing import Final

from bench.figures import Figure, Part, Sample, at_most, percentile
from bench.people import ONE_MB, SMALL
from bench.probed_side import ProbedSide, Seen, probed
from bench.scale import Scale

_COMMITS_LIMIT: Final = 6
_CALLS_LIMIT: Final = 2
_LAG_LIMIT_MS: Final = 20
_HELD_LIMIT_MS: Final = 50
_TASK_SECONDS: Final = 0.1  # the socket tells of its steps
_PER_SECOND: Final = 60
_WIRO_CALLS: Final = ("Run", "Task/Detail")


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Count one job at a time, then watch the loop under load."""
    async with probed(folder / "probed") as bot:
        bot.side.wiro.set_speed(_TASK_SECONDS)
        await bot.side.people.make(ONE_MB, count=1, at_once=1)
        figures = await _count(bot, scale)
        return [*figures, *await _watch(bot, scale)]


async def _count(bot: ProbedSide, scale: Scale) -> list[Figure]:
    alone, loaded, wiro, discord = [], [], [], []
    for _ in range(scale.repetitions):
        before = _calls(bot)
        alone.append(await _commits(bot, scale.steps, at_once=1))
        after = _calls(bot)
        wiro.append((after[0] - before[0]) / scale.steps)
        discord.append((after[1] - before[1]) / scale.steps)
        loaded.append(await _commits(bot, scale.jobs, at_once=scale.at_once))
    single, shared = Sample.of(alone), Sample.of(loaded)
    return [
        at_most("commits a job, one job at a time", single, _COMMITS_LIMIT, "commits"),
        Figure(
            what=f"commits a job, {scale.at_once} at a time (they share)",
            sample=shared,
            unit="commits",
            target="less than alone",
            holds=shared.median < single.median,
        ),
        at_most("calls a job at Wiro, with callbacks", Sample.of(wiro), _CALLS_LIMIT, "calls"),
        at_most(
            "calls a job at Discord until the picture is there", Sample.of(discord), _CALLS_LIMIT, "calls"
        ),
    ]


async def _commits(bot: ProbedSide, count: int, *, at_once: int) -> float:
    before = (await bot.ask()).commits
    await bot.side.people.make(ONE_MB, count=count, at_once=at_once)
    return ((await bot.ask()).commits - before) / count


def _calls(bot: ProbedSide) -> tuple[int, int]:
    """Return how many calls Wiro and Discord saw; the reaction comes when the picture is there."""
    wiro = sum(seen.call in _WIRO_CALLS for seen in bot.side.wiro.requests)
    discord = sum("/reactions" not in call.route for call in bot.side.discord.requests.calls)
    return wiro, discord


async def _watch(bot: ProbedSide, scale: Scale) -> list[Figure]:
    seen = []
    for _ in range(scale.repetitions):
        await bot.ask()
        count = round(_PER_SECOND * scale.answer_seconds)
        await bot.side.people.make_steadily(SMALL, count=count, per_second=_PER_SECOND)
        await bot.side.people.make(ONE_MB, count=scale.jobs, at_once=scale.at_once)
        seen.append(await bot.ask())
    lag = Sample.of(percentile(each.lags, 99.9) * 1000 for each in seen)
    looks = Part(name="looks", sample=Sample.of(len(each.lags) for each in seen), unit="")
    middle = Part(
        name="in the median", sample=Sample.of(percentile(each.lags, 50) * 1000 for each in seen), unit="ms"
    )
    return [
        at_most("event loop's lag under load, 99.9th percentile", lag, _LAG_LIMIT_MS, "ms", (middle, looks)),
        _held(seen),
    ]


def _held(seen: list[Seen]) -> Figure:
    """Return how long the loop was held at worst: here not the median counts, but every single callback."""
    longest = max(seen, key=lambda each: each.longest_seconds)
    held = Sample.of(each.longest_seconds * 1000 for each in seen)
    processor = Sample.of(each.longest_cpu_seconds * 1000 for each in seen)
    worst = Part(name=longest.longest, sample=Sample.of([held.high]), unit="ms")
    return Figure(
        what="longest callback under load",
        sample=held,
        unit="ms",
        target=f"never above {_HELD_LIMIT_MS} ms",
        holds=held.high <= _HELD_LIMIT_MS,
        parts=(Part(name="its processor time", sample=processor, unit="ms"), worst),
    )
