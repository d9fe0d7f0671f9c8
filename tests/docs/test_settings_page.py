"""docs/settings.md says what bot.settings does."""

import re

from bot.settings import Settings
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([A-Z_]+)` \|([^|]*)\| ([^|]+) \|$", PAGE, re.MULTILINE)


def test_every_setting_is_there_with_its_default() -> None:
    """The page and the code name the same settings, in the same order, with the same defaults."""
    assert [name for name, _, _ in ROWS] == [name.upper() for name in Settings.model_fields]
    for name, shown, _ in ROWS:
        field = Settings.model_fields[name.lower()]
        default = "" if field.default is None else field.default
        if isinstance(default, tuple | frozenset):
            default = ",".join(sorted(default))
        wanted = "required" if field.is_required() else f"`{default}`" if default != "" else ""
        assert shown.strip() == wanted, name


def test_bounds_are_told() -> None:
    """Where a time has a least and a most, the page names both."""
    for name, _, meaning in ROWS:
        if name.endswith("_SECONDS"):
            bounds = {type(each).__name__: each for each in Settings.model_fields[name.lower()].metadata}
            assert f"{bounds['Ge'].ge} to {bounds['Le'].le:,}" in meaning, name
