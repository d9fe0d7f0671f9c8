"""When to ask for a running task again. Pure: learns how long tasks take, and whether callbacks arrive.

Where callbacks arrive, polling is only the guarantee: it begins late and stays slow. Where none is
expected, or they have stopped coming, it asks when tasks like this one usually end, as seldom as it can
without finding the end later on average than Wiro's own clients do. Source of their pace, which is also the
bot's where nothing was learned yet: every 2 s up to 15 s, every 5 s up to a minute, then every 10 s.
"""

import math
from collections import deque
from collections.abc import Sequence
from statistics import fmean
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
_LATE_SHARE: Final = 0.45  # of the clients' wait; looking so often, they are late by half of it on average


class Pace:
    """Decides the seconds until the next look at a task."""

    def __init__(self) -> None:
        self._durations: dict[int, deque[float]] = {}
        self._missed = 0

    def learn(
        self, work: int, seconds: float, *, called_back: bool | None, running_at_seconds: float | None = None
    ) -> None:
        """Take in that a task has ended.

        Args:
            work: how much it had to do, in pixels times steps; tasks within a factor of two are alike.
            seconds: from acceptance to when its end was found.
            called_back: whether its callback came; None where it had none to send.
            running_at_seconds: when a look last found it running, 0 where none did, and a poll found its end;
                None where the end was heard of as it came.
        """
        known = self._durations.setdefault(work.bit_length(), deque(maxlen=_REMEMBERED))
        if running_at_seconds is not None:
            # To learn the moment of the poll would let polls come later and later.
            earliest = running_at_seconds or min(known, default=0.0) / 2
            seconds = min(seconds, (earliest + seconds) / 2)
        known.append(seconds)
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
            return _clients_wait(elapsed_seconds)
        return max(_LEAST_SECONDS, _learned(sorted(known), elapsed_seconds))


def _clients_wait(elapsed_seconds: float) -> float:
    return next(
        (wait for until, wait in _CLIENTS_PACE if elapsed_seconds < until), _CLIENTS_LAST_WAIT_SECONDS
    )


def _learned(durations: Sequence[float], elapsed_seconds: float) -> float:
    """Look as late as those that will have ended by then allow, and after the longest less and less often.

    A task that has outlasted others may end at any time, and not with the few that once took very long.
    """
    ahead = [seconds for seconds in durations if seconds > elapsed_seconds]
    usual_wait = 2 * _LATE_SHARE * _clients_wait(elapsed_seconds)
    if not ahead:
        beyond = elapsed_seconds - durations[-1]
        return min(_MOST_SECONDS, max(usual_wait, beyond / 2))
    moment = ahead[0]
    for number, later in enumerate(ahead[1:], start=1):
        if later - fmean(ahead[:number]) > _LATE_SHARE * _clients_wait(later):
            break
        moment = later
    has_outlasted_some = len(ahead) < len(durations)
    most = max(usual_wait, elapsed_seconds / 2) if has_outlasted_some else math.inf
    return min(moment - elapsed_seconds, most)
