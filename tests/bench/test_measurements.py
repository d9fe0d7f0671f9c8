"""Every measurement runs, with tiny numbers: what it finds means nothing, that it finds something does."""

import asyncio
import json
from pathlib import Path

from rich.console import Console

from bench import floor
from bench.__main__ import ALONE, PAIRED, measure
from bench.figures import Figure
from bench.report import save, show
from bench.scale import TINY

_TOGETHER = (tuple(PAIRED), ("inside", "start"), ("open_jobs", "polling"), ("uploads", "history", "growth"))
"""Measurements that run beside each other, so that the test takes seconds: here nothing is compared."""


async def test_every_measurement_gives_figures(tmp_path: Path) -> None:
    """Each measurement of the table runs to its end, and each figure with a target says whether it holds."""
    assert sorted(name for names in _TOGETHER for name in names) == sorted([*PAIRED, *ALONE])
    said: list[str] = []
    found = await asyncio.gather(
        *(
            measure(_made(tmp_path / str(number)), TINY, names, said.append)
            for number, names in enumerate(_TOGETHER)
        )
    )
    figures = [figure for each in found for figure in each]
    assert sorted(said) == sorted([*PAIRED, *ALONE])
    assert all(figure.target and figure.holds is not None for figure in figures)
    exact = {figure.what: figure.sample.median for figure in figures}
    assert exact["calls a job at Wiro, with callbacks"] == 2
    assert exact["calls a job at Discord until the picture is there"] == 2
    assert 0 < exact["commits a job, one job at a time"] <= 6
    _is_drawn(tmp_path)
    _is_told(figures, tmp_path / "figures.json")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _is_drawn(folder: Path) -> None:
    """Prove that the growth curves are there."""
    charts = list(folder.glob("*/*.svg"))
    assert sorted(chart.name for chart in charts) == ["growth-cost.svg", "growth-memory.svg"]
    assert all("<polyline" in chart.read_text() for chart in charts)


def _is_told(figures: list[Figure], path: Path) -> None:
    """Prove that the table and the JSON hold every figure."""
    console = Console(width=200, record=True)
    show(figures, TINY, console)
    save(figures, TINY, path)
    printed = " ".join(console.export_text().split())
    stored = json.loads(path.read_text())["figures"]
    assert [each["what"] for each in stored] == [figure.what for figure in figures]
    assert all(figure.what.split()[0] in printed for figure in figures)


def test_the_floor_stays_small() -> None:
    """The floor has at most 150 lines: what is more is not unavoidable."""
    assert len(Path(floor.__file__).read_text().splitlines()) <= 150
