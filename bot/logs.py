"""One line an event: for a terminal, or as JSON. Lines of libraries come out of the same mould.

Our own lines do not take the way through logging, which would cost as much again as all the rest of a line.
"""

import logging
import re
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal, TextIO

import structlog

from bot.mask import Mask
from bot.visible import visible

_QUIET: Final = ("discord", "aiohttp")
"""Libraries that are heard from warnings on. Below that discord.py logs addresses with tokens in them."""

_VOICE = "voice will NOT be supported"

_COLOURS: Final = re.compile(r"(\x1b\[(?:[0-2]|3[1-6]|41)m)")
"""What structlog's renderer writes for a terminal, and nothing else that one acts on."""

_INDENT: Final = "\n    "
_PIECE_CHARACTERS: Final = 1024  # in UTF-8 at most a page, for which there is room where there is any
_PATIENCE_SECONDS: Final = 0.01
"""How long whoever reads the log is waited for, before lines are dropped."""


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
    finish: _Finish = mask if style == "json" else lambda line: _tamed(mask(line))
    structlog.configure(
        processors=[*shared, *renderer, lambda _logger, _method, line: finish(str(line))],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_names: lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.terminator = ""
    handler.addFilter(_shorten)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler.setFormatter(_Finished(formatter, finish))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Whoever sends malformed requests to the listener is answered 400, and fills no log with it.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


_Finish = Callable[[str], str]
"""Takes a line that is rendered, and returns what is written of it."""


def _tamed(line: str) -> str:
    """Show what a terminal would act on, but for our own colours, and let only an event begin a line."""
    if line.isprintable():
        return line
    parts = _COLOURS.split(line)  # every other one is a colour
    parts[::2] = [visible(part).replace("\n", _INDENT) for part in parts[::2]]
    return "".join(parts)


class _Lines:
    """Writes lines. Where one cannot be written, the bot goes on without it.

    On a full disk nothing is said of it. Where nobody reads, lines are counted, and that is said afterwards.

    Args:
        stream: takes a line at a time, from any thread.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._dropped = 0
        self._is_cut = False
        try:
            self._waited_for = [stream.fileno()]
        except (OSError, ValueError):  # none of the system's
            self._waited_for = []

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):  # the latter where it was closed
            if self._dropped and self._has_room():
                self._tell()
            text = f"{line}\n"
            for start in range(0, len(text), _PIECE_CHARACTERS):
                if not self._has_room():
                    self._dropped += 1
                    self._is_cut = self._is_cut or start > 0
                    return
                self._stream.write(text[start : start + _PIECE_CHARACTERS])
                self._stream.flush()

    debug = info = warning = error = critical = write
    """What structlog calls, by the event's level."""

    def _has_room(self) -> bool:
        """Tell whether a piece can be written without waiting for whoever reads."""
        patience = 0.0 if self._dropped else _PATIENCE_SECONDS
        return not self._waited_for or bool(select.select((), self._waited_for, (), patience)[1])

    def _tell(self) -> None:
        if self._is_cut:
            self._stream.write("\n")
        dropped, self._dropped, self._is_cut = self._dropped, 0, False
        log = structlog.get_logger()
        log.warning("log.dropped", lines=dropped)


class _Finished(logging.Formatter):
    """Formats a line as another formatter does, and finishes it."""

    def __init__(self, formatter: logging.Formatter, finish: _Finish) -> None:
        super().__init__()
        self._formatter = formatter
        self._finish = finish

    def format(self, record: logging.LogRecord) -> str:
        return self._finish(self._formatter.format(record))


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
