"""What happens when in a run, apart from faults of single calls: commands, deeds, stops, deaths, troubles."""

from typing import Final

from simulation.faults import Faults

_CRASH_RATES: Final = (0.0, 0.01, 0.03, 0.1)
_MEMBERS: Final = (1, 2, 3)
DEEDS: Final = (
    "cancel",
    "cancel",
    "cancel",
    "cancel by a moderator",
    "cancel by a stranger",
    "reroll",
    "reroll",
    "reroll",
    "reroll",
    "remove",
    "remove",
    "remove",
    "remove",
    "remove",
    "block",
    "delete message",
    "delete channel",
)
TROUBLES: Final = ("wiro", "discord", "disk", "balance", "others", "permissions")
"""Servers and the disk out of order; the account's balance; tasks of others; permissions taken away."""


class Schedule:
    """Drawn from the seed.

    Args:
        faults: draws.
    """

    def __init__(self, faults: Faults) -> None:
        draw = faults.random
        self._faults = faults
        self.storm_seconds = faults.seconds(30.0, 3600.0)
        self.commands = [
            (draw.uniform(0.5, 0.7 * self.storm_seconds), draw.choice(_MEMBERS))
            for _ in range(draw.randrange(1, 6))
        ]
        self.deeds = [
            (draw.uniform(1.0, self.storm_seconds), draw.choice(DEEDS))
            for _ in range(draw.choice((0, 1, 2, 3, 5, 8)))
        ]
        self.deeds += [
            (when + faults.seconds(0.3, 20.0), "cancel") for when, _ in self.commands if faults.chance(0.3)
        ]
        self.stops = [draw.uniform(1.0, self.storm_seconds) for _ in range(draw.choice((0, 0, 0, 1, 2)))]
        self.troubles: list[tuple[float, float, str]] = []
        for _ in range(draw.choice((0, 0, 0, 1, 2))):
            begin = draw.uniform(0.0, self.storm_seconds)
            self.troubles.append((begin, begin + faults.seconds(5.0, 3600.0), draw.choice(TROUBLES)))
        self.goes_on = faults.chance(0.5)  # the last process of the storm, in the calm
        self._crash_rate = draw.choice(_CRASH_RATES)
        self._crashes_left = draw.randrange(1, 6)

    def draws_crash(self) -> bool:
        """Tell whether the process dies at this point."""
        if not (self._crashes_left and self._crash_rate and self._faults.chance(self._crash_rate)):
            return False
        self._crashes_left -= 1
        return True

    def down_seconds(self) -> float:
        """Draw how long it takes until the next start."""
        kind = self._faults.random.choice(("at once", "soon", "soon", "late"))
        if kind == "at once":
            return 0.0
        return self._faults.seconds(0.5, 60.0) if kind == "soon" else self._faults.seconds(60.0, 7200.0)
