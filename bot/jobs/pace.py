"""When to ask for a running task again. Pure: learns how long tasks take, and whether callbacks arrive.

Where callbacks arrive, polling is only the guarantee: it begins late and stays slow. Where none is
expected, or they have stopped coming, it asks when tasks like this one usually end. Source of the pace
where nothing was learned yet: that of Wiro's own clients, every 2 s up to 15 s, every 5 s up to a minute,
then every 10 s.
"""

from collections import deque
from typing import Final

_REMEMBERED: Final = 40  # durations of a class of work, so that a change in Wiro's speed is soon learned
_ENOUGH: Final = 5  # durations, before they say anything
_CLIENTS_PACE: Final = ((15.0, 2.0), (60.0, 5.0))  # until so many seconds, a look every so many
_CLIENTS_LAST_WAIT_SECONDS: Final = 10.0
_LEAST_SECONDS: Final = 0.5  # between two looks at one task
_MOST_SECONDS: Final = 30.0
_CALLBACK_GRACE_SECONDS: Final = 10.0  # in which a callback is given the chance to come first
_CALLBACK_MOST_SECONDS: Final = 60.0
_MISSED_CALLBACKS: Final = 2  # in a row: they have stopped coming
_QUANTILES: Final = (0.25, 0.5, 0.75, 0.9, 1.0)


class Pace:
    """Decides the seconds until the next look at a task."""

    def __init__(self) -> None:
        self._durations: dict[int, deque[float]] = {}
        self._missed = 0

    def learn(self, work: int, seconds: float, *, called_back: bool | None) -> None:
        """Take in that a task has ended.

        Args:
            work: how much it had to do, in pixels times steps; tasks within a factor of two are alike.
            seconds: from acceptance to its end.
            called_back: whether its callback came; None where it had none to send.
        """
        self._durations.setdefault(work.bit_length(), deque(maxlen=_REMEMBERED)).append(seconds)
        if called_back is not None:
            self._missed = 0 if called_back else self._missed + 1

    def next_look(self, work: int, elapsed_seconds: float, *, expects_callback: bool) -> float:
        """Return the seconds until the next look at a task.

        Args:
            work: how much it has to do, in pixels times steps.
            elapsed_seconds: since it was accepted.
            expects_callback: whether it will send one.
        """
        known = self._durations.get(work.bit_length(), ())
        if expects_callback and self._missed < _MISSED_CALLBACKS:
            grace = max(_CALLBACK_GRACE_SECONDS, 2 * max(known, default=0.0))
            wait = max(grace - elapsed_seconds, _CALLBACK_GRACE_SECONDS, elapsed_seconds / 2)
            return min(wait, _CALLBACK_MOST_SECONDS)
        if len(known) < _ENOUGH:
            return _unlearned(elapsed_seconds)
        return max(_LEAST_SECONDS, _learned(sorted(known), elapsed_seconds))


def _unlearned(elapsed_seconds: float) -> float:
    return next(
        (wait for until, wait in _CLIENTS_PACE if elapsed_seconds < until), _CLIENTS_LAST_WAIT_SECONDS
    )


def _learned(durations: list[float], elapsed_seconds: float) -> float:
    """Look where tasks usually end, and after the longest known one less and less often."""
    last = len(durations) - 1
    moments = sorted({durations[round(quantile * last)] for quantile in _QUANTILES})
    gap = max(_LEAST_SECONDS, moments[-1] / 20)
    for moment in moments:
        if moment > elapsed_seconds:
            return max(gap, moment - elapsed_seconds)
    return min(_MOST_SECONDS, max(gap, (elapsed_seconds - moments[-1]) / 2 + gap))
