"""The table on the terminal, and the same as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Sample
from bench.scale import Scale

_MACHINE_WIDTH = 150


def show(figures: Sequence[Figure], scale: Scale, console: Console) -> None:
    """Print every figure: its median, its spread, its target, whether it holds, and what explains it."""
    table = Table(
        title=f"{scale.name}: medians of {scale.repetitions} repetitions, with the least and the most",
        show_lines=True,
    )
    table.add_column("what", max_width=48)
    table.add_column("figure", justify="right")
    table.add_column("from", max_width=48)
    table.add_column("target")
    table.add_column("holds")
    for figure in figures:
        parts = "\n".join(f"{part.name}: {_text(part.sample, part.unit)}" for part in figure.parts)
        table.add_row(figure.what, _text(figure.sample, figure.unit), parts, figure.target, _verdict(figure))
    console.print(table)
    missed = sum(figure.holds is False for figure in figures)
    aimed = sum(figure.holds is not None for figure in figures)
    console.print(f"{aimed - missed} of {aimed} targets hold, on {os.cpu_count()} cores.")


def save(figures: Sequence[Figure], scale: Scale, path: Path) -> None:
    """Write the figures, with every single result, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "scale": asdict(scale),
        "figures": [{"median": figure.sample.median, **asdict(figure)} for figure in figures],
    }
    path.write_text(json.dumps(found, indent=1) + "\n")


def console() -> Console:
    """Return a console that is wide enough where the output goes to a file."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=_MACHINE_WIDTH)


def _verdict(figure: Figure) -> str:
    if figure.holds is None:
        return ""
    return "[green]yes[/green]" if figure.holds else "[red]NO[/red]"


def _text(sample: Sample, unit: str) -> str:
    median = f"{_number(sample.median)} {unit}"
    if len(sample.values) == 1 or sample.low == sample.high:
        return median
    return f"{median} ({_number(sample.low)} to {_number(sample.high)})"


def _number(value: float) -> str:
    """Return a number with about three digits."""
    digits = 0 if value == int(value) else max(0, 2 - len(str(int(abs(value)))) + 1)
    return f"{value:,.{min(digits, 2)}f}"
