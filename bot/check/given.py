"""The settings as far as they can be read: one that is wrong does not hide what the others would show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from bot.check.report import Result, Status
from bot.errors import SettingsError
from bot.settings import Settings

CHECK_NAME: Final = "settings"
_MEND: Final = "Correct it in .env or in the environment; .env.example says what it takes."
_NAMES: Final = frozenset(name.upper() for name in Settings.model_fields)
_STAND_IN: Final = "not-set"


@dataclass(frozen=True, slots=True)
class Given:
    """What the owner set.

    Args:
        settings: with defaults in the place of what is wrong; None where nothing could be read.
        wrong: what each wrong variable wants, by its name.
        unknown: names in the file that are no setting's.
    """

    settings: Settings | None
    wrong: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read, as far as it could be read."""
        return () if self.settings is None else self.settings.secrets

    @property
    def results(self) -> tuple[Result, ...]:
        """One result for each variable that is wrong, or one for all of them; and for each unknown one."""
        faults = [
            Result(
                f"{CHECK_NAME}: {name}",
                Status.FAULT,
                f"{found.removesuffix(' See .env.example.').rstrip('.')}.",
                _MEND,
            )
            for name, found in self.wrong.items()
        ]
        fine = Result(CHECK_NAME, Status.OK, f"All {len(_NAMES)} can be used.", "")
        return (*(faults or [fine]), *map(_unknown, self.unknown))


def read_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Given:  # noqa: ANN401 - as Settings.load
    """Read the settings, and once more without those that are wrong.

    Args:
        env_file: as for `Settings.load`.
        **overrides: as for `Settings.load`.
    """
    wrong: dict[str, str] = {}
    stand_ins: dict[str, Any] = {}
    while True:
        try:
            settings = Settings.load(env_file, **{**overrides, **stand_ins})
        except SettingsError as error:
            named = {line.partition(" ")[0]: line for line in str(error).splitlines()}
            wrong = wrong or named
            new = named.keys() - {name.upper() for name in stand_ins}
            if not new or not new <= _NAMES:  # the file itself cannot be read
                return Given(None, wrong)
            # A default can be at odds with another setting, which then gets its own.
            stand_ins |= {name.lower(): _default(name.lower()) for name in new}
        else:
            return Given(settings, wrong, _unknown_in(env_file))


def _unknown_in(env_file: Path | None) -> tuple[str, ...]:
    names = dotenv_values(env_file) if env_file is not None and env_file.exists() else {}
    return tuple(name for name in names if name.upper() not in _NAMES)


def _unknown(name: str) -> Result:
    alike = get_close_matches(name.upper(), _NAMES, n=1)
    meant = f"; {alike[0]} may be meant" if alike else ""
    found = f"It stands in .env, and there is no such setting{meant}."
    return Result(f"{CHECK_NAME}: {name}", Status.NOTE, found, "Correct the name, or take the line out.")


def _default(name: str) -> Any:  # noqa: ANN401 - of any field
    field = Settings.model_fields[name]
    return _STAND_IN if field.is_required() else field.default
