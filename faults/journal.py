"""What the bot wrote into its log: no traceback, no error that nothing explains, no secret."""

import json
from collections.abc import Iterator
from typing import Final

from faults.stage import Stage
from sandbox.discord.components import displayed_text

_EXPECTED: Final = frozenset(
    {
        "line.held",  # code 97
        "job.lost",  # Run was never answered, and there is no task
        "job.undeliverable",  # the message or its channel was deleted
        "command.failed",  # Discord did not take an answer, or it was already given
        "reaction.failed",  # Discord did not take a reply
    }
)
"""Errors that an operator is told of because of what this campaign does."""

_OF_THE_GATEWAY: Final = "Attempting a reconnect"  # discord.py's own words for a lost connection


def log_problems(log: str) -> Iterator[str]:
    """Tell of lines that no run should leave behind."""
    for line in log.splitlines():
        if "Traceback" in line:
            yield f"a traceback in the log: {line}"
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            yield f"a line in the log that is no event: {line}"
            continue
        event = str(entry["event"])
        if entry["level"] not in {"error", "critical"} or event.startswith(_OF_THE_GATEWAY):
            continue
        if event not in _EXPECTED or "exception" in entry:
            yield f"an error in the log: {line}"


def secret_problems(stage: Stage) -> Iterator[str]:
    """Tell of secrets in the log and in messages."""
    said = [displayed_text(edit.body.components) for each in stage.witness.messages() for edit in each.edits]
    written = "\n".join([stage.bot.log, *said])
    for kind, secret in _secrets(stage):
        if secret and secret in written:
            yield f"{kind} was written"


def _secrets(stage: Stage) -> Iterator[tuple[str, str]]:
    yield "Discord's token", stage.discord.config.token
    yield "Wiro's key", stage.wiro.config.api_key
    yield "Wiro's secret", stage.wiro.config.api_secret or ""
    for interaction in stage.discord.interactions.all():
        yield "an interaction's token", interaction.token
    for task in stage.wiro.tasks:
        yield "a task's token", task.token
        yield "a callback's token", str(task.sent.get("callbackUrl", "")).rpartition("/")[2]
