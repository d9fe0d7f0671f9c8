"""Which commands of the guides are run, one after the other, by `test_story`."""

from tests.docs.pages import PAGES, Command, commands_in

_BEGINNINGS = ("cp ", "chmod ", "mkdir ", "rm ", "curl ", ".venv/bin/sana-bot ", "METRICS_PORT=")


def is_told(command: Command) -> bool:
    """Tell whether a command is one of them: it touches the bot, and the folder it is run in, alone."""
    return command.line.startswith(_BEGINNINGS)


def told_lines() -> set[str]:
    """Return every line of the guides that the story has to run."""
    return {command.line for page in PAGES for command in commands_in(page) if is_told(command)}
