"""The owner's settings, read once from the environment and ``.env``, and passed in from there.

Each field is the environment variable of the same name in capitals; what it means stands in ``.env.example``.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.allowance import Period
from bot.errors import SettingsError

SQLITE_PREFIX: Final = "sqlite:///"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _ids(value: object) -> object:
    parts = _split(value)
    if isinstance(parts, list) and not all(str(part).isdecimal() for part in parts):
        raise ValueError("should be the ids of servers, such as 123456789012345678, separated by commas")
    return parts


def _tool(value: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        raise ValueError("should be the tool's owner and name, with a slash between them")
    return value


def _address(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:  # whose words repeat the address
            parts = urlsplit("")
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"should be an address that begins with {wanted}")
        if "@" in parts.netloc:
            raise ValueError("should be an address without user and password: addresses are shown in logs")
        return value.rstrip("/")

    return AfterValidator(check)


def _database(value: str) -> str:
    if not value.startswith(SQLITE_PREFIX) or value == SQLITE_PREFIX:
        raise ValueError(f"should be {SQLITE_PREFIX} and a file's path, such as {SQLITE_PREFIX}data/sana.db")
    return value


def _secret(value: SecretStr) -> SecretStr:
    """Refuse what no HTTP header can carry, such as the line break of a copied line."""
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("should be letters, digits and signs alone, without spaces or line breaks")
    return value


_Secret = Annotated[SecretStr, AfterValidator(_secret)]
_Http = Annotated[str, _address("http", "https")]
_WebSocket = Annotated[str, _address("ws", "wss")]
_Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Everything that the owner decides."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    discord_token: _Secret
    discord_guild_ids: Annotated[frozenset[int], NoDecode, BeforeValidator(_ids)] = frozenset()
    discord_api_base: _Http = "https://discord.com/api/v10"
    discord_gateway_url: _WebSocket = "wss://gateway.discord.gg"

    wiro_api_key: _Secret
    wiro_api_secret: _Secret | None = None
    wiro_api_base: _Http = "https://api.wiro.ai/v1"
    wiro_socket_url: _WebSocket = "wss://socket.wiro.ai/v1"
    wiro_tool: Annotated[str, AfterValidator(_tool)] = "Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"
    wiro_max_concurrent: Annotated[int, Field(ge=1, le=1000)] | None = None
    wiro_output_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ("*.wiro.ai",)

    callback_public_url: _Http | None = None
    callback_host: str = "127.0.0.1"
    callback_port: _Port = 8080

    metrics_host: str = "127.0.0.1"
    metrics_port: _Port | None = None

    database_url: Annotated[str, AfterValidator(_database)] = "sqlite:///data/sana.db"

    quota_credits: Annotated[int, Field(ge=0, le=1_000_000_000)] = 20
    quota_period: Period = Period.DAY
    quota_max_credits: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None

    job_timeout_seconds: Annotated[int, Field(ge=5, le=86_400)] = 1800
    queue_timeout_seconds: Annotated[int, Field(ge=5, le=604_800)] = 21_600
    lost_after_seconds: Annotated[int, Field(ge=5, le=86_400)] = 600

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("quota_max_credits")
    @classmethod
    def _caps_no_default(cls, value: int | None, info: ValidationInfo) -> int | None:
        """Refuse a cap below the owner's own default: one of the two must be a mistake."""
        default = info.data.get("quota_credits", 0)
        if value is not None and value < default:
            raise ValueError(f"should be at least QUOTA_CREDITS, which is {default}")
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read."""
        secrets = (self.discord_token, self.wiro_api_key, self.wiro_api_secret)
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)

    @property
    def job_timeout(self) -> timedelta:
        """How long a task may take from Run on."""
        return timedelta(seconds=self.job_timeout_seconds)

    @property
    def queue_timeout(self) -> timedelta:
        """How long a job may wait in line."""
        return timedelta(seconds=self.queue_timeout_seconds)

    @property
    def lost_after(self) -> timedelta:
        """How long a task is looked for whose Run was never answered."""
        return timedelta(seconds=self.lost_after_seconds)

    @classmethod
    def load(cls, env_file: Path | None = Path(".env"), **overrides: Any) -> Self:  # noqa: ANN401
        """Read the environment, and for what it lacks the file, where there is one.

        Args:
            env_file: the file.
            overrides: values that go before both, by field name.

        Raises:
            SettingsError: each variable that is missing or wrong, by name, and what it wants.
        """
        try:
            return cls(_env_file=env_file, **overrides)
        except ValidationError as error:
            problems = [_problem(details, env_file) for details in error.errors()]
            raise SettingsError("\n".join(problems)) from None
        except OSError as error:
            raise SettingsError(f"{env_file} cannot be read: {error.strerror}") from None
        except UnicodeError:
            raise SettingsError(f"{env_file} cannot be read: it is not text in UTF-8") from None


def _problem(error: Mapping[str, Any], env_file: Path | None) -> str:
    """Return one line for a wrong setting. Its value is left out: it may be a secret."""
    name = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        if env_file is None or env_file.exists():
            return f"{name} is not set, and has no default. See .env.example."
        return f"{name} is not set, and there is no {env_file.absolute()}. See .env.example."
    if error["type"] in {"int_parsing", "int_parsing_size"}:
        return f"{name} should be a whole number"
    wants = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{name} {wants}"
