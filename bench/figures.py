"""Figures: what was measured, several times over, and whether it is as it should be. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Sample:
    """The results of all repetitions of one measurement, in one unit."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Take results in.

        Raises:
            ValueError: there are none.
        """
        taken = tuple(values)
        if not taken:
            raise ValueError("nothing was measured")
        return cls(taken)

    @property
    def median(self) -> float:
        """The middle one, which one disturbed repetition does not move far."""
        return median(self.values)

    @property
    def low(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The most."""
        return max(self.values)

    def times(self, factor: float) -> "Sample":
        """Return the results in another unit."""
        return Sample(tuple(value * factor for value in self.values))

    def over(self, other: "Sample") -> "Sample":
        """Return the ratios, repetition by repetition: what disturbed both at once disturbs them less."""
        return Sample(tuple(ours / theirs for ours, theirs in zip(self.values, other.values, strict=True)))

    def beyond(self, other: "Sample") -> "Sample":
        """Return the differences, repetition by repetition."""
        return Sample(tuple(ours - theirs for ours, theirs in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a figure was worked out from, or what explains it."""

    name: str
    sample: Sample
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table. `holds` is None where there is no target."""

    what: str
    sample: Sample
    unit: str
    target: str = ""
    holds: bool | None = None
    parts: Sequence[Part] = field(default_factory=tuple)


def at_most(what: str, sample: Sample, limit: float, unit: str, parts: Sequence[Part] = ()) -> Figure:
    """Return a figure whose median must not be above a limit."""
    target = f"at most {limit:g} {unit}"
    return Figure(
        what=what, sample=sample, unit=unit, target=target, holds=sample.median <= limit, parts=parts
    )


def at_least(what: str, sample: Sample, limit: float, unit: str, parts: Sequence[Part] = ()) -> Figure:
    """Return a figure whose median must not be below a limit."""
    target = f"at least {limit:g} {unit}"
    return Figure(
        what=what, sample=sample, unit=unit, target=target, holds=sample.median >= limit, parts=parts
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all values are not above."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def flatness(costs: Mapping[int, Sample]) -> Sample:
    """Return how much the dearest size costs against the cheapest, by medians."""
    medians = sorted(sample.median for sample in costs.values())
    return Sample((medians[-1] / medians[0],))
