"""What goes wrong in a run, and how often: drawn from the seed, so that runs differ in kind.

Each run has its own weather: a domain of faults may rage, trickle or rest, and of a domain not every kind
need occur. So one run tries lost answers alone, and another everything at once.
"""

import math
import random
from typing import Final

from simulation.coverage import Coverage

_INTENSITIES: Final = (0.0, 0.0, 0.02, 0.08, 0.3)
_KIND_OCCURS: Final = 0.6
_CALM_RUNS: Final = 0.05


class Faults:
    """Decides by chance.

    Args:
        seed: of the run.
        coverage: counts what struck.
    """

    def __init__(self, seed: int, coverage: Coverage) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a simulation keeps no secret
        self._coverage = coverage
        self._rates: dict[str, float] = {}
        self._intensities: dict[str, float] = {}
        self._is_over = self.random.random() < _CALM_RUNS

    def end(self) -> None:
        """Let nothing go wrong any more."""
        self._is_over = True

    @property
    def are_over(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self._is_over

    def strike(self, domain: str, kind: str, *, times: float = 1.0) -> bool:
        """Tell whether a fault strikes now, and count it.

        Args:
            domain: faults of one domain rage or rest together.
            kind: its name.
            times: how much more often than others of its domain.
        """
        if self._is_over:
            return False
        name = f"{domain}: {kind}"
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = self._draw_rate(domain)
        if rate == 0.0 or self.random.random() >= rate * times:
            return False
        self.count(name)
        return True

    def count(self, name: str) -> None:
        """Count a fault that strikes for another reason."""
        self._coverage.faults[name] += 1

    def chance(self, probability: float) -> bool:
        """Decide something that is no fault."""
        return self.random.random() < probability

    def seconds(self, least: float, most: float) -> float:
        """Draw a time; short ones are as likely as long ones, whatever the scale."""
        return math.exp(self.random.uniform(math.log(least), math.log(most)))

    def _draw_rate(self, domain: str) -> float:
        if domain not in self._intensities:
            self._intensities[domain] = self.random.choice(_INTENSITIES)
        return self._intensities[domain] if self.random.random() < _KIND_OCCURS else 0.0
