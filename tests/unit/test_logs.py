"""The log: one line an event, and no secret in any of them."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

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
    logs.configure("INFO", style)  # type: ignore[arg-type]  # both are of the two allowed
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
    logs.configure("INFO", "console")
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
    logs.configure("DEBUG", "console")
    logging.getLogger("discord.http").debug("PATCH /webhooks/1/%s", SECRET)
    logging.getLogger("discord.client").warning("PyNaCl is not installed, voice will NOT be supported")
    structlog.get_logger().debug("it.worked")
    assert capsys.readouterr().err.count("\n") == 1
