"""An hour that passes while the bot is down: everything that anybody wrote down is an hour older.

No clock is changed. Until the hour passes, Discord's identifiers tell times of an hour ago; then they tell
the present ones, and the times in the bot's own file and at Wiro are set back by the hour. Tokens and nonces
are too old from then on.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sandbox.discord.snowflakes import Snowflakes
from sandbox.wiro import Task

HOUR_SECONDS: Final = 3600.0
_LOWER_BITS: Final = 22  # of a snowflake; its milliseconds are above them


class AgeingSnowflakes(Snowflakes):
    """Discord's identifiers, with times that may lie in the past."""

    def __init__(self, behind_seconds: float) -> None:
        super().__init__()
        self.behind_seconds = behind_seconds

    def next(self) -> int:
        """Return a new identifier, greater than all before it."""
        return super().next() - (int(self.behind_seconds * 1000) << _LOWER_BITS)


def age_database(path: Path, seconds: float) -> None:
    """Set back all times of jobs and notices in the file of a bot that does not run."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("jobs", "notices"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            changes = ", ".join(f"{name} = {name} - :age" for name in columns if name.endswith("_at"))
            connection.execute(
                f"UPDATE {table} SET {changes}",  # noqa: S608 - names of its own schema
                {"age": int(seconds * 1000)},
            )


def age_task(task: Task, seconds: float) -> None:
    """Set back all times of a task."""
    task.times = {status: at - seconds for status, at in task.times.items()}
