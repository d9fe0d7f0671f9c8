"""What others wrote, made fit for a terminal."""

import io
import unicodedata

import pytest
from rich.console import Console

from bot.check.report import Report, Result, Status
from bot.check.table import show
from bot.errors import SanaBotError
from bot.visible import visible
from bot.wiro.envelope import decode_answer

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\ud800\u2028\x7f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eevil", r"\u202eevil"),
        ("half \ud800", r"half \ud800"),
        ("a\rb\tc\u2028d", r"a\rb\tc\u2028d"),
        ("\U000e0041", r"\U000e0041"),
        ("first\nsecond", "first\nsecond"),
        ("Café — 東京\u3000\xa0🦊 C:\\new", "Café — 東京\u3000\xa0🦊 C:\\new"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_its_number(text: str, shown: str) -> None:
    """Control characters, marks of direction and halves of characters; all else stays as it is."""
    assert visible(text) == shown


def is_plain(text: str) -> bool:
    """Tell whether a text holds nothing that a terminal acts on."""
    return not any(unicodedata.category(each).startswith("C") for each in text if each != "\n")


def test_the_table_of_the_check_acts_on_no_terminal() -> None:
    """Whatever a server is called: in no column."""
    written = io.StringIO()
    results = (Result(HOSTILE, Status.FAULT, f"It is in {HOSTILE}.", f"Leave {HOSTILE}."),)
    show(Report("1", results), Console(file=written, width=200))
    assert is_plain(written.getvalue())
    assert written.getvalue().count(r"\x1b]0;owned") == 3


def test_what_wiro_says_is_one_plain_line() -> None:
    """A message of Wiro's goes into the log and into the check."""
    body = b'{"result": false, "errors": [{"code": 0, "message": "a\\u001b[2J\\u202eb\\nc"}]}'
    with pytest.raises(SanaBotError) as refused:
        decode_answer(200, body)
    assert is_plain(str(refused.value))
    assert r"a\x1b[2J\u202eb c" in str(refused.value)
