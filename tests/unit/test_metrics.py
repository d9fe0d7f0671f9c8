"""The metrics: documented, each of them, and used by the dashboard and the alerts under their real names."""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BalanceError, BlockedError, NoAnswerError, Refusal
from bot.jobs.model import ENDED, Job, State
from bot.meter import Cause
from bot.metrics import Metrics
from tests.support.log import read_along
from tests.support.scrape import Scrape

ROOT = Path(__file__).parents[2]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
QUEUED = Job(
    id=123456789,
    state=State.QUEUED,
    guild_id=987654321,
    channel_id=987654322,
    member_id=987654323,
    upload_limit_bytes=1,
    parameters='{"prompt": "a red fox"}',
    credits=3,
    created_at=BEGAN,
)
PROMQL = {
    *("and", "by", "on", "sum", "rate", "increase", "histogram_quantile", "label_values"),
    *("job", "instance", "up"),  # Prometheus' own
}
"""Words of the query language that are in use."""


def life(*, cost_usd: str = "0.002", ended_at: datetime = BEGAN + timedelta(seconds=9)) -> Iterator[Job]:
    """Go through the states of a job that is delivered."""
    job = QUEUED
    yield job
    for state, changes in (
        (State.SUBMITTING, {"submitted_at": BEGAN + timedelta(seconds=1)}),
        (State.RUNNING, {"accepted_at": BEGAN + timedelta(seconds=3)}),
        (State.FINISHED, {"ended_at": ended_at, "cost_usd": cost_usd}),
        (State.DELIVERED, {"closed_at": BEGAN + timedelta(seconds=10)}),
    ):
        job = job.evolve(state, **changes)
        yield job


def live(metrics: Metrics, *states: Job, settled: int) -> None:
    """Let a job go through these states."""
    metrics.accepted(states[0])
    for before, after in itertools.pairwise(states):
        metrics.changed(before, after, settled=settled if after.state is State.DELIVERED else 0)


def read(metrics: Metrics) -> Scrape:
    """Return what is exposed."""
    return Scrape(metrics.expose().decode())


@pytest.fixture
def metrics() -> Metrics:
    """Return metrics of which each was used, so that every label is there."""
    metrics = Metrics()
    metrics.watch_jobs(lambda: {State.RUNNING: 2}, lambda: 1)
    live(metrics, *life(), settled=2)
    metrics.looked(Cause.POLL)
    metrics.refused(BlockedError(until=None, reason="words of a moderator"))
    metrics.called_wiro("Run", BalanceError("the balance of key 123 is too low"))
    metrics.called_wiro("Task/Detail", None)
    metrics.discord_failed("http_429")
    return metrics


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    """Return type and labels of each metric in the table."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.*?) \|.*\|$", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE
    )
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def exposed(metrics: Metrics) -> dict[str, tuple[str, frozenset[str]]]:
    """Return type and labels of each metric that is exposed."""
    return {
        name: (
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - {"le"},
        )
        for name, family in read(metrics).families.items()
    }


def expressions() -> list[str]:
    """Return every query of the dashboard and of the alerts."""
    dashboard: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    variables = [each["query"]["query"] for each in dashboard["templating"]["list"] if each["name"] == "job"]
    alerts = (ROOT / "deploy" / "alerts.yml").read_text()
    rules = re.findall(r"expr: (?:>-\n)?(.+?)\n +(?:for|annotations):", alerts, re.DOTALL)
    assert len(rules) == alerts.count("alert: ")
    return [*shown, *variables, *rules]


def words(query: str) -> set[str]:
    """Return the names in a query that are none of the language's; those of labels as ``label=``."""
    without_texts = re.sub(r'"[^"]*"|\[[^]]*\]', "", query)
    without_texts = re.sub(r"\bby \(([\w, ]+)\)", lambda found: "{" + found[1] + "}", without_texts)
    braces = " ".join(re.findall(r"\{([^}]*)\}", without_texts))
    labels = {f"{name}=" for name in re.findall(r"[a-z_]\w*", braces)}
    names = set(re.findall(r"[a-zA-Z_:][\w:]*", re.sub(r"\{[^}]*\}", "", without_texts)))
    return (names - PROMQL) | (labels - {"job=", "le="})


def test_every_metric_is_documented_and_every_documented_one_is_there(metrics: Metrics) -> None:
    """Name, type and labels are the same in the table and in what a scrape shows."""
    assert documented() == exposed(metrics)


def test_the_values_of_labels_are_documented(metrics: Metrics) -> None:
    """The parts of a job and the causes of a look stand in the document; states are the job's own."""
    text = (ROOT / "docs" / "metrics.md").read_text()
    tables = set(re.findall(r"^\| `(\w+)` \| ", text, re.MULTILINE))
    labels = {
        name: {
            sample.labels[name]
            for each in read(metrics).families.values()
            for sample in each.samples
            if name in sample.labels
        }
        for name in ("part", "cause", "state", "entry")
    }
    assert labels["part"] | labels["cause"] <= tables
    assert labels["cause"] == set(Cause)
    assert ENDED <= labels["state"] <= set(State)
    assert all(f"`{entry}`" in text for entry in labels["entry"])


def test_the_dashboard_and_the_alerts_use_what_is_exposed(metrics: Metrics) -> None:
    """Each name in each query is a sample or a label of one, and no metric of the bot's own is left out."""
    families = read(metrics).families
    samples = {sample.name for family in families.values() for sample in family.samples}
    labels = {f"{label}=" for family in families.values() for s in family.samples for label in s.labels}
    used = set[str]().union(*map(words, expressions()))
    assert used - labels - samples == set()
    own = {name for name in families if name.startswith("sana_")}
    assert {name for name in own if not any(word.startswith(name) for word in used)} == set()


def test_prometheus_finds_the_bot() -> None:
    """The example scrapes the job that the alerts name, and reads the file that they are in."""
    example = (ROOT / "deploy" / "prometheus.yml").read_text()
    alerts = (ROOT / "deploy" / "alerts.yml").read_text()
    assert (
        re.findall(r"job_name: (\S+)", example) == re.findall(r'up\{job="([^"]+)"\}', alerts) == ["sana-bot"]
    )
    assert re.findall(r"- (\S+\.yml)", example) == ["alerts.yml"]
    [port] = set(re.findall(r"127\.0\.0\.1:(\d+)", example))
    assert f"METRICS_PORT={port}" in (ROOT / "docs" / "metrics.md").read_text()


def test_the_parts_of_a_delivered_job_add_up(metrics: Metrics) -> None:
    """Each part is as long as its two moments are apart, and together they are the whole."""
    seen = read(metrics)
    parts = seen.by_label("sana_job_part_seconds_sum")
    assert parts == {"queue": 1, "submit": 2, "run": 6, "deliver": 1}
    assert seen.value("sana_job_seconds_sum") == sum(parts.values())


def test_a_clock_that_is_set_back_makes_no_time_negative() -> None:
    """A histogram's sum never falls."""
    metrics = Metrics()
    live(metrics, *life(ended_at=BEGAN - timedelta(hours=1)), settled=3)
    parts = read(metrics).by_label("sana_job_part_seconds_sum")
    assert parts == {"queue": 1, "submit": 2, "deliver": 3610}


@pytest.mark.parametrize(
    ("cost", "counted"),
    [("0.25", 0.25), ("0", 0), ("-1", 0), ("1e999", 0), ("nan", 0), (" ", 0), ("1e", 0), (None, 0)],
)
def test_dollars_are_counted_where_they_are_some(cost: str | None, counted: float) -> None:
    """Whatever Wiro writes as a cost: once, when the task is known to have succeeded, and never downwards."""
    metrics = Metrics()
    *until_finished, delivered = life(cost_usd=cost or "")
    live(metrics, *until_finished, settled=0)
    assert read(metrics).value("sana_wiro_cost_dollars_total") == counted
    metrics.changed(until_finished[-1], delivered, settled=3)
    assert read(metrics).value("sana_wiro_cost_dollars_total") == counted


def test_what_cannot_be_counted_is_only_logged() -> None:
    """A counter that refuses a number does not reach whoever told of it, and others count on."""
    metrics = Metrics()
    *until_finished, delivered = life()
    with read_along() as log:
        live(metrics, *until_finished, settled=0)
        metrics.changed(until_finished[-1], delivered, settled=-1)
    [line] = log.of("metrics.failed")
    assert line["told"] == "changed"
    metrics.looked(Cause.POLL)
    assert read(metrics).by_label("sana_tracker_looks_total")["poll"] == 1


@pytest.mark.parametrize("state", sorted(ENDED - {State.DELIVERED}))
def test_every_other_end_is_refunded_once(state: State) -> None:
    """Its credits come back with the end, and not again when its message says so."""
    metrics = Metrics()
    before = QUEUED.with_changes(
        state=State.SUBMITTING
        if state is State.LOST
        else State.RUNNING
        if state is not State.UNDELIVERABLE
        else State.FINISHED
    )
    ended = before.evolve(state)
    live(metrics, before, ended, ended.with_changes(closed_at=BEGAN), settled=0)
    seen = read(metrics)
    assert seen.by_label("sana_jobs_ended_total") == {str(state): 1}
    assert seen.by_label("sana_credits_total") == {"reserved": 3, "refunded": 3}


def test_each_bot_counts_for_itself(metrics: Metrics) -> None:
    """Two in one process share no counter."""
    assert read(metrics).value("sana_jobs_accepted_total") == 1
    assert read(Metrics()).value("sana_jobs_accepted_total") == 0


def test_no_label_tells_who_or_what(metrics: Metrics) -> None:
    """No id, no prompt and no text of an error is exposed."""
    metrics.called_wiro("Task/Detail", NoAnswerError("the token is 5ecret"))
    told = metrics.expose().decode()
    for hidden in ("123456789", "9876543", "fox", "words", "balance of", "5ecret"):
        assert hidden not in told


def test_series_are_few(metrics: Metrics) -> None:
    """However many kinds of errors and refusals there are, a scrape stays small."""
    for kind in _leaves(Refusal):
        metrics.refused(kind.__new__(kind))
    samples = [sample for family in read(metrics).families.values() for sample in family.samples]
    assert len(samples) < 300


def _leaves(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from _leaves(each)
