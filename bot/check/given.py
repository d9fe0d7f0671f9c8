"""The settings as far as they can be read: one that is wrong does not hide what the others would show."""

import os
import re
from collections.abc import Collection, Mapping
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
_SECRETS: Final = frozenset({"DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"})
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,40}")
_STAND_IN: Final = "not-set"
_STRAY: Final = Result(
    f"{CHECK_NAME}: a line of .env",
    Status.NOTE,
    "It sets nothing, and is not shown, for it may hold a secret.",
    "Write NAME=value, with a name of .env.example, or take the line out.",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the owner set.

    Args:
        settings: with defaults in the place of what is wrong; None where nothing could be read.
        wrong: what each wrong variable wants, by its name.
        unknown: names in the file that are no setting's.
        stray: whether lines of the file set nothing, or have no name that could be a setting's. What stands
            there may be a secret.
        refused: what was given for secrets, and refused.
    """

    settings: Settings | None
    wrong: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    stray: bool = False
    refused: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read, as far as it could be read."""
        return (*self.refused, *(() if self.settings is None else self.settings.secrets))

    @property
    def results(self) -> tuple[Result, ...]:
        """One result for each variable that is wrong, or one for all of them; then the rest of the file."""
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
        return (*(faults or [fine]), *map(_unknown, self.unknown), *([_STRAY] if self.stray else []))


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
            lines = dotenv_values(env_file) if env_file is not None and env_file.exists() else {}
            others = {name: value for name, value in lines.items() if name.upper() not in _NAMES}
            unknown = tuple(
                name for name, value in others.items() if value is not None and _NAME.fullmatch(name)
            )
            refused = _given_for(_SECRETS & wrong.keys(), lines, os.environ, overrides)
            return Given(settings, wrong, unknown, stray=len(unknown) < len(others), refused=refused)


def _given_for(names: Collection[str], *sources: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values that some variables have anywhere."""
    given = [value for source in sources for name, value in source.items() if name.upper() in names]
    return tuple(str(value) for value in given if value)


def _unknown(name: str) -> Result:
    alike = get_close_matches(name.upper(), _NAMES, n=1)
    meant = f"; {alike[0]} may be meant" if alike else ""
    found = f"It stands in .env, and there is no such setting{meant}."
    return Result(f"{CHECK_NAME}: {name}", Status.NOTE, found, "Correct the name, or take the line out.")


def _default(name: str) -> Any:  # noqa: ANN401 - of any field
    field = Settings.model_fields[name]
    return _STAND_IN if field.is_required() else field.default
