"""`sana-bot check` in the hands of a test: on the test's own loop, over real sockets all the same."""

import json
from pathlib import Path
from typing import Any

from bot.check.doctor import Storage, check_up
from bot.check.given import read_settings
from bot.check.report import Report, Result, Status
from sandbox.bot_process import BotProcess
from storage.checkup import inspect
from storage.database import path_of
from tests.support.stage import Stage

STORAGE = Storage(inspect, path_of)


async def checked(stage: Stage) -> Report:
    """Return what the doctor finds with the stage's settings."""
    values = {name.lower(): value for name, value in stage.environment.items() if value}
    return await check_up(read_settings(None, **values), STORAGE)


def faults_in(report: Report) -> list[Result]:
    """Return the results that are faults."""
    return [result for result in report.results if result.status is Status.FAULT]


def result_of(report: Report, name: str) -> Result:
    """Return a check's result."""
    (found,) = [result for result in report.results if result.name == name]
    return found


def sana_bot(stage: Stage, *arguments: str) -> BotProcess:
    """Return a command of the command line as a process, not started yet."""
    log = stage.folder / f"{arguments[0]}.log"
    return BotProcess(stage.environment, log, folder=stage.folder, arguments=("-m", "bot", *arguments))


async def check_process(stage: Stage) -> tuple[int, Any]:
    """Run `sana-bot check --json`, and return its exit code and what it printed."""
    process = sana_bot(stage, "check", "--json")
    process.log_path = Path(f"{process.log_path}.{len(list(stage.folder.iterdir()))}")
    await process.start()
    return await process.wait(60), json.loads(process.log)
