"""What `GET /metrics` shows, in the hands of a test."""

from dataclasses import dataclass

import aiohttp
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from sandbox.environment import free_port
from tests.support.stage import Stage


@dataclass(frozen=True)
class Scrape:
    """One answer, parsed."""

    text: str

    @property
    def families(self) -> dict[str, Metric]:
        """Return the metrics by the names that are documented: a counter's has its `_total`."""
        found = list(text_string_to_metric_families(self.text))
        return {each.name + ("_total" if each.type == "counter" else ""): each for each in found}

    def value(self, name: str, **labels: str) -> float:
        """Return one sample's value. Raises KeyError where it is not there."""
        for family in self.families.values():
            for sample in family.samples:
                if (sample.name, sample.labels) == (name, labels):
                    return float(sample.value)
        raise KeyError(f"{name} {labels}")

    def by_label(self, name: str) -> dict[str, float]:
        """Return the samples of a name that are not zero, by their only label."""
        samples = [each for family in self.families.values() for each in family.samples if each.name == name]
        return {"/".join(each.labels.values()): each.value for each in samples if each.value}


async def scrape(port: int) -> Scrape:
    """Ask a bot for its metrics."""
    url = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        return Scrape(await response.text())


async def start_with_metrics(stage: Stage, **settings: str) -> int:
    """Start the stage's bot with metrics, and return their port."""
    port = free_port()
    await stage.start_bot(metrics_port=str(port), **settings)
    return port
