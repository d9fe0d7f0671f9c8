"""The log: one line an event, and no secret in any of them."""

import errno
import io
import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest
import structlog

from bot import logs
from bot.mask import Mask

SECRET = "the-token-of-the-bot"


@pytest.fixture(autouse=True)
def everything_as_before() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def fail_with(secret: str) -> None:
    """Raise, with a secret among the variables."""
    payload = {"token": secret}
    raise ConnectionError(f"{len(payload)} fields were not sent")


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_variables(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a frame held when it failed, tokens among it, is not written down."""
    logs.configure("INFO", style, Mask((SECRET,)))  # type: ignore[arg-type]  # both are of the two allowed
    try:
        fail_with(SECRET)
    except ConnectionError:
        structlog.get_logger().exception("it.failed", job="S-1")
        logging.getLogger("elsewhere").exception("it failed")
    written = capsys.readouterr().err
    assert "ConnectionError" in written
    assert "S-1" in written
    assert SECRET not in written


def test_a_lost_connection_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """discord.py logs a traceback at each attempt; one line says as much."""
    logs.configure("INFO", "console", Mask())
    try:
        fail_with(SECRET)
    except ConnectionError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.5)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "Attempting a reconnect in 1.50s (ConnectionError)" in written
    assert SECRET not in written


def test_a_library_that_tells_too_much_is_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG discord.py logs addresses with tokens; they are not shown even then."""
    logs.configure("DEBUG", "console", Mask())
    logging.getLogger("discord.http").debug("PATCH /webhooks/1/%s", SECRET)
    logging.getLogger("discord.client").warning("PyNaCl is not installed, voice will NOT be supported")
    structlog.get_logger().debug("it.worked")
    assert capsys.readouterr().err.count("\n") == 1


def fail_because(told: str) -> None:
    """Raise what says so, with a cause that says so."""
    raise ExceptionGroup("all", [ConnectionError(told)]) from OSError(told)


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("the token is {secret}", "the token is ***"),
        (
            "PATCH https://discord.com/api/v10/webhooks/12/to.k-en_=/messages/@original",
            "webhooks/12/***/messages",
        ),
        ("400, url='https://discord.com/api/v10/webhooks/12/to.k-en_'", "webhooks/12/***'"),
        ("POST /interactions/34/to.k-en_/callback?with_response=1", "/interactions/34/***/callback"),
        ("http://bot.example:8080/wiro/callback/to.k-en_ <b>", "/wiro/callback/*** <b>"),
    ],
)
def test_no_line_passes_unmasked(
    style: str, told: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Secrets are masked in events, values, tracebacks, their causes, and what libraries say."""
    secret = 'of-the-"owner"\\'
    logs.configure("INFO", style, Mask((secret, "of-the", "")))  # type: ignore[arg-type]  # as above
    told = told.format(secret=secret)
    try:
        fail_because(told)
    except ExceptionGroup:
        structlog.get_logger().exception("it.failed", error=told)
        logging.getLogger("asyncio").exception("Task exception was never retrieved: %s", told)
    written = capsys.readouterr().err
    assert not re.search(r"to\.k|of-the", written)
    assert written.count(shown) + written.count(shown.replace('"', '\\"')) >= 6


class _FullDisk(io.StringIO):
    """Takes nothing."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")


@pytest.mark.parametrize("style", ["console", "json"])
def test_the_bot_goes_on_where_no_line_can_be_written(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk below the log, or a log that was closed, fails nothing but the line."""
    for stream in (_FullDisk(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure("INFO", style, Mask())  # type: ignore[arg-type]  # as above
        log = structlog.get_logger()
        log.info("before", job="S-1")
        stream.close()
        log.error("afterwards", job="S-1")


def test_events_below_the_level_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Of our own events and of those of libraries, each from its level on, in the order of writing."""
    logs.configure("INFO", "json", Mask())
    log = structlog.get_logger()
    log.debug("ours.debug")
    log.info("ours.info", job="S-1")
    logging.getLogger("elsewhere").info("theirs")
    log.error("ours.error")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("ours.info", "info"),
        ("theirs", "info"),
        ("ours.error", "error"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["job"] == "S-1"
