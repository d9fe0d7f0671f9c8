"""Many runs, several side by side: a line for each, tables of what was covered, and how to replay one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from faults.plan import Plan, draw
from faults.points import POINTS
from faults.run import Outcome, perform
from faults.troubles import TROUBLES


async def campaign(seeds: Iterable[int], *, side_by_side: int) -> AsyncIterator[Outcome]:
    """Perform the runs of these seeds, and give what came of each as it ends."""
    waiting = list(reversed(list(seeds)))
    under_way: set[asyncio.Task[Outcome]] = set()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < side_by_side:
                under_way.add(asyncio.create_task(perform(draw(waiting.pop()))))
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                yield each.result()
    finally:
        for each in under_way:
            each.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def line(outcome: Outcome) -> str:
    """Return what is printed of a run."""
    plan = outcome.plan
    ends = ", ".join(f"{count} {state}" for state, count in sorted(outcome.ends.items())) or "no jobs"
    point = plan.point.name + ("" if outcome.was_reached else " (not reached)")
    troubles = "; ".join(f"{name} ×{hits}" for name, hits in outcome.hits.items() if hits)
    also = "; ".join(word for word, holds in _circumstances(plan).items() if holds)
    verdict = "FAILED" if outcome.violations else "kept"
    parts = [f"{plan.seed:>6}  {verdict}  {outcome.seconds:5.1f} s", point, troubles, also, ends]
    return "  |  ".join(part for part in parts if part)


def _circumstances(plan: Plan) -> dict[str, bool]:
    return {
        "down for an hour": plan.hour,
        "killed again": bool(plan.more_kills),
        "stopped by SIGTERM": plan.by_sigterm,
        "one task at a time": plan.has_one_slot,
        "no callbackUrl told": not plan.echo,
        "no callbacks asked for": not plan.callbacks,
    }


def failure(outcome: Outcome) -> str:
    """Return all that is known of a run that failed."""
    return "\n".join(
        [
            f"run {outcome.plan.seed} failed:",
            *(f"  - {violation}" for violation in outcome.violations),
            f"its plan: {outcome.plan}",
            "its story, and the bot's log:",
            *(f"  {each}" for each in outcome.story),
            f"to replay it, as far as real time allows: make faults RUNS=1 SEED={outcome.plan.seed}",
        ]
    )


def tables(outcomes: Sequence[Outcome]) -> str:
    """Return how often each point was reached, each trouble was hit, and each end came."""
    points = Counter(outcome.plan.point.name for outcome in outcomes if outcome.was_reached)
    hits: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    circumstances: Counter[str] = Counter()
    for outcome in outcomes:
        hits.update(outcome.hits)
        ends.update(outcome.ends)
        circumstances.update(_circumstances(outcome.plan))
    return "\n".join(
        [
            *_table("killed at", {point.name: points[point.name] for point in POINTS}),
            *_table("trouble", {name: hits[name] for name in TROUBLES}),
            *_table("circumstance", circumstances),
            *_table("end of a job", dict(sorted(ends.items()))),
        ]
    )


def _table(heading: str, rows: Mapping[str, int]) -> list[str]:
    width = max(map(len, (heading, *rows)))
    return [
        "",
        f"{heading:<{width}}  times",
        *(f"{name:<{width}}  {count:>5}" for name, count in rows.items()),
    ]
