"""What the check says of settings, and what it keeps to itself."""

from pathlib import Path

from bot.check.given import read_settings
from tests.support.checking import check_process, checked, faults_in, result_of, sana_bot
from tests.support.plants import application, setting
from tests.support.stage import Stage


async def test_the_table_is_for_people_and_holds_no_secret(bare_stage: Stage) -> None:
    """Each check stands in it, each fault with its mend; key, secret and token do not, right or wrong."""
    setting(wiro_api_secret="a-wrong-secret")(bare_stage)
    process = sana_bot(bare_stage, "check")
    process.environment["COLUMNS"] = "200"
    await process.start()
    assert await process.wait(60) == 1
    assert "FAULT" in process.log
    assert "→ Set WIRO_API_SECRET" in process.log
    assert "1 fault is to be mended." in process.log
    for name in ("DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"):
        assert bare_stage.environment[name] not in process.log


async def test_what_repeats_a_secret_is_masked(bare_stage: Stage) -> None:
    """A secret that comes back from elsewhere, as in an application's name, is not passed on."""
    for name in ("DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"):
        application(name=f"<{bare_stage.environment[name]}>")(bare_stage)
        report = await checked(bare_stage)
        assert "<***>" in result_of(report, "discord application").found
        assert bare_stage.environment[name] not in report.to_json()


async def test_a_misspelt_setting_is_told(bare_stage: Stage) -> None:
    """A name in .env that is no setting's is a note, with the name that may be meant."""
    (bare_stage.folder / ".env").write_text("QUOTA_CREDIT=5\nQUOTA_PERIOD=week\n")
    code, report = await check_process(bare_stage)
    (told,) = [check for check in report["checks"] if check["name"] == "settings: QUOTA_CREDIT"]
    assert (code, told["status"]) == (0, "note")
    assert "QUOTA_CREDITS may be meant" in told["found"]


async def test_a_secret_on_a_line_of_its_own_is_not_shown(bare_stage: Stage) -> None:
    """Pasted into .env without a name, or with an odd one: told once, and never what stands there."""
    lines = ("MTIzNDU2Nzg5.G4x-Qk", "0123456789ABCDEF0123456789ABCDEF", "wiro.Key=of-the-owner", "c2VjcmV0==")
    (bare_stage.folder / ".env").write_text("\n".join(lines))
    code, report = await check_process(bare_stage)
    (told,) = [check for check in report["checks"] if check["name"].startswith("settings: ")]
    assert (code, told["name"], told["status"]) == (0, "settings: a line of .env", "note")
    assert "NAME=value" in told["mend"]
    shown = str(report)
    assert [line for line in lines if line[:10] in shown] == []


async def test_a_secret_as_the_name_of_a_setting_is_masked(bare_stage: Stage) -> None:
    """Not even in the place of a name is a secret shown."""
    bare_stage.environment["WIRO_API_KEY"] = "ABCDEF0123456789"
    (bare_stage.folder / ".env").write_text("ABCDEF0123456789=5\n")
    _, report = await check_process(bare_stage)
    assert "ABCDEF0123456789" not in str(report)
    assert "settings: ***" in {check["name"] for check in report["checks"]}


def test_a_secret_that_was_refused_is_a_secret_all_the_same(tmp_path: Path) -> None:
    """Wherever it was set: what was copied badly is not to be shown either."""
    env_file = tmp_path / ".env"
    env_file.write_text("WIRO_API_KEY='of the file'\n")
    given = read_settings(env_file, discord_token="of the code")
    assert given.wrong.keys() == {"DISCORD_TOKEN", "WIRO_API_KEY"}
    assert {"of the file", "of the code"} <= set(given.secrets)


async def test_a_missing_setting_is_told_once_where_to_set_it(bare_stage: Stage) -> None:
    """The file of examples is named in what is to be done, and not in what was found as well."""
    setting(wiro_api_key="")(bare_stage)
    code, report = await check_process(bare_stage)
    (told,) = [check for check in report["checks"] if check["name"] == "settings: WIRO_API_KEY"]
    assert code == 1
    assert (told["found"] + told["mend"]).count(".env.example") == 1


async def test_a_wrong_setting_drags_no_other_along(bare_stage: Stage) -> None:
    """The default that stands in for a wrong one may be at odds with another, which is no fault."""
    setting(quota_credits="many", quota_max_credits="5")(bare_stage)
    assert [result.name for result in faults_in(await checked(bare_stage))] == ["settings: QUOTA_CREDITS"]


async def test_a_file_of_settings_that_cannot_be_read_is_a_fault(bare_stage: Stage) -> None:
    """Exit code 1 and the file's name, for nothing else can be looked at."""
    (bare_stage.folder / ".env").write_bytes(b"QUOTA_PERIOD=\xff\xfe")
    code, report = await check_process(bare_stage)
    (only,) = report["checks"]
    assert (code, only["status"], ".env" in only["found"]) == (1, "fault", True)
