"""`python -m bench`: all measurements, as a table and as JSON; `make bench` runs it.

The exit code is 0 where a target is missed, too: a measurement is no test. With `--strict` it is 1 then.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console

from bench.figures import Figure
from bench.pair import Pair, paired
from bench.report import console, save, show
from bench.rows import answers, cost, finish, growth, history, inside, open_jobs, polling, start, uploads
from bench.scale import FULL, QUICK, Scale

PAIRED: Final[dict[str, Callable[[Pair, Scale], Awaitable[list[Figure]]]]] = {
    "cost": cost.measure,
    "answers": answers.measure,
    "finish": finish.measure,
}
"""What compares the bot with the floor, both of which are started once for all of them."""

ALONE: Final[dict[str, Callable[[Path, Scale], Awaitable[list[Figure]]]]] = {
    "inside": inside.measure,
    "polling": polling.measure,
    "open_jobs": open_jobs.measure,
    "uploads": uploads.measure,
    "history": history.measure,
    "start": start.measure,
    "growth": growth.measure,
}
"""What starts the bots that it needs."""

_PICTURES: Final = Path(__file__).parents[1] / "docs" / "pictures"
_DRAWN: Final = (growth.PICTURE, open_jobs.PICTURE)


async def measure(
    folder: Path, scale: Scale, wanted: Collection[str], say: Callable[[str], None]
) -> list[Figure]:
    """Return the figures of these measurements.

    Args:
        folder: for the bots' files, and for the charts.
        scale: how much is measured.
        wanted: names of `PAIRED` and `ALONE`.
        say: is told what is being measured.
    """
    figures: list[Figure] = []
    side_by_side = [name for name in PAIRED if name in wanted]
    if side_by_side:
        async with paired(folder / "pair", scale) as pair:
            for name in side_by_side:
                say(name)
                figures += await PAIRED[name](pair, scale)
    for name, step in ALONE.items():
        if name in wanted:
            say(name)
            figures += await step(folder, scale)
    return figures


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := set(names) - {*PAIRED, *ALONE}:
        raise typer.BadParameter(f"there is no {min(unknown)}; there are {', '.join([*PAIRED, *ALONE])}")
    return names


def _tell(terminal: Console) -> Callable[[str], None]:
    """Return what says on the terminal which measurement begins, and when."""
    began = time.monotonic()
    return lambda row: terminal.print(f"{time.monotonic() - began:5.0f} s  measuring {row}")


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Fewer repetitions, within two minutes.")] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 1 where a target is missed.")] = False,
    only: Annotated[str, typer.Option(help="Names of measurements, separated by commas.")] = "",
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path("bench-output"),
) -> None:
    """Measure, print, and save."""
    scale = QUICK if quick else FULL
    wanted = _names(only) or [*PAIRED, *ALONE]
    terminal = console()
    with TemporaryDirectory(prefix="sana-bench-") as name:
        folder = Path(name)
        figures = asyncio.run(measure(folder, scale, wanted, _tell(terminal)))
        if scale is FULL:
            for drawn in (folder / picture for picture in _DRAWN):
                if drawn.exists():
                    shutil.copy(drawn, _PICTURES)
    path = output / f"{scale.name}.json"
    save(figures, scale, path)
    show(figures, scale, terminal)
    terminal.print(f"Every single result: {path}")
    raise typer.Exit(strict and any(figure.holds is False for figure in figures))


if __name__ == "__main__":
    typer.run(main)
