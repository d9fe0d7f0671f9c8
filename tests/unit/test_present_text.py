"""Text that members typed stays text."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present.text import (
    count_of_credits,
    cut,
    cut_escaped,
    escape,
    escape_line,
    tidy,
    timestamp,
)

MARKDOWN = "\\*_~|`<>@#[]():-+.)1 \n\tab😀"
typed = st.text() | st.text(alphabet=MARKDOWN)

_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_WHOLE = re.compile(r"(?:\\[^0-9A-Za-z\s]|[^\\])*")
_LIVE = re.compile(r"[\\*_~|`<@#\[:]|^[^\S\n]*(?:[>+-]|\d+[.)])", re.MULTILINE)


def shown(markdown: str) -> str:
    """Return what Discord shows of Markdown whose only constructs are escapes."""
    return _ESCAPED.sub(r"\1", markdown)


def live(markdown: str) -> list[str]:
    """Return what is left in Markdown that begins a construct, escapes taken out."""
    return _LIVE.findall(_ESCAPED.sub("\N{WHITE SQUARE}", markdown))


@given(typed)
def test_escaped_text_is_shown_as_typed(text: str) -> None:
    """Whatever is typed, Discord shows just that, and no construct of its Markdown begins anywhere."""
    escaped = escape(text)
    assert shown(escaped) == tidy(text)
    assert live(escaped) == []


@given(typed, st.integers(min_value=1, max_value=60))
def test_cutting_leaves_no_half_escape(text: str, limit: int) -> None:
    """Cut anywhere, escaped text keeps the limit and whole escapes, and is a beginning of the text."""
    short = cut_escaped(escape(text), limit)
    assert len(short) <= limit
    assert live(short) == []
    assert _WHOLE.fullmatch(short.removesuffix("…"))
    assert tidy(text).startswith(shown(short).removesuffix("…"))


@pytest.mark.parametrize(
    "construct",
    [
        "**bold**",
        "__underlined__",
        "_slanted_",
        "~~struck~~",
        "||hidden||",
        "`code`",
        "```\nfence\n```",
        "# Heading",
        "-# small print",
        "- item",
        "+ item",
        "12. item",
        "> quote",
        ">>> long quote",
        "[masked](https://example.org)",
        "https://example.org",
        "<https://example.org>",
        "<@123>",
        "<@!123>",
        "<@&123>",
        "<#123>",
        "</sana:123>",
        "<id:customize>",
        "<t:1700000000:R>",
        "<:name:123>",
        "<a:name:123>",
        ":smile:",
        "@everyone",
        "@here",
        "a\\",
        "¯\\_(ツ)_/¯",
    ],
)
def test_every_construct_is_neutralised(construct: str) -> None:
    """Each construct of Discord's Markdown, at the start and after another line, is shown as it was typed."""
    for text in (construct, f"first line\n{construct}"):
        assert live(text)
        assert live(escape(text)) == []
        assert shown(escape(text)) == text


def test_plain_words_are_left_alone() -> None:
    """Ordinary prompts are not littered with backslashes."""
    text = "A semi-realistic fox (red), 3.5 metres tall; snow & ice = cold!"
    assert escape(text) == text


def test_lines_are_kept_sensibly() -> None:
    """Line breaks of every kind stay, with at most one blank line in a row and none around."""
    assert tidy("\n a\r\nb\u2028c\n \n\n\nd \n") == "a\nb\nc\n\nd"
    assert escape_line("a\n\n  b") == "a b"


def test_what_cannot_be_sent_is_replaced() -> None:
    """Control characters and lone surrogates become something that UTF-8 and JSON take."""
    assert tidy("a\x00b\x1bc\ud800d") == "a b c\N{REPLACEMENT CHARACTER}d"


def test_plain_cut() -> None:
    """Alt text is cut with an ellipsis, and only where it must be."""
    assert cut("abcd", 4) == "abcd"
    assert cut("abcde", 4) == "abc…"


def test_credits_in_words() -> None:
    """One credit is singular; large numbers are grouped; that there is no limit is said in words."""
    assert [count_of_credits(number) for number in (0, 1, 4, 1500, None)] == [
        "0 credits",
        "1 credit",
        "4 credits",
        "1,500 credits",
        "unlimited credits",
    ]


def test_timestamps_round_up() -> None:
    """What is promised for a second is true in that second."""
    whole = datetime(2026, 1, 1, tzinfo=UTC)
    assert timestamp(whole, "R") == f"<t:{int(whole.timestamp())}:R>"
    assert timestamp(whole + timedelta(microseconds=1), "f") == f"<t:{int(whole.timestamp()) + 1}:f>"
