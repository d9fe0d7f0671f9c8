"""The metrics that `GET /metrics` shows: the one module that knows prometheus-client.

Each is described in ``docs/metrics.md``. Labels have few values: no ids, no words of members, no addresses.
"""

import asyncio
import functools
import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Concatenate, Final, ParamSpec

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.dollars import dollars
from bot.errors import Refusal, WiroError
from bot.jobs.model import ENDED, Job, State
from bot.meter import Cause

_PARTS: Final[Mapping[str, Callable[[Job], tuple[datetime | None, datetime | None]]]] = {
    "queue": lambda job: (job.created_at, job.submitted_at),
    "submit": lambda job: (job.submitted_at, job.accepted_at),
    "run": lambda job: (job.accepted_at, job.ended_at),
    "deliver": lambda job: (job.ended_at, job.closed_at),
}
"""The parts of a job's time from its command to its pictures. One ends where the next begins."""

_JOB_BUCKETS: Final = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 7200, 21600)
_PART_BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 7200)
_LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_BETWEEN_LOOKS_SECONDS: Final = 0.25
_CALLS: Final = ("Run", "Task/Detail", "Task/List", "Task/Cancel", "Task/Kill", "Task/InputOutputDelete")
_OPEN: Final = tuple(state for state in State if state is not State.DELIVERED)

_Told = ParamSpec("_Told")

log = structlog.get_logger()


def _only_logging(
    count: Callable[Concatenate["Metrics", _Told], None],
) -> Callable[Concatenate["Metrics", _Told], None]:
    """Keep what goes wrong with counting from whoever tells of what happens."""

    @functools.wraps(count)
    def counted(metrics: "Metrics", /, *args: _Told.args, **kwargs: _Told.kwargs) -> None:
        try:
            count(metrics, *args, **kwargs)
        except Exception:
            log.exception("metrics.failed", told=count.__name__)

    return counted


class Metrics:
    """Counts, for one bot. Implements `bot.meter.Meter`."""

    def __init__(self) -> None:
        # Nobody asks when each counter began. The library's function has no types.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        build = Info("sana_build", "What runs.", registry=registry)
        build.info({"version": __version__, "python": platform.python_version()})
        self._accepted = Counter("sana_jobs_accepted", "Jobs that were accepted.", registry=registry)
        self._ended = Counter("sana_jobs_ended", "Jobs that came to an end.", ["state"], registry=registry)
        self._seconds = Histogram(
            "sana_job_seconds", "From a command to its pictures.", registry=registry, buckets=_JOB_BUCKETS
        )
        parts = Histogram(
            "sana_job_part_seconds",
            "The parts of a delivered job's time.",
            ["part"],
            registry=registry,
            buckets=_PART_BUCKETS,
        )
        self._part_seconds = {part: parts.labels(part) for part in _PARTS}
        self._looks = Counter(
            "sana_tracker_looks", "Looks at running tasks, by what caused them.", ["cause"], registry=registry
        )
        self._calls = Counter("sana_wiro_calls", "Requests to Wiro.", ["call"], registry=registry)
        self._call_errors = Counter(
            "sana_wiro_errors", "Requests to Wiro that failed.", ["call", "kind"], registry=registry
        )
        self._discord_errors = Counter(
            "sana_discord_errors", "Requests to Discord that failed.", ["kind"], registry=registry
        )
        self._credits = Counter(
            "sana_credits", "Credits, by what became of them.", ["entry"], registry=registry
        )
        self._dollars = Counter(
            "sana_wiro_cost_dollars", "What Wiro billed for tasks that succeeded.", registry=registry
        )
        self._refusals = Counter(
            "sana_refusals", "Wishes that could not be granted.", ["reason"], registry=registry
        )
        self._lag = Histogram(
            "sana_loop_lag_seconds",
            "How late the event loop calls what is due.",
            registry=registry,
            buckets=_LAG_BUCKETS,
        )
        self._next_look: asyncio.TimerHandle | None = None
        self._begin_at_zero()

    @_only_logging
    def accepted(self, job: Job) -> None:
        """Count a job and what it reserved."""
        self._accepted.inc()
        self._credits.labels("reserved").inc(job.credits)

    @_only_logging
    def changed(self, before: Job, after: Job, *, settled: int) -> None:
        """Count what a transition means."""
        if after.state is before.state:
            return
        if after.state is State.FINISHED:
            self._dollars.inc(dollars(after.cost_usd) or 0.0)
        if after.state not in ENDED:
            return
        self._ended.labels(after.state).inc()
        if after.refunded and not before.refunded:
            self._credits.labels("refunded").inc(after.credits)
        if after.state is State.DELIVERED:
            if not after.refunded:
                self._credits.labels("settled").inc(settled)
                self._credits.labels("refunded").inc(after.credits - settled)
            self._time(after)

    @_only_logging
    def looked(self, cause: Cause) -> None:
        """Count a look at a task."""
        self._looks.labels(cause).inc()

    @_only_logging
    def refused(self, error: Refusal) -> None:
        """Count a refusal."""
        self._refusals.labels(_kind(error)).inc()

    @_only_logging
    def called_wiro(self, call: str, error: WiroError | None) -> None:
        """Count a request, and what became of it."""
        self._calls.labels(call).inc()
        if error is not None:
            self._call_errors.labels(call, _kind(error)).inc()

    @_only_logging
    def discord_failed(self, kind: str) -> None:
        """Count a request that failed."""
        self._discord_errors.labels(kind).inc()

    def watch_jobs(self, open_jobs: Callable[[], Mapping[State, int]], waiting: Callable[[], int]) -> None:
        """Ask for these at every scrape: how many open jobs are in each state, and how many wait in line."""
        self._registry.register(_Jobs(open_jobs, waiting))

    def watch_loop(self) -> None:
        """Look several times a second how late the running event loop is, until `stop`."""
        loop = asyncio.get_running_loop()
        due = loop.time() + _BETWEEN_LOOKS_SECONDS

        def look() -> None:
            self._lag.observe(max(0.0, loop.time() - due))
            self.watch_loop()

        self._next_look = loop.call_at(due, look)

    def stop(self) -> None:
        """Watch no more."""
        if self._next_look is not None:
            self._next_look.cancel()

    def expose(self) -> bytes:
        """Return all of them as they are now, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _time(self, job: Job) -> None:
        """Take in how long a delivered job took. A late success was never accepted: it lacks two parts."""
        if job.closed_at is not None:
            self._seconds.observe(_seconds(job.created_at, job.closed_at))
        for part, ends_of in _PARTS.items():
            began, ended = ends_of(job)
            if began is not None and ended is not None:
                self._part_seconds[part].observe(_seconds(began, ended))

    def _begin_at_zero(self) -> None:
        """Show known labels before they are first counted, so that a first one is an increase."""
        for metric, values in (
            (self._ended, sorted(ENDED)),
            (self._looks, Cause),
            (self._calls, _CALLS),
            (self._credits, ("reserved", "settled", "refunded")),
        ):
            for value in values:
                metric.labels(value)


class _Jobs(Collector):
    """The jobs as they are at a scrape."""

    def __init__(self, open_jobs: Callable[[], Mapping[State, int]], waiting: Callable[[], int]) -> None:
        self._open_jobs = open_jobs
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        """Ask for them."""
        now = self._open_jobs()
        jobs = GaugeMetricFamily("sana_jobs_open", "Jobs that are not over yet.", labels=["state"])
        for state in _OPEN:
            jobs.add_metric([state], now.get(state, 0))
        yield jobs
        yield GaugeMetricFamily("sana_queue_length", "Jobs that wait for a slot.", value=self._waiting())


def _kind(error: Exception) -> str:
    """Return an exception's name as a label: each of them stands in `bot.errors`."""
    return type(error).__name__.removesuffix("Error")


def _seconds(began: datetime, ended: datetime) -> float:
    """Return what lies between, or nothing where the clock was set back."""
    return max(0.0, (ended - began).total_seconds())
