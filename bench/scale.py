"""How much is measured: in full, quickly, or so little that it only shows that it works."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts and times of all measurements."""

    name: str
    repetitions: int
    jobs: int  # in a repetition
    at_once: int  # of these
    steps: int  # jobs that are made one after the other, in a repetition
    answer_seconds: float  # in which a hundred commands a second are typed, in a repetition
    open_jobs: tuple[int, ...]  # the numbers for which memory is measured, the last one for a restart too
    polled_seconds: float  # for which the polls after a restart are counted
    settled_seconds: float  # before memory is read
    uploads: int  # large pictures that are delivered at once
    old_jobs: int  # in the large database
    under_way: tuple[int, ...]  # the numbers of jobs at which the cost of one is measured
    window_seconds: float  # in which that is done, for each repetition
    simulated_tasks: int  # for each duration, in a repetition


FULL: Final = Scale(
    name="full",
    repetitions=5,
    jobs=200,
    at_once=30,
    steps=20,
    answer_seconds=5.0,
    open_jobs=(0, 1_000, 10_000),
    polled_seconds=10.0,
    settled_seconds=1.0,
    uploads=100,
    old_jobs=1_000_000,
    under_way=(10, 100, 1_000),
    window_seconds=4.0,
    simulated_tasks=2_000,
)
QUICK: Final = Scale(
    name="quick",
    repetitions=3,
    jobs=60,
    at_once=30,
    steps=6,
    answer_seconds=1.0,
    open_jobs=(0, 1_000, 10_000),
    polled_seconds=0.5,
    settled_seconds=0.3,
    uploads=30,
    old_jobs=200_000,
    under_way=(10, 100, 300),
    window_seconds=0.8,
    simulated_tasks=500,
)
TINY: Final = Scale(
    name="tiny",
    repetitions=1,
    jobs=4,
    at_once=2,
    steps=2,
    answer_seconds=0.1,
    open_jobs=(0, 20),
    polled_seconds=0.2,
    settled_seconds=0.1,
    uploads=2,
    old_jobs=1_000,
    under_way=(2, 4),
    window_seconds=0.3,
    simulated_tasks=20,
)
