"""What the figures are worked out with, by hand."""

from datetime import UTC, datetime

import pytest

from bench.figures import Sample, at_least, at_most, flatness, percentile
from bench.people import ONE_MB, SMALL
from bench.rows.polling import clients_wait, follow
from bench.rows.uploads import at_once
from sandbox.discord.rest import RestCall


def test_a_sample_is_its_median_and_its_spread() -> None:
    """One disturbed repetition widens the spread and leaves the median."""
    sample = Sample.of([3.0, 1.0, 100.0])
    assert (sample.median, sample.low, sample.high) == (3.0, 1.0, 100.0)
    with pytest.raises(ValueError, match="nothing"):
        Sample.of([])


def test_sides_are_compared_repetition_by_repetition() -> None:
    """Ratios and differences are of results that were disturbed together, never of medians."""
    bot, floor = Sample.of([4.0, 30.0]), Sample.of([2.0, 10.0])
    assert bot.over(floor).values == (2.0, 3.0)
    assert bot.beyond(floor).values == (2.0, 20.0)
    with pytest.raises(ValueError, match="zip"):
        bot.over(Sample.of([1.0]))


def test_a_target_holds_up_to_its_limit() -> None:
    """The limit itself is kept; beyond it a target is missed, on either side."""
    assert at_most("what", Sample.of([2.0]), 2, "ms").holds
    assert not at_most("what", Sample.of([2.01]), 2, "ms").holds
    assert at_least("what", Sample.of([2.0]), 2, "ms").holds
    assert not at_least("what", Sample.of([1.99]), 2, "ms").holds


def test_a_percentile_is_a_value_that_was_seen() -> None:
    """Of a hundred values the 99th percentile is the second largest, and of few the largest."""
    assert percentile(range(1, 101), 99) == 99
    assert percentile([5, 1, 3], 99) == 5
    assert percentile([5, 1, 3], 50) == 3


def test_flatness_compares_medians() -> None:
    """The dearest size is set against the cheapest, wherever they stand."""
    costs = {10: Sample.of([2.0]), 100: Sample.of([5.0]), 1000: Sample.of([4.0])}
    assert flatness(costs).median == 2.5


def test_wiros_own_client_is_followed_at_its_pace() -> None:
    """It looks every 2 s up to 15 s, every 5 s up to a minute, then every 10 s."""
    short, long = follow(3.0, clients_wait), follow(20.0, clients_wait)
    assert (short.calls, short.late_seconds) == (2, 1.0)
    assert (long.calls, long.late_seconds) == (9, 1.0)  # at 2, 4 … 16, and 21
    assert clients_wait(60.0) == 10.0


def test_uploads_under_way_at_once_are_counted() -> None:
    """Calls that overlap count together, and one that begins when another ends does not."""
    spans = [(0.0, 2.0), (1.0, 2.0), (2.0, 1.0)]
    calls = [RestCall("PATCH", "/", "/", 200, datetime.now(UTC), began, seconds) for began, seconds in spans]
    assert at_once(calls) == 2
    assert at_once([]) == 0


def test_pictures_are_as_large_as_they_say() -> None:
    """The megabyte that jobs are measured with is one."""
    assert ONE_MB.size_bytes == pytest.approx(2**20, rel=0.01)
    assert SMALL.size_bytes < ONE_MB.size_bytes
