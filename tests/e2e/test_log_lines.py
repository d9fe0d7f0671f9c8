"""The log of a day of troubles, as a machine reads it."""

import json
import re
from typing import Any

from tests.support.day import Day
from tests.support.stage import Stage

ABOUT_NO_JOB = {
    *("stopping", "listener.started", "shard.ready", "shard.disconnected", "shard.resumed"),
    *("jobs.recovered", "removals.recovered", "jobs.cancel_queued", "search.failed"),
    *("socket.connected", "socket.down", "socket.idle", "socket.complaint"),
    *("quota.changed", "note.dropped", "names.unknown"),
    *("edit.not_stored", "command.failed"),
}
"""Events of the bot itself, of all jobs, of what may be a listing, or of an interaction before its job."""

ABOUT_NO_JOB_CALLS = {"Task/List", "Task/InputOutputDelete"}
"""Wiro's calls that are not about one open job."""


def is_about_a_job(line: dict[str, Any]) -> bool:
    """Tell whether a line of the bot's own is about one job."""
    if str(line["event"]).startswith("wiro."):
        return line["path"] not in ABOUT_NO_JOB_CALLS
    return line["event"] not in ABOUT_NO_JOB and re.fullmatch(r"[a-z_]+\.[a-z_]+", line["event"]) is not None


async def test_every_line_is_an_event_and_names_its_job(bare_stage: Stage) -> None:
    """Each is an object of JSON with time, level and event, and has the reference of the job it is about."""
    settings = {
        "log_level": "DEBUG",
        "log_format": "json",
        "quota_credits": "1000",
        "lost_after_seconds": "5",
    }
    day = Day(stage=bare_stage, settings=settings, telltale="No project\nhas this key.")
    async with day.a_bot() as bot:
        await day.members_are_refused()
        await day.wiro_is_in_trouble()
        await day.tasks_do_not_stop()
    lines = [json.loads(line) for line in bot.log.splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    anonymous = [
        line for line in lines if is_about_a_job(line) and not re.fullmatch(r"S-\d+", str(line.get("job")))
    ]
    assert [f"{line['event']} {line}" for line in anonymous] == []
    named = {line["event"] for line in lines if "job" in line}
    assert named >= {
        "job.accepted",
        "run.accepted",
        "wiro.answered",
        "wiro.failed",
        "task.ended",
        "job.delivered",
    }
