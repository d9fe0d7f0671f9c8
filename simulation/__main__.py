"""``python -m simulation``: a campaign of seeds, or one seed with all that happened in it."""

import argparse
import os
import sys
import time
from typing import Final, TextIO

from simulation.campaign import Campaign, run_campaign
from simulation.run import Outcome, simulate

_SHOWN_AT_MOST: Final = 5
_REPORTED_EVERY: Final = 5_000


def main() -> int:
    """Run what the command line asks for; return 1 where a promise was not kept, else 0."""
    arguments = _parse()
    out = sys.stdout
    if arguments.seed is not None:
        outcome = simulate(arguments.seed, whole_trace=True)
        _show(outcome, out)
        return 1 if outcome.violations else 0
    return _campaign(arguments, out)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone, and print all that happened")
    parser.add_argument("--seeds", type=int, default=2_000, help="how many seeds to run (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="at once (one a processor)"
    )
    parser.add_argument("--until-failure", action="store_true", help="stop at the first seed that fails")
    return parser.parse_args()


def _campaign(arguments: argparse.Namespace, out: TextIO) -> int:
    began = time.monotonic()
    whole = Campaign()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    at_once = {"at_once": 1} if arguments.until_failure else {}
    for part in run_campaign(seeds, processes=arguments.processes, **at_once):
        for outcome in part.failures[: max(0, _SHOWN_AT_MOST - len(whole.failures))]:
            _show(outcome, out)
        whole.add(part)
        if whole.failures and arguments.until_failure:
            return 1
        if whole.runs % _REPORTED_EVERY == 0:
            out.write(f"{whole.runs} of {len(seeds)} seeds, {len(whole.failures)} failed\n")
            out.flush()
    out.writelines(f"{line}\n" for line in whole.report())
    seconds = time.monotonic() - began
    out.write(f"{whole.runs} seeds in {seconds:.0f} s: {len(whole.failures)} failed\n")
    return 1 if whole.failures else 0


def _show(outcome: Outcome, out: TextIO) -> None:
    out.writelines(f"{line}\n" for line in outcome.lines)
    out.writelines(f"seed {outcome.seed}: {violation}\n" for violation in outcome.violations)
    if outcome.violations:
        out.write(f"To run it again: make simulate SEED={outcome.seed}\n\n")
    else:
        out.write(f"seed {outcome.seed}: every promise was kept; trace {outcome.digest}\n")


if __name__ == "__main__":
    sys.exit(main())
