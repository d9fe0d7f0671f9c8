"""What the guides tell an owner to type, typed: from the example of settings to a restored copy."""

import json
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.owner import Owner
from tests.docs.pages import ROOT, commands_in, fences, section
from tests.docs.story import is_told, told_lines
from tests.support.stage import Stage, staged

SETUP = ROOT / "docs" / "setup.md"
OPERATIONS = ROOT / "docs" / "operations.md"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers and no bot yet."""
    async with staged(tmp_path) as ready:
        yield ready


def lines(page: Path, title: str) -> list[str]:
    """Return the lines of a section of a guide that are to be typed here."""
    return [each.line for each in commands_in(page, section(page, title)) if is_told(each)]


def documented_checks() -> list[str]:
    """Return what the guide says that `sana-bot check` looks at."""
    return re.findall(r"^\| `([a-z ]+)`", section(OPERATIONS, "Check"), re.MULTILINE)


def names_of_checks(document: str) -> list[str]:
    """Return what it looked at, where all was well."""
    report = json.loads(document)
    assert report["ok"]
    return [each["name"] for each in report["checks"]]


def shape(line: str) -> str:
    """Return a line of log without what differs from run to run."""
    return re.sub(r"\d+", "0", line).strip()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_the_guides_lead_to_a_bot_and_back_from_a_loss(stage: Stage, tmp_path: Path) -> None:
    """Set-up at home, check, a picture, metrics, a backup, a loss, a restore: each line as it is written.

    What is checked and logged is what the guide shows, and no line that can be typed here is left out.
    """
    owner = Owner(tmp_path / "clone", stage)
    copy_settings, protect_settings, check, run = lines(SETUP, "5a. At home")
    await owner.type(copy_settings)
    await owner.type(protect_settings)
    owner.fill_in_settings()
    assert "DISCORD_TOKEN" not in await owner.type(check)

    check, health, check_as_json = lines(OPERATIONS, "Check")
    make_folder, backup, remove, put_back = lines(OPERATIONS, "Backup and restore")
    async with owner.running(run):
        await owner.type(check)
        assert names_of_checks(await owner.type(check_as_json)) == documented_checks()
        assert '"ready": true' in await owner.type(health)
        assert (await stage.end_of(await stage.sana())).pictures
        await owner.type(make_folder)
        await owner.type(backup)
    shown = [
        shape(line) for body in fences(section(OPERATIONS, "Logs"), "text") for line in body.splitlines()
    ]
    assert len(shown) == 4
    assert set(shown) <= {shape(line) for line in owner.log.splitlines()}

    (copy,) = (owner.folder / "backups").iterdir()
    await owner.type(remove)
    assert not list((owner.folder / "data").glob("sana.db*[!k]"))
    await owner.type(put_back, {"COPY": str(copy)})
    with closing(sqlite3.connect(owner.folder / "data" / "sana.db")) as database:
        assert database.execute("SELECT count(*) FROM jobs").fetchone() == (1,)

    with_metrics, scrape = (each.line for each in commands_in(ROOT / "docs" / "metrics.md") if is_told(each))
    async with owner.running(with_metrics):
        assert "# HELP sana_" in await owner.type(scrape)
        assert (await stage.end_of(await stage.sana())).pictures
    assert owner.typed == told_lines()
