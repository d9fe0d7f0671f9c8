import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wiro.news import TaskNews, TaskProgress, decode_complaint, decode_news

TOKEN = "eDcCm5yyUfIvMFspTwww49OUfgXkQt"
PROGRESS = {
    "type": "progressGenerate",
    "task": "Generate",
    "percentage": "60",
    "stepCurrent": "6",
    "stepTotal": "10",
    "speed": "1.2",
    "speedType": "it/s",
    "elapsedTime": "5s",
    "remainingTime": "3s",
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
WRITTEN = st.from_regex(r"-?[0-9]{1,200}(\.[0-9]{1,9})?[hms% ]?", fullmatch=True) | st.from_regex(
    r"[0-9]{0,200}:?[0-9]{0,3}:[0-9]{0,9}", fullmatch=True
)
VALUES = WRITTEN | JSON
PROGRESSES = st.fixed_dictionaries(
    {"type": st.just("progressGenerate")},
    optional=dict.fromkeys(("percentage", "stepCurrent", "stepTotal", "remainingTime"), VALUES),
)
KINDS = st.sampled_from(["task_output", "task_postprocess_end", "task_cancel", "error"]) | JSON
MESSAGES = st.fixed_dictionaries(
    {"type": KINDS, "tasktoken": st.text(min_size=1, max_size=9) | JSON, "message": PROGRESSES | JSON}
)


def message(kind: object, content: object = None, tasktoken: object = TOKEN) -> str:
    """Write a message of Wiro's."""
    return json.dumps(
        {"type": kind, "id": "534574", "tasktoken": tasktoken, "message": content, "result": True}
    )


def progress(**changes: object) -> TaskProgress | None:
    """Return what is read from a message with these fields of its progress changed; None takes one away."""
    fields = {name: value for name, value in (PROGRESS | changes).items() if value is not None}
    news = decode_news(message("task_output", fields))
    if news is None:
        return None
    assert not news.ended
    assert news.tasktoken == TOKEN
    return news.progress()


def test_progress_is_read_as_documented() -> None:
    """The reference's own example tells the percentage, the step and the seconds left."""
    expected = TaskProgress(percentage=60, step=6, steps=10, remaining_seconds=3)
    assert progress() == expected


def test_numbers_may_be_numbers() -> None:
    """What is a text in the example can be a number."""
    read = progress(percentage=60.9, stepCurrent=6, stepTotal=10.0, remainingTime=3)
    assert read == TaskProgress(percentage=60, step=6, steps=10, remaining_seconds=3)


@pytest.mark.parametrize("kind", ["task_postprocess_end", "task_cancel"])
@pytest.mark.parametrize("content", [None, [], [{"name": "0.png"}], "text", PROGRESS])
def test_a_terminal_type_is_an_end(kind: str, content: object) -> None:
    """Both terminal types end a task, whatever comes with them."""
    assert decode_news(message(kind, content)) == TaskNews(tasktoken=TOKEN, ended=True)


@pytest.mark.parametrize(
    "kind",
    [
        *("task_queue", "task_accept", "task_assign", "task_preprocess_start", "task_preprocess_end"),
        *("task_start", "task_output", "task_output_full", "task_error", "task_error_full", "task_end"),
        *("task_postprocess_start", "task_new_in_2027", "connected", "error", "", 7, None, [], {}),
    ],
)
@pytest.mark.parametrize("content", [None, "Loading the pipeline", []])
def test_any_other_type_is_no_news(kind: object, content: object) -> None:
    """Other statuses, a line of stderr among them, lines of text and unknown types tell nothing."""
    assert decode_news(message(kind, content)) is None


def test_only_output_tells_progress() -> None:
    """Progress in a message of another type, or of another kind, is none of the tool's."""
    news = decode_news(message("task_error", PROGRESS))
    assert news is None or news.progress() is None
    assert progress(type="progressDownload") is None


@pytest.mark.parametrize("inner", ['"tasktoken": "another"', '"of": {"tasktoken": "another"}'])
def test_progress_is_of_the_task_that_the_message_names(inner: str) -> None:
    """A token deeper in a message, or a second one, makes it nobody else's."""
    output = f'"message": {{"type": "progressGenerate", "percentage": 60, {inner}}}'
    news = decode_news(f'{{{output}, "type": "task_output", "tasktoken": "{TOKEN}"}}')
    assert news is None or news.tasktoken == TOKEN or news.progress() is None
    news = decode_news(f'{{"type": "task_output", {output}}}')
    assert news is None or news.progress() is None


def test_a_message_too_long_to_be_kept_tells_no_progress() -> None:
    """The newest of each task is kept until it is shown, so it has to be small."""
    assert progress(task="Generate" * 100) is not None
    assert progress(task="Generate" * 1000) is None


@pytest.mark.parametrize("tasktoken", [None, "", [], {}, True])
def test_news_of_no_task_is_none(tasktoken: object) -> None:
    """Without a token nobody knows whose news it is."""
    assert decode_news(message("task_cancel", tasktoken=tasktoken)) is None


@pytest.mark.parametrize(
    ("given", "read"),
    [("0", 0), ("100", 100), ("101", 100), ("-5", 0), ("1e300", 100), ("99.9", 99), (" 7 ", 7), (12.5, 12)],
)
def test_a_percentage_is_within_bounds(given: object, read: int) -> None:
    """A percentage is a whole number from 0 to 100, and 100 only when all is done."""
    found = progress(percentage=given)
    assert found is not None
    assert found.percentage == read


@pytest.mark.parametrize("given", [None, "", "soon", "nan", "Infinity", [], {}, True])
def test_a_percentage_that_is_missing_is_computed(given: object) -> None:
    """Steps tell the percentage where it cannot be read; without them there is no progress."""
    assert progress(percentage=given) == TaskProgress(percentage=60, step=6, steps=10, remaining_seconds=3)
    assert progress(percentage=given, stepTotal=None) is None
    assert progress(percentage=given, stepTotal="0") is None
    assert progress(percentage=given, stepCurrent=None) is None


@pytest.mark.parametrize(
    ("step", "steps", "read"),
    [
        ("6", "10", (6, 10)),
        ("11", "10", (10, 10)),
        ("0", "10", (0, 10)),
        ("6", None, (6, None)),
        (None, "10", (None, 10)),
        ("6", "0", (6, None)),
        ("-1", "10", (None, 10)),
        ("1.5", "10", (None, 10)),
        ("six", "ten", (None, None)),
        ("1e300", "1e300", (None, None)),
    ],
)
def test_steps_make_sense(step: object, steps: object, read: tuple[int | None, int | None]) -> None:
    """A step is never beyond the last one, and what is no number of steps is left out."""
    found = progress(stepCurrent=step, stepTotal=steps)
    assert found is not None
    assert (found.step, found.steps) == read


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        *[("3s", 3), ("1m 3s", 63), ("00:03", 3), ("3.2s", 3), ("", None)],
        *[("3", 3), (3, 3), (3.9, 3), ("0s", 0), ("1m3s", 63), ("2h", 7200), ("2h 0m 1s", 7201), ("5M", 300)],
        *[("1:00:03", 3603), ("01:03", 63), ("01:03.5", 63), (" 3s ", 3), ("90s", 90)],
        *[
            (None, None),
            ("?", None),
            ("soon", None),
            ("-3s", None),
            (-3, None),
            ("300ms", None),
            ("3s left", None),
        ],
        *[("s", None), (":", None), (" ", None), ("nan", None), ("1e9", None), ("9" * 300 + "s", None)],
        *[([], None), ({}, None), (True, None)],
    ],
)
def test_the_time_left_is_read_however_it_is_written(written: object, seconds: int | None) -> None:
    """Seconds come bare, with units or as a clock shows them; anything else is not known."""
    found = progress(remainingTime=written)
    assert found is not None
    assert found.remaining_seconds == seconds


def test_a_complaint_is_read_without_tokens() -> None:
    """What Wiro says of a registration is one line, in which a token can hide neither alone nor in a word."""
    said = f"no task\nfor {TOKEN}, tasktoken={TOKEN}"
    assert decode_complaint(message("error", said)) == "no task for *** ***"
    assert decode_complaint(message("error")) == "no message"
    assert decode_complaint(message("task_error", said)) is None


def is_sound(found: TaskProgress) -> bool:
    """Whether progress is within the bounds that its class states."""
    numbers = (found.step, found.steps, found.remaining_seconds)
    is_small = all(number is None or 0 <= number <= 1_000_000 for number in numbers)
    is_ordered = found.step is None or found.steps is None or found.step <= found.steps
    return is_small and is_ordered and 0 <= found.percentage <= 100


@given(st.text() | st.one_of(MESSAGES, JSON).map(json.dumps))
@example("[" * 200_000)
@example('{"type": ' * 100_000)
@example('{"type": "error", "message": "\\ud800"}')
@example('{"type": "task_cancel", "tasktoken": "\\ud800"}')
@example('{"type": "task_cancel", "tasktoken": 1' + "0" * 100_000 + "}")
@example('{"type": "task_cancel", "tasktoken": NaN}')
@example("\ud800")
def test_no_message_surprises(received: str) -> None:
    """Whatever comes, nothing is raised, and what is told is within its bounds and can be written."""
    news: Any = decode_news(received)
    if news is not None:
        assert news.tasktoken.encode()
        progress = news.progress()
        assert progress is None or (is_sound(progress) and not news.ended)
    complaint = decode_complaint(received)
    assert complaint is None or (len(complaint.splitlines()) <= 1 and len(complaint.encode()) <= 1200)
