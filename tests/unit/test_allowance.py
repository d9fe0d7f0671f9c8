from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import Allowance, Charge, Period, Use, charge, free_at

START = datetime(2026, 8, 1, tzinfo=UTC)
DAILY = Allowance(20, Period.DAY)

costs = st.integers(1, 64)
allowances = st.builds(Allowance, st.integers(0, 40), st.sampled_from(Period))
granted_credits = st.integers(0, 20)


@st.composite
def uses_in_a_period(draw: st.DrawFn) -> list[Use]:
    """Uses within an hour, oldest first, each at its own moment."""
    steps = draw(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 16)), max_size=12))
    seconds = accumulate(step for step, _ in steps)
    return [
        Use(START + timedelta(seconds=second), credits_)
        for second, (_, credits_) in zip(seconds, steps, strict=True)
    ]


def _used_at(moment: datetime, uses: list[Use], period: Period) -> int:
    return sum(use.credits for use in uses if use.counts_at > moment - period.length)


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
    left = max(0, allowance.credits - used)
    charged = charge(cost, allowance=allowance, used=used, granted=granted)
    assert (charged is None) == (cost > left + granted)
    if charged is not None:
        assert charged.from_allowance + charged.from_grants == cost
        assert 0 <= charged.from_allowance <= left
        assert 0 <= charged.from_grants <= granted
        assert charged.from_grants == 0 or charged.from_allowance == left


def test_free_at_is_when_enough_uses_have_passed() -> None:
    """The oldest uses pass first; one more credit than they hold is free only with the next."""
    uses = [Use(START + timedelta(hours=hour), 6) for hour in range(3)]
    assert free_at(8, allowance=DAILY, uses=uses, granted=0) == START + timedelta(days=1)
    assert free_at(9, allowance=DAILY, uses=uses, granted=0) == START + timedelta(days=1, hours=1)
    assert free_at(20, allowance=DAILY, uses=uses, granted=0) == START + timedelta(days=1, hours=2)


def test_extra_credits_bring_the_moment_forward() -> None:
    """What grants can pay need not be waited for."""
    uses = [Use(START + timedelta(hours=hour), 6) for hour in range(3)]
    assert free_at(9, allowance=DAILY, uses=uses, granted=1) == START + timedelta(days=1)


def test_more_than_the_whole_allowance_is_never_free() -> None:
    """Not even with nothing used."""
    assert free_at(21, allowance=DAILY, uses=[Use(START, 1)], granted=0) is None
    assert free_at(22, allowance=DAILY, uses=[], granted=1) is None


@given(cost=costs, allowance=allowances, uses=uses_in_a_period(), granted=granted_credits)
def test_free_at_is_the_first_moment_at_which_the_cost_can_be_paid(
    cost: int, allowance: Allowance, uses: list[Use], granted: int
) -> None:
    """At that moment it can be paid, a microsecond earlier it cannot; None where no moment would do."""

    def payable(moment: datetime) -> bool:
        used = _used_at(moment, uses, allowance.period)
        return charge(cost, allowance=allowance, used=used, granted=granted) is not None

    now = uses[-1].counts_at if uses else START
    moment = free_at(cost, allowance=allowance, uses=iter(uses), granted=granted)
    if cost > allowance.credits + granted:
        assert moment is None
    elif not payable(now):
        assert moment is not None
        assert payable(moment)
        assert not payable(moment - timedelta(microseconds=1))
