"""How far a task is, in words and as a bar."""

import pytest

from bot.present.progress_bar import how_far
from bot.wiro.news import TaskProgress

BAR = "█" * 12 + "░" * 8


def test_everything_that_the_tool_reports_is_shown() -> None:
    """The heading, the percentage, the step and the time left in words, and then the bar."""
    progress = TaskProgress(percentage=60, step=6, steps=10, remaining_seconds=3)
    assert how_far(progress, samples=1) == (
        f"**Your picture is being made.**\n60% · step 6 of 10 · about 3 seconds left\n`{BAR}`"
    )


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (TaskProgress(percentage=60), "60%"),
        (TaskProgress(percentage=60, step=6), "60% · step 6"),
        (TaskProgress(percentage=60, steps=10), "60%"),
        (TaskProgress(percentage=60, remaining_seconds=40), "60% · about 40 seconds left"),
    ],
)
def test_what_the_tool_does_not_report_is_not_said(progress: TaskProgress, words: str) -> None:
    """Nothing is made up, and nothing is said to be unknown."""
    assert how_far(progress, samples=1).split("\n")[1:] == [words, f"`{BAR}`"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second left"),
        (1, "about 1 second left"),
        (2, "about 2 seconds left"),
        (89, "about 89 seconds left"),
        (90, "about 2 minutes left"),
        (150, "about 2 minutes left"),
        (151, "about 3 minutes left"),
        (100_000, "about 1,667 minutes left"),
    ],
)
def test_time_left_in_words(seconds: int, words: str) -> None:
    """Singular and plural are right, and longer times are told in minutes."""
    assert words in how_far(TaskProgress(percentage=1, remaining_seconds=seconds), samples=1)


def test_a_task_that_has_taken_all_steps_is_being_finished() -> None:
    """At the end of the steps the pictures are not there yet, and no time left is promised."""
    progress = TaskProgress(percentage=100, step=10, steps=10, remaining_seconds=0)
    assert how_far(progress, samples=1) == (
        f"**Your picture is being finished.**\n100% · step 10 of 10\n`{'█' * 20}`"
    )
    assert how_far(progress, samples=4).startswith("**Your 4 pictures are being finished.**\n")


@pytest.mark.parametrize(
    ("samples", "heading"),
    [(1, "**Your picture is being made.**"), (4, "**Your 4 pictures are being made.**")],
)
def test_before_the_first_report(samples: int, heading: str) -> None:
    """There is no bar where nothing is known."""
    assert how_far(None, samples=samples) == heading


@pytest.mark.parametrize(("percentage", "full"), [(0, 0), (1, 1), (50, 10), (99, 19), (100, 20)])
def test_the_bar_is_empty_only_at_the_start_and_full_only_at_the_end(percentage: int, full: int) -> None:
    """What is begun shows, and so does what is left."""
    bar = how_far(TaskProgress(percentage=percentage), samples=1).split("\n")[-1]
    assert bar == f"`{'█' * full}{'░' * (20 - full)}`"
