"""The log: one line an event, and no secret in any of them."""

import errno
import fcntl
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

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
    if style == "json":
        lines = [json.loads(line) for line in written.splitlines()]
        assert [line["event"] for line in lines] == ["it.failed", "it failed"]
        assert all("fail_with" in line["exception"] for line in lines)
    assert "ConnectionError" in written
    assert "S-1" in written
    assert SECRET not in written


@pytest.mark.parametrize("style", ["console", "json"])
def test_an_event_is_one_line_whatever_it_holds(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks of others are shown, not made, and what a line is about is on it."""
    logs.configure("INFO", style, Mask())  # type: ignore[arg-type]  # both are of the two allowed
    with structlog.contextvars.bound_contextvars(job="S-1"):
        structlog.get_logger().info("it.failed", error="first\nsecond\r\nthird", others=["a\nb"])
        logging.getLogger("elsewhere").warning("also about it")
    structlog.get_logger().info("it.went_on", job="S-2")
    lines = capsys.readouterr().err.splitlines()
    assert [re.findall(r"it\.\w+|also about it", line) for line in lines] == [
        ["it.failed"],
        ["also about it"],
        ["it.went_on"],
    ]
    assert [re.findall(r"S-\d", line) for line in lines] == [["S-1"], ["S-1"], ["S-2"]]


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


@pytest.mark.parametrize("secret", ['it\'s-"so"', "back\\slash", 'it\'s\\-"so"'])
def test_a_secret_is_masked_however_it_is_quoted(secret: str) -> None:
    """As it is, in JSON, and as Python shows texts: alone, and beside either quote mark."""
    mask = Mask((secret,))
    for text in (secret, json.dumps(secret), repr(secret), repr(f"'{secret}"), repr(f"{secret}\"'")):
        assert "***" in mask(text)
        assert "so" not in mask(text)
        assert "slash" not in mask(text)


class _Terminal(io.StringIO):
    """Shows colours."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO, _Terminal])
def test_a_console_acts_on_nothing_that_others_wrote(
    stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sequence of theirs is carried out, and no line of theirs looks like one of the bot's."""
    forged = (
        "\x1b]0;owned\x07\x1b[2J\x1b[38;5;1m\x9b31m\u202e\r\n2026-01-05T15:00:11Z [info     ] job.delivered"
    )
    terminal = stream()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure("INFO", "console", Mask())
    structlog.get_logger().info("it.failed", status="\x1b]0;owned\x07\x1b[2J", error=forged)
    logging.getLogger("elsewhere").warning("it said %s", forged)
    try:
        fail_because(forged)
    except ExceptionGroup:
        structlog.get_logger().exception("it.failed")
        logging.getLogger("elsewhere").exception("it failed")
    written = terminal.getvalue()
    if stream is _Terminal:
        assert "\x1b[" in written
        written = re.sub(r"\x1b\[(?:0|1|2|3[1-6])m", "", written)
    assert all(each.isprintable() for each in written.split("\n"))
    assert r"\x1b]0;owned" in written
    heads = [line for line in written.split("\n") if line and not line.startswith("    ")]
    assert [re.findall(r"it\W?[a-z]+", line)[0] for line in heads] == [
        "it.failed",
        "it said",
        "it.failed",
        "it failed",
    ]


def test_there_may_be_no_standard_error(tmp_path: Path) -> None:
    """A bot whose standard error was closed says nothing, and fails for its own reasons alone."""
    command = f"exec {sys.executable} -m bot run 2>&-"
    ended = subprocess.run(  # noqa: S602 - no shell, no closed descriptor
        command,
        shell=True,
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(Path(logs.__file__).parents[1]),
            "DISCORD_TOKEN": "token",
            "WIRO_API_KEY": "key",
            "DATABASE_URL": "sqlite:////proc/sana.db",
        },
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, b"")


def test_a_log_that_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that find no room are dropped, ours and those of libraries, and counted once there is some."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 8192)

    def write() -> None:
        for number in range(200):
            structlog.get_logger().info("it.happened", number=number, why="x" * 3000)
            logging.getLogger("elsewhere").warning("so it did")

    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure("INFO", "console", Mask())
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        thread.join(20)
        stopped = thread.is_alive()
        os.read(reading, 65_536)
        structlog.get_logger().info("it.went_on")
        said = os.read(reading, 65_536).decode()
        os.close(reading)
    assert not stopped
    assert re.fullmatch(
        r"\n?\S+ \[warning  \] log.dropped\s+lines=39\d\n\S+ \[info     \] it.went_on\s*\n", said
    )


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
