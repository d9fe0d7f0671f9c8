"""The gate: who may try while Wiro cannot be used."""

import pytest

from bot.jobs.gate import Gate, Trouble
from bot.jobs.ports import Hold


async def test_an_open_gate_lets_everyone_through() -> None:
    """Nothing waits without trouble."""
    gate = Gate()
    gate.enter(1)
    assert gate.wait_seconds() == 0.0
    assert gate.trouble is None


async def test_the_first_probe_of_an_account_comes_within_ten_seconds() -> None:
    """The owner who has just topped up does not wait long. Source: the design, Account errors."""
    gate = Gate()
    gate.enter(1)
    assert 0 < gate.shut(Trouble.ACCOUNT, 1) <= 10
    assert gate.trouble is Trouble.ACCOUNT


async def test_failures_that_entered_together_count_once() -> None:
    """Thirty Runs that fail at once do not multiply the wait."""
    gate = Gate()
    for job_id in range(30):
        gate.enter(job_id)
    waits = [gate.shut(Trouble.ACCOUNT, job_id) for job_id in range(30)]
    assert max(waits) <= 10


async def test_probes_come_less_and_less_often() -> None:
    """Each probe that fails doubles the wait, up to ten minutes."""
    gate = Gate()
    gate.shut(Trouble.ACCOUNT, 0)
    waits = []
    for job_id in range(1, 12):
        gate.enter(job_id)
        waits.append(gate.shut(Trouble.ACCOUNT, job_id))
    assert waits[3] > 4 * waits[0]
    assert 480 <= waits[-1] <= 600


async def test_members_are_told_of_an_outage_that_lasts() -> None:
    """A failure or two pass unseen; the third in a row puts the line on hold, until one gets through."""
    gate = Gate()
    holds = []
    for job_id in range(4):
        gate.enter(job_id)
        gate.shut(Trouble.SERVICE, job_id)
        holds.append(gate.hold)
    assert holds == [None, None, Hold.SERVICE, Hold.SERVICE]
    gate.open()
    assert gate.hold is None


@pytest.mark.parametrize(("trouble", "hold"), [(Trouble.ACCOUNT, Hold.ACCOUNT), (Trouble.BUSY, None)])
async def test_an_account_in_trouble_is_told_at_once(trouble: Trouble, hold: Hold | None) -> None:
    """Only its owner mends it; where its tasks are all taken, however often, the line merely waits."""
    gate = Gate()
    for job_id in range(4):
        gate.enter(job_id)
        gate.shut(trouble, job_id)
        assert gate.hold is hold


async def test_nobody_passes_before_a_job_that_failed_is_back_in_line() -> None:
    """However soon the next try may be: else another would be the head of the line, and try instead."""
    gate = Gate()
    for _ in range(2):
        gate.enter(1)
        gate.shut(Trouble.SERVICE, 1)
        assert gate.wait_seconds() is None
        gate.leave(1)
        assert gate.wait_seconds() is not None


async def test_one_probe_at_a_time() -> None:
    """While a probe is under way nobody else passes; afterwards the next may."""
    gate = Gate()
    gate.shut(Trouble.SERVICE, 1)
    gate.leave(1)
    gate.enter(2)
    assert gate.wait_seconds() is None
    gate.leave(2)
    assert gate.wait_seconds() is not None


async def test_a_job_that_gets_through_opens_the_gate_for_all() -> None:
    """The outage is over with the first success, and its length is forgotten."""
    gate = Gate()
    gate.shut(Trouble.SERVICE, 1)
    gate.enter(2)
    assert gate.open()
    assert gate.wait_seconds() == 0.0
    assert not gate.open()
    assert gate.shut(Trouble.SERVICE, 3) <= 1


async def test_wiros_own_wish_to_wait_is_kept() -> None:
    """Retry-After is a lower bound."""
    assert Gate().shut(Trouble.SERVICE, 1, at_least_seconds=30) >= 29
