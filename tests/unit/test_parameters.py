import dataclasses
import re
import sqlite3

import pytest
from pydantic import ValidationError

from bot.errors import InvalidParametersError
from bot.parameters import DESCRIPTIONS, INSPIRES, SIZES, SanaParameters, limits, parse

FIELDS = ("prompt", "negative_prompt", "width", "height", "steps", "scale", "samples", "seed")


def parsed(**options: object) -> SanaParameters:
    """Return what a member gets who gives these options, where the bot draws 7."""
    return parse({"prompt": "a red fox", **options}, draw_seed=lambda: 7)


def problems(**options: object) -> tuple[str, ...]:
    """Return the sentences that a member reads who gives these options."""
    with pytest.raises(InvalidParametersError) as caught:
        parsed(**options)
    return caught.value.problems


def test_a_prompt_alone_takes_the_tools_defaults() -> None:
    """Everything but the prompt may be left out, and goes over the wire as the tool's page shows it."""
    assert parsed().wire() == {
        "prompt": "a red fox",
        "negativePrompt": "bad, ugly, low quality",
        "steps": 25,
        "scale": "3.5",
        "samples": 1,
        "seed": "7",
        "width": 1024,
        "height": 1024,
    }


def test_every_option_arrives_on_the_wire_with_its_json_type() -> None:
    """Given values are sent under the tool's names, `scale` and `seed` as strings, `spoiler` not at all."""
    parameters = parsed(
        negative_prompt="blurry", width=512, height=768, steps=30, scale=4, samples=2, seed=0, spoiler=True
    )
    assert parameters.spoiler
    assert parameters.wire() == {
        "prompt": "a red fox",
        "negativePrompt": "blurry",
        "steps": 30,
        "scale": "4",
        "samples": 2,
        "seed": "0",
        "width": 512,
        "height": 768,
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [(1, "1"), (4.0, "4"), (3.5, "3.5"), (7.25, "7.25"), (1.0000000000000002, "1.0000000000000002")],
)
def test_scale_is_sent_in_the_fewest_digits(given: float, sent: str) -> None:
    """The wire form of a scale reads back as the same number and has no trailing zero."""
    assert parsed(scale=given).wire()["scale"] == sent
    assert float(sent) == given


def test_none_counts_as_left_out() -> None:
    """Options that a client leaves empty arrive as None and take their defaults."""
    assert parsed(**dict.fromkeys(DESCRIPTIONS.keys() - {"prompt"})) == parsed()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_size_is_valid(size: object) -> None:
    """Each named choice can be made, and its label names both sides."""
    assert dataclasses.is_dataclass(size)
    chosen = next(known for known in SIZES if known == size)
    parameters = parsed(size=chosen.name)
    assert (parameters.width, parameters.height) == (chosen.width, chosen.height)
    assert f"{chosen.width} × {chosen.height}" in chosen.label


def test_the_sizes_around_a_megapixel_cost_one_credit() -> None:
    """Square, portrait, landscape, wide and tall cost one credit, and the 2K square four."""
    cost = {size.name: parsed(size=size.name).cost_credits for size in SIZES}
    assert {cost[name] for name in ("square", "portrait", "landscape", "wide", "tall")} == {1}
    assert cost["square-2k"] == 4


def test_width_and_height_override_the_size() -> None:
    """A side that is given replaces the named size's own; the other stays."""
    parameters = parsed(size="wide", height=512)
    assert (parameters.width, parameters.height) == (1344, 512)


def test_a_given_seed_is_not_drawn() -> None:
    """The bot draws a seed only where the member gave none."""

    def never() -> int:
        raise AssertionError

    assert parse({"prompt": "x", "seed": 5}, draw_seed=never).seed == 5


@pytest.mark.parametrize(
    ("width", "height", "samples", "cost"),
    [
        (1024, 1024, 1, 1),
        (1024, 1056, 1, 2),
        (2048, 2048, 1, 4),
        (4096, 4096, 1, 16),
        (256, 256, 4, 4),
        (2048, 2080, 3, 15),
    ],
)
def test_cost_counts_started_megapixels_times_samples(
    width: int, height: int, samples: int, cost: int
) -> None:
    """A picture costs a credit for every started 1,048,576 pixels."""
    parameters = parsed(width=width, height=height, samples=samples)
    assert parameters.cost_credits == cost
    assert parameters.credits_per_picture * samples == cost


def test_whole_floats_are_taken_for_whole_numbers() -> None:
    """JSON does not tell 3.0 from 3, so neither does the bot."""
    assert parsed(steps=3.0).wire()["steps"] == 3


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("width", 1000, "`width` was 1,000; 992 or 1,024 would do (256 to 4,096, in steps of 32)."),
        ("width", 1000.5, "`width` was 1,000.5; 992 or 1,024 would do (256 to 4,096, in steps of 32)."),
        ("height", 257, "`height` was 257; 256 or 288 would do (256 to 4,096, in steps of 32)."),
        ("height", 4095, "`height` was 4,095; 4,064 or 4,096 would do (256 to 4,096, in steps of 32)."),
        ("height", 5000, "`height` was 5,000; 4,096 would do (256 to 4,096, in steps of 32)."),
        ("width", 0, "`width` was 0; 256 would do (256 to 4,096, in steps of 32)."),
        ("steps", 51, "`steps` was 51; 50 would do (whole numbers, 1 to 50)."),
        ("steps", "many", "`steps` was `many`; 25 would do (whole numbers, 1 to 50)."),
        ("steps", "25", "`steps` was `25`; 25 would do (whole numbers, 1 to 50)."),
        ("samples", True, "`samples` was true; 1 would do (whole numbers, 1 to 4)."),
        ("samples", 2.5, "`samples` was 2.5; 2 or 3 would do (whole numbers, 1 to 4)."),
        ("scale", 0.5, "`scale` was 0.5; 1 would do (1 to 20)."),
        ("scale", 20.000001, "`scale` was 20.000001; 20 would do (1 to 20)."),
        ("scale", float("nan"), "`scale` was not a number; 3.5 would do (1 to 20)."),
        ("steps", float("nan"), "`steps` was not a number; 25 would do (whole numbers, 1 to 50)."),
        ("scale", float("inf"), "`scale` was inf; 20 would do (1 to 20)."),
        ("width", float("-inf"), "`width` was -inf; 256 would do (256 to 4,096, in steps of 32)."),
        ("seed", -1, "`seed` was -1; 0 would do (whole numbers, 0 to 4,294,967,295)."),
        ("seed", [1], "`seed` was something else; any number would do (whole numbers, 0 to 4,294,967,295)."),
        ("spoiler", 1, "`spoiler` was 1; true or false would do."),
        ("prompt", "  \n ", "`prompt` was blank; a few words would do (1 to 2,000 characters)."),
        ("prompt", "\u200b\x00", "`prompt` was blank; a few words would do (1 to 2,000 characters)."),
        ("prompt", None, "`prompt` was missing; a few words would do (1 to 2,000 characters)."),
        ("prompt", 5, "`prompt` was 5; a few words would do (1 to 2,000 characters)."),
        (
            "prompt",
            "x" * 2103,
            "`prompt` had 2,103 characters; the first 2,000 would do (1 to 2,000 characters).",
        ),
        (
            "negative_prompt",
            "x" * 1001,
            "`negative_prompt` had 1,001 characters; the first 1,000 would do (0 to 1,000 characters).",
        ),
    ],
)
def test_a_wrong_field_is_one_sentence(option: str, value: object, sentence: str) -> None:
    """The sentence says what was given, the nearest that would do, and what is allowed."""
    assert problems(**{option: value}) == (sentence,)


def test_numbers_too_long_to_repeat_are_not() -> None:
    """A number of 5,000 digits, which Python refuses to print, is answered like any other."""
    assert problems(scale=10**5000) == ("`scale` was far out of range; 20 would do (1 to 20).",)
    assert problems(steps=-(10**5000)) == (
        "`steps` was far out of range; 1 would do (whole numbers, 1 to 50).",
    )


def test_an_unknown_size_is_answered_with_the_most_alike() -> None:
    """A misspelt size names the choice that was probably meant, and all of them."""
    names = ", ".join(size.name for size in SIZES)
    assert problems(size="Landscap") == (f"`size` was `Landscap`; landscape would do (one of {names}).",)
    assert problems(size=5) == (f"`size` was 5; square would do (one of {names}).",)


def test_all_wrong_fields_are_named_at_once() -> None:
    """A member who errs five times reads five sentences."""
    said = problems(prompt="", size="huge", width=1, steps=0, moon="full")
    assert [sentence.split("`")[1] for sentence in said] == ["moon", "size", "prompt", "width", "steps"]


@pytest.mark.parametrize(
    "typed", ["`@everyone` **x**\n# y <@1>", "@here" * 9, "\u202e`\x00||", "x" * 99, "``\n```"]
)
def test_what_was_typed_cannot_break_out_of_its_quotes(typed: str) -> None:
    """A wrong value is shown as bounded inline code: no line break, no backtick of its own, no mention."""
    (sentence,) = problems(steps=typed)
    quoted = re.fullmatch(r"`steps` was `([^`]+)`; 25 would do \(whole numbers, 1 to 50\)\.", sentence)
    assert quoted
    assert len(quoted[1].replace("\u200b", "")) <= 40
    assert quoted[1].replace("\u200b", "").isprintable()
    assert not re.search(r"@(?!\u200b)", quoted[1])


def test_prompts_are_trimmed_before_they_are_measured() -> None:
    """Blanks around a prompt count neither as text nor towards its length."""
    assert parsed(prompt=f"  {'x' * 2000}\n").prompt == "x" * 2000


def test_lengths_count_code_points() -> None:
    """A prompt of 2,000 emoji is accepted, as Discord's API accepts it."""
    assert len(parsed(prompt="\N{FOX FACE}" * 2000).prompt) == 2000
    assert problems(prompt="\N{FOX FACE}" * 2001)


def test_what_cannot_be_stored_becomes_a_space() -> None:
    """NUL, other controls and lone surrogates are replaced, so that a prompt survives UTF-8 and SQLite."""
    prompt = parsed(prompt="a\x00b\ud800c\x85d\r\ne\tf\N{FOX FACE}").prompt
    assert prompt == "a b c d\ne\tf\N{FOX FACE}"
    with sqlite3.connect(":memory:") as database:
        assert database.execute("select ?", (prompt,)).fetchone() == (prompt,)
    database.close()


def test_stored_parameters_read_back_the_same() -> None:
    """The stored form is one compact JSON object, and gives the same parameters again."""
    parameters = parsed(prompt='a "fox"\n\N{FOX FACE}', scale=7.25, seed=4294967295, spoiler=True)
    assert SanaParameters.from_json(parameters.to_json()) == parameters
    assert ": " not in parameters.to_json()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"prompt":"x","seed":-1}', '{"prompt":"x","seed":1,"moon":1}']
)
def test_what_is_not_stored_parameters_is_refused(text: str) -> None:
    """Reading anything else raises ValueError."""
    with pytest.raises(ValueError, match="SanaParameters"):
        SanaParameters.from_json(text)


def test_parameters_cannot_be_changed() -> None:
    """Parameters are frozen: what was paid for is what runs."""
    parameters = parsed()
    with pytest.raises(ValidationError):
        parameters.steps = 3  # type: ignore[misc]  # the very thing that must fail


def test_the_inspires_are_valid_parameters() -> None:
    """The tool's four inspires can be run as they are, under titles that tell them apart."""
    assert [parsed(prompt=inspire.prompt).prompt for inspire in INSPIRES] == [
        inspire.prompt for inspire in INSPIRES
    ]
    assert {inspire.negative_prompt for inspire in INSPIRES} == {"bad, ugly, low quality"}
    assert len({inspire.title for inspire in INSPIRES}) == 4


def test_limits_are_those_of_the_model() -> None:
    """What the slash command registers is what the model accepts: both ends do, one beyond does not."""
    for name in FIELDS:
        allowed = limits(name)
        unit = "x" if allowed.is_text else 1
        for good in (allowed.minimum, allowed.maximum):
            parsed(**{name: unit * good})
        beyond = [allowed.maximum + (allowed.step or 1)]
        beyond += [allowed.minimum - 1] if allowed.minimum or not allowed.is_text else []
        for bad in beyond:
            assert problems(**{name: unit * bad})


def test_defaults_are_those_of_the_model() -> None:
    """The default that `limits` tells is what a left-out option takes."""
    bare = parsed().model_dump()
    for name in set(FIELDS) - {"prompt", "seed"}:
        assert limits(name).default == bare[name]
    assert limits("seed").default is None


def test_the_command_fits_discords_limits() -> None:
    """Descriptions have 1 to 100 characters, choices at most 25 with at most 100 characters each."""
    assert all(1 <= len(description) <= 100 for description in DESCRIPTIONS.values())
    assert set(DESCRIPTIONS) == {*FIELDS, "size", "spoiler"}
    assert len(SIZES) <= 25
    assert all(len(size.label) <= 100 for size in SIZES)
