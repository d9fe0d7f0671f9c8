import re
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParametersError
from bot.parameters import DESCRIPTIONS, PIXELS_PER_CREDIT, SanaParameters, limits, parse

TEXTS = st.text(st.characters(), max_size=60) | st.text(max_size=20)  # the first has lone surrogates
NUMBERS = st.integers() | st.integers(-10, 5000) | st.floats() | st.floats(-10, 5000)
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS | st.lists(st.integers(), max_size=1)
OPTIONS = st.dictionaries(st.sampled_from(sorted(DESCRIPTIONS)) | TEXTS, VALUES)
VALID = st.builds(
    SanaParameters,
    prompt=st.text(min_size=1, max_size=50).map(lambda text: f"x{text}"),
    negative_prompt=st.text(max_size=50),
    width=st.integers(8, 128).map(lambda sides: sides * 32),
    height=st.integers(8, 128).map(lambda sides: sides * 32),
    steps=st.integers(1, 50),
    scale=st.floats(1, 20),
    samples=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
    spoiler=st.booleans(),
)


def outcome(options: Mapping[str, object]) -> tuple[SanaParameters | None, tuple[str, ...]]:
    """Return the parameters, or what is wrong with the options."""
    try:
        return parse(options, draw_seed=lambda: 7), ()
    except InvalidParametersError as error:
        return None, error.problems


def satisfies_the_tool(parameters: SanaParameters) -> bool:
    """Tell whether the wire form is within the tool's ranges, written down a second time on purpose."""
    wire = parameters.wire()
    prompt, scale, seed = wire["prompt"], wire["scale"], wire["seed"]
    sides = (wire["width"], wire["height"])
    return (
        isinstance(prompt, str)
        and 1 <= len(prompt.encode()) <= 8000
        and all(isinstance(side, int) and 256 <= side <= 4096 and side % 32 == 0 for side in sides)
        and wire["steps"] in range(1, 51)
        and wire["samples"] in range(1, 5)
        and isinstance(scale, str)
        and 1 <= float(scale) <= 20
        and isinstance(seed, str)
        and int(seed) in range(2**32)
    )


@given(OPTIONS)
def test_whatever_comes_in_is_valid_or_refused(options: dict[str, object]) -> None:
    """Any options give parameters that the tool takes, or one printable sentence for each wrong field."""
    parameters, problems = outcome(options)
    assert (parameters is None) == bool(problems)
    assert len(problems) <= len(options) + 1
    assert all(0 < len(sentence.encode()) < 600 and "\n" not in sentence for sentence in problems)
    assert parameters is None or satisfies_the_tool(parameters)


@given(st.sampled_from(["size", "width", "height", "steps", "scale", "samples", "seed"]), NUMBERS | TEXTS)
def test_what_would_do_does(name: str, value: object) -> None:
    """Whatever a sentence suggests is accepted when it is put in, and nothing between it and the value is."""
    _, problems = outcome({"prompt": "x", name: value})
    for sentence in problems:
        if name == "seed" and "; any number would do (" in sentence:
            continue
        match = re.search(r"; (\S+)(?: or (\S+))? would do \(", sentence)
        assert match
        suggested = [word.replace(",", "") for word in match.groups() if word]
        for word in suggested:
            assert outcome({"prompt": "x", name: word if name == "size" else float(word)})[0]
        if isinstance(value, int | float) and len(suggested) == 2:
            low, high = map(float, suggested)
            assert low < value < high
            assert high - low == limits(name).step


@given(VALID)
def test_stored_parameters_read_back_the_same(parameters: SanaParameters) -> None:
    """No parameters are changed by being stored, nor by being parsed again."""
    assert SanaParameters.from_json(parameters.to_json()) == parameters
    assert parse(parameters.model_dump(), draw_seed=lambda: 0) == parameters
    assert satisfies_the_tool(parameters)


@given(VALID)
def test_cost_is_the_smallest_number_of_credits_that_covers_the_pixels(parameters: SanaParameters) -> None:
    """The credits of a picture cover its pixels, and one credit less would not."""
    pixels = parameters.width * parameters.height
    covered = parameters.credits_per_picture * PIXELS_PER_CREDIT
    assert covered - PIXELS_PER_CREDIT < pixels <= covered
    assert parameters.cost_credits == parameters.credits_per_picture * parameters.samples


@given(TEXTS)
def test_an_accepted_prompt_is_accepted_unchanged_again(prompt: str) -> None:
    """What is done to a prompt is done once: a reroll of a reroll has the same text."""
    parameters, _ = outcome({"prompt": prompt})
    if parameters:
        assert outcome({"prompt": parameters.prompt})[0] == parameters
