"""What nobody may read in a log, an error or a message, whatever goes wrong."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings
from sandbox.discord.faults import Fault
from sandbox.environment import free_port
from tests.support.day import Day
from tests.support.leaks import Secrets, Wire, leaks, let_discord_repeat_what_it_got, tap
from tests.support.scrape import scrape
from tests.support.stage import Stage

OF_THE_DAY = {"log_level": "DEBUG", "lost_after_seconds": "5", "quota_credits": "1000"}
OWN = ("DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET")
TAKE_ANY_WORD = {name.lower() for name in OWN} | {"callback_host", "metrics_host", "wiro_output_hosts"}
HAPPENED = (
    "Traceback",
    "answer.unknown",
    "deliver.failed",
    "died",
    "job.adopted",
    "job.lost",
    "job.mailed",
    "job.removed",
    "line.held",
    "notice.dropped",
    "rate limited",
    "remove.no_files",
    "run.unanswered",
    "search.failed",
    "socket.complaint",
    "stop.refused",
    "track.failed",
)
"""What the log tells of such a day at least."""


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """All that is sent to a sandbox whose Discord repeats in its errors what it got."""
    let_discord_repeat_what_it_got(monkeypatch)
    return tap(monkeypatch)


@pytest.fixture
def day(bare_stage: Stage) -> Day:
    """A day on which Wiro's errors hold the owner's key and secret."""
    wiro = bare_stage.wiro.config
    telltale = f"No project has the key {wiro.api_key} and the secret {wiro.api_secret}."
    return Day(stage=bare_stage, settings=OF_THE_DAY, telltale=telltale)


async def test_a_day_on_which_everything_goes_wrong(bare_stage: Stage, wire: Wire, day: Day) -> None:
    """All that was written and sent, to the last byte, holds each secret where it belongs alone."""
    stage = bare_stage
    port = free_port()
    day.settings = {**day.settings, "metrics_port": str(port)}
    async with day.a_bot(log_format="console") as bot:
        await day.members_are_refused()
        await day.wiro_is_in_trouble()
        (stage.folder / "metrics of Wiro's troubles").write_text((await scrape(port)).text)
        await day.the_bot_is_killed(bot)
    async with day.a_bot(log_format="json"):
        await day.tasks_tell_tales()
        await day.tasks_do_not_stop()
        await day.discord_is_in_trouble()
        (stage.folder / "metrics of Discord's troubles").write_text((await scrape(port)).text)
    async with day.a_bot(log_format="console") as bot:
        await day.the_disk_is_in_trouble()
        await day.the_gateway_is_in_trouble(bot)
        await day.all_closed()
        await stage.members.trouble_gateway(drop=4004)  # the token is not accepted any more
        assert await bot.wait() == 1
    secrets = Secrets.of(stage)
    assert list(leaks(stage, wire, secrets)) == []
    assert [event for event in HAPPENED if event not in bot.log] == []
    assert {job["state"] for job in stage.jobs()} >= {"delivered", "failed", "cancelled", "lost"}


@pytest.mark.parametrize("route", ["/users/@me", "/applications/.*", "/gateway/bot"])
async def test_a_start_that_fails(bare_stage: Stage, wire: Wire, route: str) -> None:
    """Where Discord refuses a call of the start and repeats the token, what is said of it lacks the token."""
    bot = bare_stage.bot_process(log_level="DEBUG")
    bare_stage.discord.faults.add(Fault(kind="status", route=route, status=403, times=None))
    await bot.start()
    assert await bot.wait() == 1
    assert "403" in bot.log
    assert list(leaks(bare_stage, wire, Secrets.of(bare_stage))) == []


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("secret", ["two\nlines-of-a-secret", "a space-and-a-secret", "sécret-of-the-owner"])
async def test_a_secret_that_was_copied_badly(bare_stage: Stage, name: str, secret: str) -> None:
    """What no header can carry is refused at the start, by the variable's name alone."""
    bot = bare_stage.bot_process(**{name: secret})
    await bot.start()
    assert await bot.wait() == 2
    assert bot.log == (
        f"sana-bot: {name} should be letters, digits and signs alone, without spaces or line breaks\n"
    )


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - TAKE_ANY_WORD))
def test_a_secret_in_the_wrong_variable(name: str) -> None:
    """Whichever variable somebody pastes a secret into, its refusal does not repeat it."""
    secret = "aSecretThatIsNowhereElse.123"
    with pytest.raises(SettingsError) as refused:
        Settings.load(env_file=None, **{"discord_token": "x", "wiro_api_key": "x", name: secret})
    assert name.upper() in str(refused.value)
    assert secret not in str(refused.value)


def test_settings_keep_secrets_to_themselves() -> None:
    """Not even who prints them all learns one."""
    settings = Settings.load(
        env_file=None, discord_token="tokenOfTheBot", wiro_api_key="keyOfIt", wiro_api_secret="secretOfIt"
    )
    assert not [secret for secret in settings.secrets if secret in f"{settings!r} {settings}"]
    assert settings.secrets == ("tokenOfTheBot", "keyOfIt", "secretOfIt")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A `.env` of another encoding is named, and nothing of it is shown."""
    file = tmp_path / ".env"
    file.write_bytes(b"DISCORD_TOKEN=secret-\xe9\xff-of-the-owner\n")
    with pytest.raises(SettingsError) as refused:
        Settings.load(env_file=file)
    assert str(refused.value) == f"{file} cannot be read: it is not text in UTF-8"
