"""The settings: what is read, what is refused, and that none is undocumented."""

import re
from pathlib import Path

import pytest

from bot.allowance import Period
from bot.errors import SettingsError
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
NEEDED = {"DISCORD_TOKEN": "token-of-the-bot", "WIRO_API_KEY": "key-of-the-project"}


@pytest.fixture(autouse=True)
def only_what_a_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    """Read the settings from these variables alone."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.load(env_file=None)


def test_two_variables_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Token and key are all that has no default."""
    settings = load(monkeypatch, **NEEDED)
    assert settings.quota_credits == 20
    assert settings.quota_period is Period.DAY
    assert settings.wiro_output_hosts == ("*.wiro.ai",)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces around an entry do not count, and neither does an empty one."""
    settings = load(monkeypatch, **NEEDED, DISCORD_GUILD_IDS="1, 2,", WIRO_OUTPUT_HOSTS="*.wiro.ai,127.0.0.1")
    assert settings.discord_guild_ids == {1, 2}
    assert settings.wiro_output_hosts == ("*.wiro.ai", "127.0.0.1")


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of the example that was left empty means the default."""
    settings = load(monkeypatch, **NEEDED, WIRO_API_SECRET="", CALLBACK_PUBLIC_URL="", WIRO_MAX_CONCURRENT="")
    assert settings.wiro_api_secret is None
    assert settings.callback_public_url is None
    assert settings.wiro_max_concurrent is None


def test_every_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner reads the names, not a traceback."""
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch)
    assert re.findall(r"^(\w+) is not set", str(refused.value), re.MULTILINE) == sorted(NEEDED)


@pytest.mark.parametrize(
    ("name", "value", "wants"),
    [
        ("DISCORD_API_BASE", "discord.com", "http:// or https://"),
        ("DISCORD_GATEWAY_URL", "https://gateway", "ws:// or wss://"),
        ("DISCORD_GUILD_IDS", "1,two", "separated by commas"),
        ("WIRO_SOCKET_URL", "https://socket.wiro.ai/v1", "ws:// or wss://"),
        ("WIRO_TOOL", "sana", "with a slash"),
        ("WIRO_MAX_CONCURRENT", "0", "greater than or equal to 1"),
        ("CALLBACK_PUBLIC_URL", "bot.example.org", "http:// or https://"),
        ("CALLBACK_PUBLIC_URL", "http://[::1", "http:// or https://"),
        ("CALLBACK_PUBLIC_URL", "https://me:of-me@bot.example.org", "without user and password"),
        ("WIRO_SOCKET_URL", "wss://me@socket.wiro.ai/v1", "without user and password"),
        ("WIRO_API_BASE", "https://:of-me@api.wiro.ai/v1", "without user and password"),
        ("WIRO_API_BASE", "https://me:of-me\u2100@api.wiro.ai/v1", "http:// or https://"),
        ("CALLBACK_PORT", "70000", "less than or equal to 65535"),
        ("METRICS_PORT", "-1", "greater than or equal to 0"),
        ("DATABASE_URL", "postgres://x", "sqlite:///"),
        ("QUOTA_CREDITS", "-1", "greater than or equal to 0"),
        ("QUOTA_MAX_CREDITS", "0", "greater than or equal to 1"),
        ("QUOTA_MAX_CREDITS", "19", "should be at least QUOTA_CREDITS, which is 20"),
        ("QUOTA_PERIOD", "year", "'hour', 'day', 'week' or 'month'"),
        ("JOB_TIMEOUT_SECONDS", "4", "greater than or equal to 5"),
        ("LOST_AFTER_SECONDS", "4", "greater than or equal to 5"),
        ("LOG_LEVEL", "LOUD", "'INFO'"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_wants(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wants: str
) -> None:
    """One line: which variable, and what would have been right."""
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, **NEEDED, **{name: value})
    assert str(refused.value).startswith(name)
    assert wants in str(refused.value)
    assert "of-me" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Whoever starts the bot in the wrong folder reads where it looked."""
    with pytest.raises(SettingsError) as refused:
        Settings.load(env_file=tmp_path / ".env")
    assert f"there is no {tmp_path}/.env" in str(refused.value)


def test_a_cap_may_be_the_default_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is compared with the default that is set, and none is needed."""
    assert load(monkeypatch, **NEEDED).quota_max_credits is None
    capped = load(monkeypatch, **NEEDED, QUOTA_CREDITS="5", QUOTA_MAX_CREDITS="5")
    assert capped.quota_max_credits == 5


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings in a log line or a traceback tell no secret."""
    shown = repr(load(monkeypatch, **NEEDED, WIRO_API_SECRET="secret-of-the-project"))
    for secret in (*NEEDED.values(), "secret-of-the-project"):
        assert secret not in shown


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error never quotes what was set: it may have been pasted into the wrong variable."""
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, **NEEDED, CALLBACK_PORT="token-in-the-wrong-place")
    assert "token-in-the-wrong-place" not in str(refused.value)


def test_the_file_is_read_and_the_environment_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `.env` says holds where the environment says nothing."""
    env_file = tmp_path / ".env"
    env_file.write_text("DISCORD_TOKEN=of-the-file\nWIRO_API_KEY=of-the-file\n")
    monkeypatch.setenv("WIRO_API_KEY", "of-the-environment")
    settings = Settings.load(env_file=env_file)
    assert settings.discord_token.get_secret_value() == "of-the-file"
    assert settings.wiro_api_key.get_secret_value() == "of-the-environment"


def test_every_setting_is_in_the_example_with_its_default() -> None:
    """The example and the code name the same variables with the same defaults, and each has a comment."""
    text = (ROOT / ".env.example").read_text()
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert sorted(example) == sorted(name.upper() for name in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = "" if field.is_required() or field.default is None else field.default
        if isinstance(default, tuple | frozenset):
            default = ",".join(sorted(default))
        assert example[name.upper()] == str(default), name


def test_the_example_can_be_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever copies the example and fills in the two required lines has a working configuration."""
    text = (ROOT / ".env.example").read_text()
    for name, value in NEEDED.items():
        text = text.replace(f"{name}=\n", f"{name}={value}\n")
    env_file = tmp_path / ".env"
    env_file.write_text(text)
    for name in NEEDED:
        monkeypatch.delenv(name, raising=False)
    assert Settings.load(env_file=env_file).wiro_max_concurrent is None
