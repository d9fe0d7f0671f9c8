"""Looks at an event loop from inside: how late timers are, and which callback holds the loop for longest.

It is loaded by `bench.probed` alone, so that the product knows nothing of it.
"""

import asyncio
import json
import signal
import time
from asyncio import events
from collections.abc import Callable
from pathlib import Path
from typing import Final

from storage.connection import Connection
from storage.writer import Writer

BETWEEN_LOOKS_SECONDS: Final = 0.002
_LOOKS_AT_MOST: Final = 1_000_000


class Probe:
    """Measures from its start on, and tells what it found at every SIGUSR1, then begins anew.

    Args:
        report: the file that it tells it in.
    """

    def __init__(self, report: Path) -> None:
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._writers: list[Writer] = []
        self._lags: list[float] = []
        self._longest_seconds = 0.0
        self._longest = ""
        self._longest_cpu_seconds = 0.0
        self._due = 0.0

    def start(self) -> None:
        """Begin."""
        self._watch_callbacks()
        self._watch_commits()
        self._loop.add_signal_handler(signal.SIGUSR1, self._tell)
        self._look_again()

    def _look_again(self) -> None:
        self._due = self._loop.time() + BETWEEN_LOOKS_SECONDS
        self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        if len(self._lags) < _LOOKS_AT_MOST:
            self._lags.append(self._loop.time() - self._due)
        self._look_again()

    def _watch_callbacks(self) -> None:
        """Time every callback of the loop. asyncio has no hook for that but its debug mode, which is slow."""
        run: Callable[[events.Handle], None] = events.Handle._run  # noqa: SLF001 - as said above

        def timed(handle: events.Handle) -> None:
            began, cpu_began = time.perf_counter(), time.thread_time()
            run(handle)
            seconds = time.perf_counter() - began
            if seconds > self._longest_seconds:
                self._longest_seconds = seconds
                self._longest_cpu_seconds = time.thread_time() - cpu_began
                self._longest = repr(handle)

        setattr(events.Handle, "_run", timed)  # noqa: B010 - to mypy a method cannot be assigned

    def _watch_commits(self) -> None:
        """Remember the database's writers, which count their commits."""
        make = Writer.__init__

        def remember(writer: Writer, connection: Connection) -> None:
            make(writer, connection)
            self._writers.append(writer)

        setattr(Writer, "__init__", remember)  # noqa: B010 - as above

    def _tell(self) -> None:
        found = {
            "lags": self._lags,
            "longest": self._longest,
            "longest_seconds": self._longest_seconds,
            "longest_cpu_seconds": self._longest_cpu_seconds,
            "commits": sum(writer.commits for writer in self._writers),
        }
        unfinished = self._report.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(found))
        unfinished.rename(self._report)
        self._lags = []
        self._longest_seconds = self._longest_cpu_seconds = 0.0
        self._longest = ""
