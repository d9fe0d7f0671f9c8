"""What is done again within a moment is told apart from what is done later."""

import pytest

from cogs import windows
from cogs.windows import Windows


async def test_the_same_is_taken_once_and_another_at_once() -> None:
    """While a window is open its key is refused, and no other one is."""
    opened = Windows()
    assert opened.open("one")
    assert opened.open("one") is None
    assert opened.open("two")


async def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards the same is taken again."""
    monkeypatch.setattr(windows, "WINDOW_SECONDS", 0.0)
    opened = Windows()
    assert opened.open("one")
    assert opened.open("one")


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many are open, the oldest ends early, and no other."""
    monkeypatch.setattr(windows, "_WINDOWS_AT_MOST", 2)
    opened = Windows()
    for key in ("one", "two", "three"):
        assert opened.open(key)
    assert opened.open("three") is None
    assert opened.open("one")
