from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import Allowance, Charge, Period, charge, must_return

DAILY = Allowance(20, Period.DAY)

costs = st.integers(1, 64)
allowances = st.builds(Allowance, st.integers(0, 40), st.sampled_from(Period))
granted_credits = st.integers(0, 20)


def test_periods_are_as_long_as_they_are_called() -> None:
    """An hour, a day, a week, and a month of 30 days."""
    hours = {period.value: period.length / timedelta(hours=1) for period in Period}
    assert hours == {"hour": 1, "day": 24, "week": 168, "month": 720}


@pytest.mark.parametrize(
    ("cost", "used", "granted", "expected"),
    [
        (4, 0, 0, Charge(4, 0)),
        (4, 16, 0, Charge(4, 0)),
        (4, 17, 0, None),
        (4, 17, 1, Charge(3, 1)),
        (4, 20, 4, Charge(0, 4)),
        (4, 25, 3, None),
        (4, 25, 9, Charge(0, 4)),
    ],
)
def test_allowance_is_used_before_extra_credits(
    cost: int, used: int, granted: int, expected: Charge | None
) -> None:
    """Extra credits pay only for what the allowance does not; overuse takes nothing from them."""
    assert charge(cost, allowance=DAILY, used=used, granted=granted) == expected


@given(cost=costs, allowance=allowances, used=st.integers(0, 60), granted=granted_credits)
def test_charge_takes_what_there_is_and_no_more(
    cost: int, allowance: Allowance, used: int, granted: int
) -> None:
    """A charge adds up to the cost and keeps to both purses; there is none just where too little is left."""
    left = max(0, (allowance.credits or 0) - used)
    charged = charge(cost, allowance=allowance, used=used, granted=granted)
    assert (charged is None) == (cost > left + granted)
    if charged is not None:
        assert charged.from_allowance + charged.from_grants == cost
        assert 0 <= charged.from_allowance <= left
        assert 0 <= charged.from_grants <= granted
        assert charged.from_grants == 0 or charged.from_allowance == left


def test_unlimited_pays_for_everything_and_spares_extra_credits() -> None:
    """Without an end to the allowance, nothing is taken from extra credits and nothing is waited for."""
    unlimited = Allowance(None, Period.DAY)
    assert charge(64, allowance=unlimited, used=10**9, granted=5) == Charge(64, 0)
    assert must_return(64, allowance=unlimited, used=10**9, granted=0) == 0
    assert unlimited.left(10**9) is None


def test_more_than_the_whole_allowance_is_never_free() -> None:
    """Not even with nothing used."""
    assert must_return(21, allowance=DAILY, used=1, granted=0) is None
    assert must_return(22, allowance=DAILY, used=0, granted=1) is None


@given(cost=costs, allowance=allowances, used=st.integers(0, 60), granted=granted_credits)
def test_so_many_must_return_and_no_fewer(cost: int, allowance: Allowance, used: int, granted: int) -> None:
    """After that many have left the cost can be paid, after one fewer it cannot; None where none would do."""

    def payable(returned: int) -> bool:
        return charge(cost, allowance=allowance, used=used - returned, granted=granted) is not None

    needed = must_return(cost, allowance=allowance, used=used, granted=granted)
    if needed is None:
        assert not payable(used)
    else:
        assert payable(needed)
        assert needed == 0 or not payable(needed - 1)
