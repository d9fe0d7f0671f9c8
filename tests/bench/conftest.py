"""What the tests of the measurements share."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the old database, which is a small one here, out of the machine's temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
