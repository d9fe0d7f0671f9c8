"""Lengths of time as moderators type them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidDurationError
from bot.quotas.durations import LONGEST, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("2d", timedelta(days=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1w", timedelta(weeks=1)),
        ("45s", timedelta(seconds=45)),
        (" 1 H 30 Min ", timedelta(minutes=90)),
        ("2 days 3 hours", timedelta(days=2, hours=3)),
        ("1 week", timedelta(weeks=1)),
        ("3650d", LONGEST),
        ("007m", timedelta(minutes=7)),
    ],
)
def test_what_people_type_is_read(text: str, expected: timedelta) -> None:
    """Letters and words, together and apart, large and small."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "m", "30", "0m", "0d0h", "-1d", "1.5h", "1h-30m", "1month", "1y", "tomorrow", "1hx"),
        *("3651d", "521w5d", "999999999w", "9999999999s", "1h 30", "１h", "1ſ", "1h" * 90_000),  # noqa: RUF001
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_given(text: str) -> None:
    """Nothing is guessed; nothing at all, and more than ten years, are refused as well."""
    with pytest.raises(InvalidDurationError) as refused:
        parse_duration(text)
    assert refused.value.text == text


@given(st.text(st.sampled_from("0123456789 wdhms-.x"), max_size=12))
def test_anything_is_read_or_refused(text: str) -> None:
    """No text makes it fail otherwise, and what is read is within the limits."""
    try:
        duration = parse_duration(text)
    except InvalidDurationError:
        return
    assert timedelta() < duration <= LONGEST
