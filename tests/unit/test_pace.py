"""When to poll: pure arithmetic over what was learned."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.pace import Pace

WORK = 1024 * 1024 * 25


def looks(pace: Pace, *, until: float, expects_callback: bool) -> list[float]:
    """Return the moments of all looks at a task that lasts until then, the last one the detection."""
    moments = [0.0]
    while moments[-1] < until:
        moments.append(moments[-1] + pace.next_look(WORK, moments[-1], expects_callback=expects_callback))
    return moments[1:]


def taught(durations: list[float]) -> Pace:
    """Return a pace that has seen tasks of these durations."""
    pace = Pace()
    for seconds in durations:
        pace.learn(WORK, seconds, called_back=None)
    return pace


def test_an_untaught_pace_is_that_of_wiros_clients() -> None:
    """Every two seconds up to fifteen, every five up to a minute, then every ten."""
    moments = looks(Pace(), until=80, expects_callback=False)
    gaps = [round(later - earlier, 3) for earlier, later in pairwise([0.0, *moments])]
    assert gaps == [2.0] * 8 + [5.0] * 9 + [10.0] * 2


def test_a_callback_is_given_the_chance_to_come_first() -> None:
    """While callbacks arrive, a task of a few seconds is not polled at all."""
    assert Pace().next_look(WORK, 0.0, expects_callback=True) >= 10


def test_polling_quickens_when_callbacks_stop_coming() -> None:
    """Two callbacks in a row that never came, and polling no longer waits for them."""
    pace = Pace()
    for _ in range(2):
        pace.learn(WORK, 4.0, called_back=False)
    assert pace.next_look(WORK, 0.0, expects_callback=True) <= 4


def test_one_callback_restores_the_trust() -> None:
    """Callbacks that come again are waited for again."""
    pace = Pace()
    for came in (False, False, False, True):
        pace.learn(WORK, 4.0, called_back=came)
    assert pace.next_look(WORK, 0.0, expects_callback=True) >= 10


def test_a_taught_pace_asks_less_and_finds_out_sooner() -> None:
    """For tasks of about thirty seconds, fewer calls and an earlier detection than with the clients' pace."""
    durations = [21 + 0.45 * number for number in range(40)]
    pace = taught(durations)
    calls = {True: 0.0, False: 0.0}
    delay = {True: 0.0, False: 0.0}
    for seconds in durations:
        for is_taught, one in ((True, pace), (False, Pace())):
            moments = looks(one, until=seconds, expects_callback=False)
            calls[is_taught] += len(moments)
            delay[is_taught] += moments[-1] - seconds
    assert calls[True] < calls[False]
    assert delay[True] <= delay[False]


@pytest.mark.parametrize("usual", [3.0, 10.0, 30.0, 120.0])
def test_what_polls_find_lets_them_come_no_later(usual: float) -> None:
    """With nothing to learn from but its own polls, the pace beats that of Wiro's clients for good."""
    pace, drawn = Pace(), Random(1)  # noqa: S311 - a simulation keeps no secret
    calls = {True: 0, False: 0}
    delay = {True: 0.0, False: 0.0}
    for _ in range(1000):
        seconds = usual * drawn.uniform(0.7, 1.3)
        for is_taught, one in ((True, pace), (False, Pace())):
            moments = looks(one, until=seconds, expects_callback=False)
            calls[is_taught] += len(moments)
            delay[is_taught] += moments[-1] - seconds
            before = [0.0, *moments][-2]
            one.learn(WORK, moments[-1], called_back=None, running_at_seconds=before)
    assert calls[True] <= calls[False]
    assert delay[True] < delay[False]


def test_polls_come_sooner_when_tasks_become_quicker() -> None:
    """A pace that has learned thirty seconds from its polls learns ten from them, too."""
    pace = Pace()
    for seconds in (30.0, 10.0):
        for _ in range(60):
            moments = looks(pace, until=seconds, expects_callback=False)
            before = [0.0, *moments][-2]
            pace.learn(WORK, moments[-1], called_back=None, running_at_seconds=before)
        assert looks(pace, until=seconds, expects_callback=False)[-1] < seconds * 1.15


@pytest.mark.parametrize("slow", [1, 10])
def test_tasks_that_took_long_put_off_no_others_end(slow: int) -> None:
    """Some waited ten minutes at Wiro: one a little slower than usual is found out soon all the same."""
    pace = taught([6.0] * 30 + [600.0] * slow)
    assert looks(pace, until=8, expects_callback=False)[-1] <= 8 * 1.5


@given(
    st.lists(st.floats(0.01, 5000), max_size=50),
    st.floats(0, 10_000),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_every_wait_is_bounded(
    durations: list[float], elapsed: float, expects: bool, called_back: bool | None
) -> None:
    """Whatever was learned, a task is neither asked for in a frenzy nor forgotten."""
    pace = Pace()
    for seconds in durations:
        pace.learn(WORK, seconds, called_back=called_back)
    wait = pace.next_look(WORK, elapsed, expects_callback=expects)
    longest = max([60.0, *durations])
    assert 0.5 <= wait <= longest
