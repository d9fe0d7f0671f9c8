"""The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot import __version__, logs
from bot.errors import AlreadyRunningError, BackupRefusedError, SanaBotError, SettingsError
from bot.mask import Mask

cli = typer.Typer(
    help="A Discord bot that turns /sana into pictures with Wiro's Sana tool.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

log = structlog.get_logger()


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer passes an option's value by position
    if wanted:
        typer.echo(f"sana-bot {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the command."""


@cli.command()
def run() -> None:
    """Run the bot with the settings from the environment and from .env."""
    from bot.app import run_until_signalled  # noqa: PLC0415 - --help and wrong settings need not wait for it
    from bot.settings import Settings  # noqa: PLC0415 - as above

    mask = Mask()
    try:
        settings = Settings.load()
        mask = Mask(settings.secrets)
        logs.configure(settings.log_level, settings.log_format, mask)
        asyncio.run(run_until_signalled(settings))
    except (SettingsError, AlreadyRunningError) as error:
        typer.echo(mask(f"sana-bot: {error}"), err=True)
        raise typer.Exit(2) from None
    except SanaBotError as error:
        typer.echo(mask(f"sana-bot: {error}"), err=True)
        raise typer.Exit(1) from None
    except (Exception, BaseExceptionGroup) as failure:  # Python would print it unmasked
        log.critical("died", exc_info=failure)
        raise typer.Exit(1) from None


def _check_prompt(prompt: str) -> str:
    from bot.parameters import limits  # noqa: PLC0415 - --help need not wait for it

    allowed = limits("prompt")
    if not allowed.minimum <= len(prompt.strip()) <= allowed.maximum:
        raise typer.BadParameter(f"takes {allowed.minimum} to {allowed.maximum:,} characters")
    return prompt


@cli.command()
def demo(
    *,
    prompt: Annotated[str, typer.Option(callback=_check_prompt, help="What the picture should show.")] = (
        "Cinematic photo, black panther, trending on artstation"
    ),
    output: Annotated[
        Path, typer.Option(file_okay=False, writable=True, help="Where to save what was posted.")
    ] = Path("demo-output"),
    callbacks: Annotated[
        bool, typer.Option(help="Whether the bot has an address for callbacks; without, it polls.")
    ] = True,
    lose_callbacks: Annotated[bool, typer.Option(help="Let Wiro's callbacks get lost.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep everything up for a browser, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, show_default="8765, or a free one", help="The port of the page of --serve."
        ),
    ] = None,
) -> None:
    """Watch the bot make a picture on the sandbox, without credentials."""
    from sandbox.demo import DemoOptions, show  # noqa: PLC0415 - the sandbox is needed for nothing else

    if port is not None and not serve:
        raise typer.BadParameter("--port needs --serve")
    options = DemoOptions(
        prompt=prompt,
        output=output,
        callbacks=callbacks,
        lose_callbacks=lose_callbacks,
        serve=serve,
        port=port,
    )
    raise typer.Exit(asyncio.run(show(options, typer.echo)))


@cli.command()
def check(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")] = False,
) -> None:
    """Try everything that can be set up wrongly, and say how to mend what is; exit code 1 if anything is.

    It starts no job, costs nothing, changes nothing, and may run beside the bot.
    """
    from rich.console import Console  # noqa: PLC0415 - --help need not wait for what this command needs

    from bot.check.doctor import Storage, check_up  # noqa: PLC0415 - as above
    from bot.check.given import read_settings  # noqa: PLC0415 - as above
    from bot.check.table import show  # noqa: PLC0415 - as above
    from storage.checkup import inspect  # noqa: PLC0415 - as above
    from storage.database import path_of  # noqa: PLC0415 - as above

    given = read_settings()
    logs.configure("ERROR", "console", Mask(given.secrets))
    report = asyncio.run(check_up(given, Storage(inspect, path_of)))
    if as_json:
        typer.echo(report.to_json())
    else:
        show(report, Console())
    raise typer.Exit(0 if report.is_ok else 1)


@cli.command()
def backup(
    path: Annotated[
        Path, typer.Argument(help="The copy's file; or a folder, where it is named after the time.")
    ],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy the database while the bot runs: as of one moment, and looked through."""
    from bot.settings import Settings  # noqa: PLC0415 - --help and wrong usage need not wait for it
    from storage.backup import back_up  # noqa: PLC0415 - as above

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is unfinished is removed then, too
    try:
        settings = Settings.load()
        copy = back_up(settings.database_url, path, overwrite=force)
    except (SettingsError, BackupRefusedError) as error:
        typer.echo(f"sana-bot: {error}", err=True)
        raise typer.Exit(2) from None
    except SanaBotError as error:
        typer.echo(f"sana-bot: {error}", err=True)
        raise typer.Exit(1) from None
    database = settings.database_url.removeprefix("sqlite:///")
    typer.echo(f"{copy.path} holds a sound copy of the database, {copy.size_bytes:,} bytes.")
    typer.echo(
        f"To restore it: stop the bot, delete {database}-wal and {database}-shm, copy this file to"
        f" {database}, and start the bot."
    )


def main() -> None:
    """Run the command line."""
    if sys.stderr is None:  # it was closed; Python's own annotation does not know
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    cli()


if __name__ == "__main__":
    main()
