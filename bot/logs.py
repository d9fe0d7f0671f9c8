"""One line an event: for a terminal, or as JSON. Lines of libraries come out of the same mould.

Our own lines do not take the way through logging, which would cost as much again as all the rest of a line.
"""

import logging
import sys
from contextlib import suppress
from typing import Literal, TextIO

import structlog

from bot.mask import Mask

_QUIET = ("discord", "aiohttp", "stamina")
"""Libraries that are heard from warnings on. Below that discord.py logs addresses with tokens in them."""

_VOICE = "voice will NOT be supported"


def configure(level: str, style: Literal["console", "json"], mask: Mask) -> None:
    """Send all logging to standard error.

    Args:
        level: the least important level that is shown of this project's own events.
        style: for people or for machines.
        mask: every line passes it, tracebacks and lines of libraries too.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            # The default shows the variables of every frame: tokens, too.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    lines = _Lines(sys.stderr)
    structlog.configure(
        processors=[*shared, *renderer, _masking(mask)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_names: lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(_shorten)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler.setFormatter(_Masked(formatter, mask))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Whoever sends malformed requests to the listener is answered 400, and fills no log with it.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _masking(mask: Mask) -> structlog.typing.Processor:
    """Return what masks a line that is rendered."""
    return lambda _logger, _method, line: mask(str(line))


class _Lines:
    """Writes lines. Where one cannot be written, as on a full disk, the bot goes on without it.

    Args:
        stream: takes a line at a time, whole, from any thread.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):  # the latter where it was closed
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = write
    """What structlog calls, by the event's level."""


class _Masked(logging.Formatter):
    """Formats a line as another formatter does, and masks it."""

    def __init__(self, formatter: logging.Formatter, mask: Mask) -> None:
        super().__init__()
        self._formatter = formatter
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(self._formatter.format(record))


def _shorten(record: logging.LogRecord) -> bool:
    """Make one line of what discord.py says of lost connections, and drop what it says of voice.

    An exception's own text may hold an address with a token in it; its kind says enough.
    """
    if not record.name.startswith("discord"):
        return True
    if record.exc_info and record.exc_info[0] is not None and record.levelno < logging.CRITICAL:
        record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
        record.args = record.exc_info = record.exc_text = None
    return _VOICE not in str(record.msg)
