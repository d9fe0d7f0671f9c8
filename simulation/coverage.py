"""What runs have met: transitions, faults and crash points, counted against all that there are."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from bot.jobs.model import TRANSITIONS


@dataclass(slots=True)
class Coverage:
    """Counts of one run, or of many."""

    transitions: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    states_at_crashes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Coverage") -> None:
        """Take in another one's counts."""
        for each in fields(self):
            getattr(self, each.name).update(getattr(other, each.name))


def transitions() -> Iterator[str]:
    """Return all transitions that jobs can make."""
    return (f"{before} to {after}" for before, afters in TRANSITIONS.items() for after in sorted(afters))


def table(title: str, counts: Counter[str], known: Iterable[str]) -> Iterator[str]:
    """Return the lines of a table, the rarest last; what was never met is in it with a zero."""
    complete = Counter(dict.fromkeys(known, 0))
    complete.update(counts)
    yield f"{title}: {sum(complete.values())} in all, {len(complete)} kinds"
    for name, count in sorted(complete.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:10}  {name}"
    yield ""
