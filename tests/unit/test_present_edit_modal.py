"""What is submitted with the Edit modal is read leniently, never as something else than was meant."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import LineFullError
from bot.jobs.model import Job, State
from bot.parameters import SanaParameters, parse
from bot.present.edit_modal import Typed, options, read, refused

BEFORE = SanaParameters(prompt="a red fox", width=640, height=512, scale=4.5, samples=2, seed=7, spoiler=True)
SAME = Typed(prompt="a red fox", negative_prompt=BEFORE.negative_prompt, seed="7", steps="25")


def submission(**values: object) -> dict[str, Any]:
    """Return the data of a modal's submission, each value in a label of its own."""
    return {
        "custom_id": "sana:edit:1",
        "components": [
            {
                "type": 18,
                "component": {"custom_id": name, "values" if isinstance(given, list) else "value": given},
            }
            for name, given in values.items()
        ],
    }


def test_unchanged_it_is_the_same() -> None:
    """What the modal asks for is read, and what it does not ask for is taken over."""
    assert parse(options(SAME, BEFORE), draw_seed=lambda: -1) == BEFORE


def test_what_was_submitted_is_read() -> None:
    """Texts and the chosen size, by their names."""
    data = submission(prompt="x", negative_prompt="", size=["wide"], seed="8", steps="9")
    assert read(data) == Typed(prompt="x", size="wide", seed="8", steps="9")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"components": []},
        {"components": [{"type": 10, "content": "a text"}]},
        submission(prompt=None, size=[], steps=5, unknown="x"),
    ],
)
def test_what_is_not_there_was_left_blank(data: dict[str, Any]) -> None:
    """Nothing is raised for what no client sends; the parser says what is missing."""
    assert read(data) == Typed()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("25", 25),
        (" 25 ", 25),
        ("+25", 25),
        ("-25", -25),
        ("1,000", 1000),
        ("1 000", 1000),
        ("1\N{NO-BREAK SPACE}000", 1000),
        ("1'000'000", 1_000_000),
        ("1_000", 1000),
        ("\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT FIVE}", 25),
        ("1,00", "1,00"),
        ("1.000", "1.000"),
        ("2.5", "2.5"),
        ("1e3", "1e3"),
        ("0x10", "0x10"),
        ("1 2", "1 2"),
        ("--1", "--1"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers(text: str, number: int | str) -> None:
    """Digits may be grouped as people do; what could mean two things stays, for the parser to refuse."""
    read_as = options(Typed(prompt="x", seed=text, steps=text), BEFORE)
    assert (read_as["seed"], read_as["steps"]) == (number, number)


def test_what_cannot_be_sent_is_not_sent_back() -> None:
    """Half a surrogate pair has no UTF-8: it is replaced in the text that is kept."""
    job = Job(
        id=42,
        state=State.DELIVERED,
        guild_id=1,
        channel_id=2,
        member_id=3,
        upload_limit_bytes=1,
        parameters=BEFORE.to_json(),
        credits=2,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    page = refused(LineFullError(), Typed(prompt="a \ud800fox\x00"), job)
    [container] = page.to_components()  # type: ignore[no-untyped-call] # discord.py's
    kept = container["components"][1]["content"]
    assert kept == "Your prompt, to copy:\n```\na \N{REPLACEMENT CHARACTER}fox\n```"
