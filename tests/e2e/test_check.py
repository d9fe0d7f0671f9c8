"""`sana-bot check` against the sandbox: silent where all is well, and plain about each fault."""

from pathlib import Path

import pytest

from bot.check.report import Status
from sandbox.discord import DiscordConfig
from sandbox.environment import free_port
from sandbox.wiro import CallFault, SocketScript, TaskScript, WiroConfig
from sandbox.wiro.script import Rule
from tests.support.checking import check_process, checked, faults_in, result_of
from tests.support.plants import (
    Plant,
    a_person,
    address_of_another,
    address_of_nobody,
    application,
    closed_channels,
    damaged_database,
    discord_answers,
    foreign_database,
    gateway_of_another,
    in_no_server,
    metrics_elsewhere,
    newer_database,
    no_discord,
    no_discord_there,
    no_wiro_socket,
    one_port_for_both,
    one_port_for_both_by_name,
    roles_without_files,
    script,
    setting,
    taken_metrics_port,
    taken_port,
)
from tests.support.stage import Stage, eventually, staged

FAULTS: list[tuple[str, Plant, str, str, str]] = [
    ("no token", setting(discord_token=""), "settings: DISCORD_TOKEN", "is not set", ".env"),
    (
        "no number",
        setting(quota_credits="many"),
        "settings: QUOTA_CREDITS",
        "should be a whole number.",
        ".env",
    ),
    ("wrong period", setting(quota_period="year"), "settings: QUOTA_PERIOD", "'week'", ".env"),
    ("address", setting(wiro_api_base="wiro.ai"), "settings: WIRO_API_BASE", "https://", ".env"),
    ("wrong token", setting(discord_token="wrong"), "discord token", "not accept", "reset the token"),
    ("a person", a_person, "discord token", "person", "token of a bot"),
    ("no discord", no_discord, "discord token", "refused", "DISCORD_API_BASE"),
    ("no version", no_discord_there, "discord token", "no API of Discord", "/api/v10"),
    ("outage", discord_answers(503, "/users/@me"), "discord token", "HTTP 503", "Try again later"),
    (
        "endpoint",
        application(interactions_endpoint_url="https://old.example.org"),
        "discord application",
        "Interactions Endpoint URL",
        "empty the field",
    ),
    (
        "code grant",
        application(bot_require_code_grant=True),
        "discord application",
        "code grant",
        "Requires OAuth2 Code Grant off",
    ),
    (
        "for users alone",
        application(integration_types_config={"1": {}}),
        "discord application",
        "cannot be installed in servers",
        "tick Guild Install",
    ),
    ("gateway", gateway_of_another, "discord gateway", "no gateway of Discord", "DISCORD_GATEWAY_URL"),
    ("no server", in_no_server, "discord servers", "not in any server", "permissions=274878008384"),
    ("absent", setting(discord_guild_ids="42"), "discord servers", "42", "DISCORD_GUILD_IDS"),
    ("roles", roles_without_files, "discord permissions", "lack Attach Files", "Invite it once more"),
    ("channels", closed_channels, "discord permissions", "no channel it can use", "settings, Permissions"),
    (
        "scope",
        discord_answers(403, "/applications/.*/commands"),
        "discord commands",
        "may not have commands",
        "applications.commands",
    ),
    ("key", setting(wiro_api_key="wrong"), "wiro account", "not know the key", "WIRO_API_KEY"),
    ("secret", setting(wiro_api_secret="wrong"), "wiro account", "refuses the signature", "WIRO_API_SECRET"),
    ("unsigned", setting(wiro_api_secret=""), "wiro account", "signature-based", "WIRO_API_SECRET"),
    (
        "ip",
        script("Task/List", CallFault(error="Requested ip 192.0.2.7 is not allowed.", http_status=401)),
        "wiro account",
        "this machine's address",
        "Allow this machine's public address",
    ),
    (
        "suspended",
        script("Task/List", CallFault(error="Your account has been suspended. Ask us.", error_code=0)),
        "wiro account",
        "suspended",
        "Wiro's support",
    ),
    (
        "odd",
        script("Task/List", CallFault(error="Something went wrong.", error_code=0)),
        "wiro account",
        "went wrong.",
        "Try again later",
    ),
    ("wiro down", script("Task/List", CallFault(http_status=503)), "wiro account", "503", "Try again later"),
    ("tool", setting(wiro_tool="some/other"), "wiro tool", "no such tool", "WIRO_TOOL"),
    ("hosts", setting(wiro_output_hosts="https://x.org/"), "wiro outputs", "https://x.org", "OUTPUT_HOSTS"),
    (
        "socket refused",
        script("socket", SocketScript(http_status=503)),
        "wiro socket",
        "HTTP 503",
        "WIRO_SOCKET_URL",
    ),
    ("no socket", no_wiro_socket, "wiro socket", "refused", "WIRO_SOCKET_URL"),
    ("port", taken_port, "listener", "held by another program", "CALLBACK_PORT"),
    ("host", setting(callback_host="203.0.113.1"), "listener", "cannot be bound", "CALLBACK_HOST"),
    ("metrics", taken_metrics_port, "metrics", "held by another program", "METRICS_PORT"),
    ("both", one_port_for_both, "metrics", "CALLBACK_PORT is the same", "METRICS_PORT"),
    ("both, by name", one_port_for_both_by_name, "metrics", "CALLBACK_PORT is the same", "METRICS_PORT"),
    ("metrics host", metrics_elsewhere, "metrics", "cannot be bound", "METRICS_HOST"),
    ("elsewhere", address_of_another, "callbacks", "HTTP 404", "CALLBACK_PUBLIC_URL"),
    ("port 0", setting(callback_port="0"), "callbacks", "CALLBACK_PORT is 0", "Set CALLBACK_PORT"),
    ("nowhere", address_of_nobody, "callbacks", "refused", "CALLBACK_PUBLIC_URL"),
    ("newer", newer_database, "database", "has schema 9999", "newer sana-bot"),
    ("foreign", foreign_database, "database", "another program", "DATABASE_URL"),
    ("damaged", damaged_database, "database", "damaged", "backup"),
    (
        "folder",
        setting(database_url="sqlite:////proc/sana.db"),
        "database folder",
        "/proc cannot be written to",
        "DATABASE_URL",
    ),
]


async def test_nothing_is_found_where_nothing_is_wrong(bare_stage: Stage) -> None:
    """No fault and nothing left out, without a trace: no database, no command, no task, no job."""
    code, report = await check_process(bare_stage)
    assert (code, report["ok"]) == (0, True)
    assert {check["status"] for check in report["checks"]} == {"ok", "note"}
    assert not list(bare_stage.folder.glob("sana.db*"))
    assert not bare_stage.wiro.tasks
    assert all(call.method == "GET" for call in bare_stage.discord.requests.calls)


@pytest.mark.parametrize(
    ("plant", "name", "found", "mend"), [pytest.param(*fault, id=name) for name, *fault in FAULTS]
)
async def test_a_planted_fault_is_named_with_its_mend(
    bare_stage: Stage, plant: Plant, name: str, found: str, mend: str
) -> None:
    """Exactly this fault is found, under its name, with what to do; what does not hang on it is looked at."""
    plant(bare_stage)
    report = await checked(bare_stage)
    faults = faults_in(report)
    assert [result.name for result in faults] == [name]
    assert found in faults[0].found
    assert ".." not in faults[0].found
    assert mend in faults[0].mend
    assert result_of(report, "clock" if name != "settings: WIRO_API_BASE" else "listener").status is Status.OK


@pytest.mark.parametrize(
    ("wiro", "name", "found", "mend"),
    [
        (WiroConfig(clock_ahead_seconds=600.0), "clock", "slow", "time synchronisation"),
        (WiroConfig(clock_ahead_seconds=-600.0), "clock", "fast", "time synchronisation"),
        (WiroConfig(published={"steps": {"max": "20"}}), "wiro tool", "`steps` takes 20 at most", "Update"),
        (WiroConfig(published={"width": {"min": 512}}), "wiro tool", "`width` takes 512 at least", "Update"),
        (WiroConfig(published={"height": {"step": 64}}), "wiro tool", "steps of 64", "Update"),
        (WiroConfig(published={"scale": None}), "wiro tool", "no `scale` any more", "Update"),
        (WiroConfig(published={"samples": {"type": "select"}}), "wiro tool", "type “select”", "Update"),
        (WiroConfig(published={"style": {"required": True}}), "wiro tool", "requires `style`", "Update"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, str) else "",
)
async def test_what_is_wrong_at_wiro_is_named(
    tmp_path: Path, wiro: WiroConfig, name: str, found: str, mend: str
) -> None:
    """A clock that is off, and a tool that no longer takes what members can ask for."""
    async with staged(tmp_path, wiro=wiro) as stage:
        (result,) = faults_in(await checked(stage))
    assert result.name == name
    assert found in result.found
    assert mend in result.mend


async def test_starting_too_often_is_named(tmp_path: Path) -> None:
    """Discord lets a bot start a number of times a day."""
    async with staged(tmp_path, discord=DiscordConfig(starts_left=0)) as stage:
        (result,) = faults_in(await checked(stage))
    assert (result.name, "24.0 hours" in result.found, "wait" in result.mend) == (
        "discord starts",
        True,
        True,
    )


async def test_a_full_disk_is_named(bare_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free and needed room are told."""
    monkeypatch.setattr("bot.check.machine.LEAST_FREE_BYTES", 2**60)
    (result,) = faults_in(await checked(bare_stage))
    assert (result.name, "MiB are needed" in result.found) == ("disk", True)
    assert "Make room" in result.mend


async def test_pictures_from_a_foreign_host_are_named(bare_stage: Stage) -> None:
    """Where the newest pictures lie on a host that is not allowed, it is told which."""
    await bare_stage.start_bot()
    await bare_stage.end_of(await bare_stage.sana(width=256, height=256))
    assert "where they may be fetched" in result_of(await checked(bare_stage), "wiro outputs").found
    bare_stage.environment["WIRO_OUTPUT_HOSTS"] = "cdn.example.org"
    (result,) = faults_in(await checked(bare_stage))
    assert (result.name, "127.0.0.1" in result.found) == ("wiro outputs", True)
    assert "WIRO_OUTPUT_HOSTS" in result.mend


async def test_many_faults_are_all_named(bare_stage: Stage) -> None:
    """Wrong settings, a wrong key and a taken port: none hides another, as a process and with exit code 1."""
    taken_port(bare_stage)
    setting(quota_credits="many", lost_after_seconds="1", wiro_api_key="wrong")(bare_stage)
    code, report = await check_process(bare_stage)
    faults = [check["name"] for check in report["checks"] if check["status"] == "fault"]
    assert faults == ["settings: QUOTA_CREDITS", "settings: LOST_AFTER_SECONDS", "wiro account", "listener"]
    assert (code, report["ok"]) == (1, False)
    skipped = {check["name"]: check["found"] for check in report["checks"] if check["status"] == "skipped"}
    assert skipped.keys() == {"wiro tool", "wiro outputs", "callbacks"}
    assert '"wiro account"' in skipped["wiro tool"]


async def test_it_works_beside_a_bot_and_disturbs_nothing(bare_stage: Stage) -> None:
    """A bot that runs and holds ports and lock is no fault, and goes on with its job."""
    setting(metrics_port=str(free_port()))(bare_stage)
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    bot = bare_stage.bot_process()
    await bot.start()
    try:
        await bot.wait_until_ready()
        await bare_stage.members.wait_until_ready()
        message = await bare_stage.sana()
        task = await bare_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
        await eventually(lambda: [job["state"] for job in bare_stage.jobs()] == ["running"])
        code, report = await check_process(bare_stage)
        found = {check["name"]: check["found"] for check in report["checks"]}
        assert code == 0, report
        assert "held by the bot, which is running" in found["listener"]
        assert "held by the bot, which is running" in found["metrics"]
        assert "leads to the bot" in found["callbacks"]
        assert "is registered" in found["discord commands"]
        assert "sound and up to date" in found["database"]
        assert len(bare_stage.wiro.tasks) == 1
        bare_stage.wiro.finish(task.taskid)
        assert (await bare_stage.end_of(message)).pictures
    finally:
        await bot.end()


async def test_channels_that_lack_something_are_listed(bare_stage: Stage) -> None:
    """A channel that the bot cannot use may be meant so: it is told, and is no fault."""
    result = result_of(await checked(bare_stage), "discord permissions")
    assert result.status is Status.NOTE
    assert "#no-files: no Attach Files" in result.found
    assert "#hidden: no View Channel" in result.found
    assert "Permissions" in result.mend
