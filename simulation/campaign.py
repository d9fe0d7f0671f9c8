"""Many seeds, on several processors, and what they met."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from simulation import coverage, known
from simulation.coverage import Coverage, table
from simulation.run import Outcome, simulate

_SEEDS_AT_ONCE: Final = 50


@dataclass(slots=True)
class Campaign:
    """What became of many seeds."""

    runs: int = 0
    failures: list[Outcome] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, other: "Campaign") -> None:
        """Take in what became of others."""
        self.runs += other.runs
        self.failures.extend(other.failures)
        self.coverage.add(other.coverage)

    def report(self) -> Iterator[str]:
        """Return the lines of the coverage tables."""
        counts = self.coverage
        yield from table("Transitions", counts.transitions, coverage.transitions())
        yield from table("Faults", counts.faults, known.faults())
        yield from table("Points at which the process died", counts.crashes, known.crashes())
        yield from table("Calls in which it died, and their jobs' states", counts.states_at_crashes, ())
        yield from table("Ends of jobs", counts.ends, ())


def run_seeds(seeds: range) -> Campaign:
    """Run some seeds, one after the other."""
    campaign = Campaign()
    for seed in seeds:
        outcome = simulate(seed)
        campaign.runs += 1
        campaign.coverage.add(outcome.coverage)
        if outcome.violations:
            campaign.failures.append(outcome)
    return campaign


def run_campaign(seeds: range, *, processes: int, at_once: int = _SEEDS_AT_ONCE) -> Iterator[Campaign]:
    """Run seeds, and return what became of each part of them, in order; `at_once` is how many a part has."""
    batches = [seeds[at : at + at_once] for at in range(0, len(seeds), at_once)]
    if processes == 1:
        yield from map(run_seeds, batches)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run_seeds, batches)
