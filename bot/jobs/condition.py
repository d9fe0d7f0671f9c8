"""How the work stands as a whole, for those who look after the bot."""

from dataclasses import dataclass

from bot.jobs.gate import Trouble


@dataclass(frozen=True, slots=True)
class Condition:
    """What can be said without naming anybody's job.

    Args:
        trouble: why the line is held, or None.
        waiting: jobs in line.
        under_way: jobs that Wiro has.
        is_called_back: whether Wiro tells of ends by itself.
    """

    trouble: Trouble | None
    waiting: int
    under_way: int
    is_called_back: bool
