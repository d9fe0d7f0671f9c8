"""The report for people: a table of what is right, and below it each fault with its mend."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.check.report import Report, Status
from bot.visible import visible

_SIGNS: Final = {
    Status.OK: ("ok", "green"),
    Status.NOTE: ("note", "yellow"),
    Status.FAULT: ("FAULT", "bold red"),
    Status.SKIPPED: ("skipped", "dim"),
}


def show(report: Report, console: Console) -> None:
    """Print the table and, in one line, what it comes to."""
    table = Table(title=f"sana-bot {report.version}", title_justify="left", show_lines=True)
    table.add_column("What", no_wrap=True)
    table.add_column("Result", no_wrap=True)
    table.add_column("Found, and how to mend it", overflow="fold")
    for result in report.results:
        word, style = _SIGNS[result.status]
        found = Text(visible(result.found))
        if result.mend:
            found.append(
                f"\n→ {visible(result.mend)}", style="bold" if result.status is Status.FAULT else "dim"
            )
        table.add_row(Text(visible(result.name)), Text(word, style=style), found)
    console.print(table)
    console.print(Text(_summary(report), style="green" if report.is_ok else "bold red"))


def _summary(report: Report) -> str:
    faults = sum(result.status is Status.FAULT for result in report.results)
    if not faults:
        return "Nothing stands in the way: start the bot with `sana-bot run`."
    return "1 fault is to be mended." if faults == 1 else f"{faults} faults are to be mended."
