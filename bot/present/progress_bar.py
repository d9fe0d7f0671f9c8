"""How much of a whole is done, as a bar, and how far a running task is, in words and as a bar."""

from typing import Final

from bot.wiro.news import TaskProgress

_WIDTH: Final = 20  # with its frame, a bar stays on one line of a phone
_WHOLE: Final = 100  # per cent
_SAID_IN_MINUTES_FROM: Final = 90  # seconds


def bar(done: int, whole: int) -> str:
    """Return how much of a whole is done, as a picture made of characters."""
    share = min(1.0, done / whole) if whole else 1.0
    full = round(_WIDTH * share)
    if 0 < share < 1:  # what is begun shows, and so does what is left
        full = min(max(full, 1), _WIDTH - 1)
    return f"`{'█' * full}{'░' * (_WIDTH - full)}`"


def how_far(progress: TaskProgress | None, *, samples: int) -> str:
    """Return how far a running task is; what the tool does not report is not said.

    The bar comes last: by then a screen reader has told what it shows. A task that has taken all its steps
    still prepares its pictures.
    """
    subject = "picture is" if samples == 1 else f"{samples} pictures are"
    if progress is None:
        return f"**Your {subject} being made.**"
    is_drawn = progress.percentage >= _WHOLE
    words = [f"{progress.percentage}%"]
    if progress.step is not None:
        of_all = "" if progress.steps is None else f" of {progress.steps:,}"
        words.append(f"step {progress.step:,}{of_all}")
    if progress.remaining_seconds is not None and not is_drawn:
        words.append(f"{_time_in_words(progress.remaining_seconds)} left")
    heading = f"**Your {subject} being {'finished' if is_drawn else 'made'}.**"
    return "\n".join([heading, " · ".join(words), bar(progress.percentage, _WHOLE)])


def _time_in_words(seconds: int) -> str:
    if seconds == 0:
        return "less than a second"
    if seconds >= _SAID_IN_MINUTES_FROM:
        return f"about {round(seconds / 60):,} minutes"
    return "about 1 second" if seconds == 1 else f"about {seconds} seconds"
