"""The settings as far as they can be read: one that is wrong does not hide what the others would show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.check.report import Result, Status
from bot.errors import SettingsError
from bot.settings import Settings

CHECK_NAME: Final = "settings"
_MEND: Final = "Correct it in .env or in the environment; .env.example says what it takes."
_STAND_IN: Final = "not-set"


@dataclass(frozen=True, slots=True)
class Given:
    """What the owner set.

    Args:
        settings: with defaults in the place of what is wrong; None where nothing could be read.
        wrong: what each wrong variable wants, by its name.
    """

    settings: Settings | None
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read, as far as it could be read."""
        return () if self.settings is None else self.settings.secrets

    @property
    def results(self) -> tuple[Result, ...]:
        """One result for each variable that is wrong, or one for all of them."""
        if not self.wrong:
            count = len(Settings.model_fields)
            return (Result(CHECK_NAME, Status.OK, f"All {count} can be used.", ""),)
        return tuple(
            Result(f"{CHECK_NAME}: {name}", Status.FAULT, f"{found.rstrip('.')}.", _MEND)
            for name, found in self.wrong.items()
        )


def read_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Given:  # noqa: ANN401 - as Settings.load
    """Read the settings, and once more without those that are wrong.

    Args:
        env_file: as for `Settings.load`.
        **overrides: as for `Settings.load`.
    """
    try:
        return Given(Settings.load(env_file, **overrides))
    except SettingsError as error:
        wrong = {line.partition(" ")[0]: line for line in str(error).splitlines()}
    fields = {name: name.lower() for name in wrong}
    if not fields.keys() <= {name.upper() for name in Settings.model_fields}:
        return Given(None, wrong)  # the file itself cannot be read
    defaults = {field: _default(field) for field in fields.values()}
    return Given(Settings.load(env_file, **{**overrides, **defaults}), wrong)


def _default(name: str) -> Any:  # noqa: ANN401 - of any field
    field = Settings.model_fields[name]
    return _STAND_IN if field.is_required() else field.default
