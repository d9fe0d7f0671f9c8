"""`python -m faults`: kills the real bot on the sandbox again and again, and checks what was promised."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from faults.campaign import campaign, failure, line, tables
from faults.points import POINTS
from faults.run import Outcome


async def run(runs: int, seed: int, side_by_side: int) -> int:
    """Run a campaign, print what came of it, and return the exit code: 1 where a promise was not kept."""
    outcomes: list[Outcome] = []
    async for outcome in campaign(range(seed, seed + runs), side_by_side=side_by_side):
        outcomes.append(outcome)
        _say(line(outcome))
        if outcome.violations:
            _say(failure(outcome))
    failed = sorted(outcome.plan.seed for outcome in outcomes if outcome.violations)
    _say(tables(outcomes))
    _say(
        f"\n{len(outcomes)} runs, {sum(map(_jobs, outcomes))} jobs, {len(failed)} runs failed{_named(failed)}"
    )
    return 1 if failed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=len(POINTS), help="how many; default: each point once")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; the others count on from it")
    parser.add_argument("--side-by-side", type=int, default=4, help="runs at once")
    given = parser.parse_args(arguments)
    return asyncio.run(run(given.runs, given.seed, given.side_by_side))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _jobs(outcome: Outcome) -> int:
    return sum(outcome.ends.values())


def _named(seeds: Sequence[int]) -> str:
    return ": " + ", ".join(map(str, seeds)) if seeds else ""


if __name__ == "__main__":
    sys.exit(main())
