"""What is submitted with the Edit modal is read leniently, never as something else than was meant."""

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import InvalidParametersError, LineFullError, Refusal
from bot.parameters import SanaParameters, parse
from bot.present.edit_modal import Typed, options, read, refused
from tests.support.jobs import ANY_JOB

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


JOB = replace(ANY_JOB, parameters=BEFORE.to_json(), credits=2)


def shown(error: Refusal, typed: Typed) -> list[str]:
    """Return the texts of the answer to a submission that was refused."""
    [container] = refused(error, typed, JOB).to_components()  # type: ignore[no-untyped-call] # discord.py's
    texts = [str(each["content"]) for each in container["components"] if each["type"] == 10]
    assert sum(map(len, texts)) <= 4000
    return texts


def test_what_cannot_be_sent_is_not_sent_back() -> None:
    """Half a surrogate pair has no UTF-8: it is replaced in the text that is kept."""
    _, kept = shown(LineFullError(), Typed(prompt="a \ud800fox\x00"))
    assert kept == "Your prompt, to copy:\n```\na \N{REPLACEMENT CHARACTER}fox\n```"


def test_how_to_try_again() -> None:
    """The form begins with the job's own values, and words are spoken of where there are any."""
    said, _ = shown(LineFullError(), Typed(prompt="a fox"))
    assert said.endswith("\nEdit opens the form again with S-42's own values; your words are below, to copy.")
    assert said.count("othing was charged") == 1
    [said] = shown(InvalidParametersError(("`prompt` was blank.",)), Typed())
    assert said.split("\n")[1] == "Nothing was charged. Edit opens the form again with S-42's own values."


@pytest.mark.parametrize(
    ("prompt", "is_changed"),
    [("a fox", False), ("a ``fox`", False), ("```", True), ("a ````fox", True), ("x\n```", True)],
)
def test_a_text_that_had_to_be_changed_says_so(prompt: str, is_changed: bool) -> None:
    """Three backticks in a row would end the block; below a text without them there is no such line."""
    _, kept = shown(LineFullError(), Typed(prompt=prompt))
    says = "\n-# It differs a little: three backticks in a row became quotes."
    assert kept.endswith(says) is is_changed


def test_the_longest_answer_keeps_the_limits_and_its_advice() -> None:
    """However much is wrong, problems are cut rather than the words, or what to do."""
    typed = Typed(prompt="```" * 700, negative_prompt="```" * 400)
    said, prompt, negative_prompt = shown(InvalidParametersError(("x" * 900,) * 5), typed)
    assert said.endswith("own values; your words are below, to copy.")
    assert "'" * 1990 in prompt
    assert "'" * 990 in negative_prompt
