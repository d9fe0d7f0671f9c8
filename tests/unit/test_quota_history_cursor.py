"""Places in a server's history, as buttons carry them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quotas.history import Cursor

cursors = st.builds(
    Cursor, st.booleans(), st.integers(0, 10**15 - 1), st.booleans(), st.integers(0, 10**15 - 1)
)


@given(cursors)
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    """Its text is short enough for a button's id beside other things, and stands for it alone."""
    assert len(str(cursor)) <= 34
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "<", "1.0.1", "<1.2.1", "<1.0", "<-1.0.1", "<1.0.1 ", "<1.0.1\n", "<\u0661.0.1", "<1.0." + "9" * 16],
)
def test_a_forged_text_is_no_cursor(text: str) -> None:
    """What this bot never wrote stands for nothing."""
    assert Cursor.parse(text) is None


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    """Any text is a cursor or none, and never an error."""
    cursor = Cursor.parse(text)
    assert cursor is None or Cursor.parse(str(cursor)) == cursor
