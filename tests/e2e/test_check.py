"""`sana-bot check` against the sandbox: silent where all is well, and plain about each fault."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.check.given import read_settings
from bot.check.report import Status
from sandbox.discord import DiscordConfig
from sandbox.discord.faults import Fault
from sandbox.discord.permissions import Permission
from sandbox.environment import free_port
from sandbox.wiro import CallFault, SocketScript, TaskScript, WiroConfig
from sandbox.wiro.script import Rule
from tests.support.checking import check_process, checked, faults_in, result_of, sana_bot
from tests.support.stage import Stage, eventually, staged

WRITABLE = ("general", "pictures", "no-files", "hidden")
Plant = Callable[[Stage], None]


@pytest.fixture
async def sound(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers, and settings with which a bot would work."""
    async with staged(tmp_path) as ready:
        yield ready


def setting(**changes: str) -> Plant:
    """Plant settings."""

    def plant(stage: Stage) -> None:
        stage.environment |= {name.upper(): value for name, value in changes.items()}

    return plant


def script(call: str, do: CallFault | SocketScript) -> Plant:
    """Plant what Wiro answers to a call from now on."""
    return lambda stage: _ignore(stage.wiro.script.add(Rule(call=call, do=do, times=None)))


def discord_answers(status: int, route: str) -> Plant:
    """Plant what Discord answers to a route."""
    return lambda stage: _ignore(
        stage.discord.faults.add(Fault(kind="status", method="GET", route=route, status=status, times=None))
    )


def application(**fields: object) -> Plant:
    """Plant what the application's owner set."""
    return lambda stage: stage.discord.world.application.update(fields)


def database_of(stage: Stage, *statements: str) -> None:
    """Make the database's file."""
    with closing(sqlite3.connect(stage.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def a_person(stage: Stage) -> None:
    """The token is that of somebody's own account."""
    stage.discord.world.bot.bot = False


def roles_without_files(stage: Stage) -> None:
    """No role of the bot in Sandbox allows files."""
    for role in stage.discord.world.guild_named("Sandbox").roles.values():
        role.permissions &= ~Permission.ATTACH_FILES


def closed_channels(stage: Stage) -> None:
    """In every channel of Sandbox the bot is denied something."""
    for name in WRITABLE:
        channel = stage.discord.world.channel_named(name)
        stage.discord.world.deny(channel, stage.discord.bot_user_id, Permission.SEND_MESSAGES)


def in_no_server(stage: Stage) -> None:
    """Nobody invited the bot."""
    for guild in list(stage.discord.world.guilds.values()):
        stage.discord.world.drop_guild(guild)


def gateway_of_another(stage: Stage) -> None:
    """The gateway is a WebSocket of something else."""
    stage.environment["DISCORD_GATEWAY_URL"] = stage.wiro.socket_url


def no_discord(stage: Stage) -> None:
    """Nothing listens where Discord should be."""
    stage.environment["DISCORD_API_BASE"] = f"http://127.0.0.1:{free_port()}/api/v10"


def no_wiro_socket(stage: Stage) -> None:
    """Nothing listens where Wiro's WebSocket should be."""
    stage.environment["WIRO_SOCKET_URL"] = f"ws://127.0.0.1:{free_port()}/v1"


def taken_port(stage: Stage) -> None:
    """Wiro's own server holds the listener's port."""
    stage.environment["CALLBACK_PORT"] = stage.wiro.host_and_port.rpartition(":")[2]


def taken_metrics_port(stage: Stage) -> None:
    """Wiro's own server holds the port of the metrics."""
    stage.environment["METRICS_PORT"] = stage.wiro.host_and_port.rpartition(":")[2]


def one_port_for_both(stage: Stage) -> None:
    """The metrics are to have the listener's port."""
    stage.environment["METRICS_PORT"] = stage.environment["CALLBACK_PORT"]


def metrics_elsewhere(stage: Stage) -> None:
    """The metrics are to have an address of some other machine."""
    setting(metrics_host="203.0.113.1", metrics_port=str(free_port()))(stage)


def no_discord_there(stage: Stage) -> None:
    """The address is that of Discord, without the version of its API."""
    stage.environment["DISCORD_API_BASE"] = stage.discord.origin


def address_of_another(stage: Stage) -> None:
    """The public address leads to some other server."""
    stage.environment["CALLBACK_PUBLIC_URL"] = stage.wiro.origin


def address_of_nobody(stage: Stage) -> None:
    """The public address leads nowhere."""
    stage.environment["CALLBACK_PUBLIC_URL"] = f"http://127.0.0.1:{free_port()}"


def newer_database(stage: Stage) -> None:
    """A newer program has used the database."""
    database_of(stage, "CREATE TABLE jobs (id)", "PRAGMA user_version = 9999")


def foreign_database(stage: Stage) -> None:
    """The file is another program's."""
    database_of(stage, "CREATE TABLE recipes (id)")


def damaged_database(stage: Stage) -> None:
    """Something overwrote a page of the database."""
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n"
    database_of(stage, f"CREATE TABLE jobs AS {many}", "PRAGMA user_version = 1")
    with stage.database.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)


def _ignore(_: object) -> None:
    """Let a lambda return nothing."""


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


async def test_nothing_is_found_where_nothing_is_wrong(sound: Stage) -> None:
    """No fault and nothing left out, without a trace: no database, no command, no task, no job."""
    code, report = await check_process(sound)
    assert (code, report["ok"]) == (0, True)
    assert {check["status"] for check in report["checks"]} == {"ok", "note"}
    assert not list(sound.folder.glob("sana.db*"))
    assert not sound.wiro.tasks
    assert all(call.method == "GET" for call in sound.discord.requests.calls)


@pytest.mark.parametrize(
    ("plant", "name", "found", "mend"), [pytest.param(*fault, id=name) for name, *fault in FAULTS]
)
async def test_a_planted_fault_is_named_with_its_mend(
    sound: Stage, plant: Plant, name: str, found: str, mend: str
) -> None:
    """Exactly this fault is found, under its name, with what to do; what does not hang on it is looked at."""
    plant(sound)
    report = await checked(sound)
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


async def test_a_full_disk_is_named(sound: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free and needed room are told."""
    monkeypatch.setattr("bot.check.machine.LEAST_FREE_BYTES", 2**60)
    (result,) = faults_in(await checked(sound))
    assert (result.name, "MiB are needed" in result.found) == ("disk", True)
    assert "Make room" in result.mend


async def test_pictures_from_a_foreign_host_are_named(sound: Stage) -> None:
    """Where the newest pictures lie on a host that is not allowed, it is told which."""
    await sound.start_bot()
    await sound.end_of(await sound.sana(width=256, height=256))
    assert "where they may be fetched" in result_of(await checked(sound), "wiro outputs").found
    sound.environment["WIRO_OUTPUT_HOSTS"] = "cdn.example.org"
    (result,) = faults_in(await checked(sound))
    assert (result.name, "127.0.0.1" in result.found) == ("wiro outputs", True)
    assert "WIRO_OUTPUT_HOSTS" in result.mend


async def test_many_faults_are_all_named(sound: Stage) -> None:
    """Wrong settings, a wrong key and a taken port: none hides another, as a process and with exit code 1."""
    taken_port(sound)
    setting(quota_credits="many", lost_after_seconds="1", wiro_api_key="wrong")(sound)
    code, report = await check_process(sound)
    faults = [check["name"] for check in report["checks"] if check["status"] == "fault"]
    assert faults == ["settings: QUOTA_CREDITS", "settings: LOST_AFTER_SECONDS", "wiro account", "listener"]
    assert (code, report["ok"]) == (1, False)
    skipped = {check["name"]: check["found"] for check in report["checks"] if check["status"] == "skipped"}
    assert skipped.keys() == {"wiro tool", "wiro outputs", "callbacks"}
    assert '"wiro account"' in skipped["wiro tool"]


async def test_it_works_beside_a_bot_and_disturbs_nothing(sound: Stage) -> None:
    """A bot that runs and holds ports and lock is no fault, and goes on with its job."""
    setting(metrics_port=str(free_port()))(sound)
    sound.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    bot = sound.bot_process()
    await bot.start()
    try:
        await bot.wait_until_ready()
        await sound.members.wait_until_ready()
        message = await sound.sana()
        task = await sound.wiro.wait_for_task(lambda task: task.status == "task_output")
        await eventually(lambda: [job["state"] for job in sound.jobs()] == ["running"])
        code, report = await check_process(sound)
        found = {check["name"]: check["found"] for check in report["checks"]}
        assert code == 0, report
        assert "held by the bot, which is running" in found["listener"]
        assert "held by the bot, which is running" in found["metrics"]
        assert "leads to the bot" in found["callbacks"]
        assert "is registered" in found["discord commands"]
        assert "sound and up to date" in found["database"]
        assert len(sound.wiro.tasks) == 1
        sound.wiro.finish(task.taskid)
        assert (await sound.end_of(message)).pictures
    finally:
        await bot.end()


async def test_channels_that_lack_something_are_listed(sound: Stage) -> None:
    """A channel that the bot cannot use may be meant so: it is told, and is no fault."""
    result = result_of(await checked(sound), "discord permissions")
    assert result.status is Status.NOTE
    assert "#no-files: no Attach Files" in result.found
    assert "#hidden: no View Channel" in result.found
    assert "Permissions" in result.mend


async def test_the_table_is_for_people_and_holds_no_secret(sound: Stage) -> None:
    """Each check stands in it, each fault with its mend; key, secret and token do not, right or wrong."""
    setting(wiro_api_secret="a-wrong-secret")(sound)
    process = sana_bot(sound, "check")
    process.environment["COLUMNS"] = "200"
    await process.start()
    assert await process.wait(60) == 1
    assert "FAULT" in process.log
    assert "→ Set WIRO_API_SECRET" in process.log
    assert "1 fault is to be mended." in process.log
    for name in ("DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"):
        assert sound.environment[name] not in process.log


async def test_what_repeats_a_secret_is_masked(sound: Stage) -> None:
    """A secret that comes back from elsewhere, as in an application's name, is not passed on."""
    for name in ("DISCORD_TOKEN", "WIRO_API_KEY", "WIRO_API_SECRET"):
        application(name=f"<{sound.environment[name]}>")(sound)
        report = await checked(sound)
        assert "<***>" in result_of(report, "discord application").found
        assert sound.environment[name] not in report.to_json()


async def test_a_misspelt_setting_is_told(sound: Stage) -> None:
    """A name in .env that is no setting's is a note, with the name that may be meant."""
    (sound.folder / ".env").write_text("QUOTA_CREDIT=5\nQUOTA_PERIOD=week\n")
    code, report = await check_process(sound)
    (told,) = [check for check in report["checks"] if check["name"] == "settings: QUOTA_CREDIT"]
    assert (code, told["status"]) == (0, "note")
    assert "QUOTA_CREDITS may be meant" in told["found"]


async def test_a_secret_on_a_line_of_its_own_is_not_shown(sound: Stage) -> None:
    """Pasted into .env without a name, or with an odd one: told once, and never what stands there."""
    lines = ("MTIzNDU2Nzg5.G4x-Qk", "0123456789ABCDEF0123456789ABCDEF", "wiro.Key=of-the-owner", "c2VjcmV0==")
    (sound.folder / ".env").write_text("\n".join(lines))
    code, report = await check_process(sound)
    (told,) = [check for check in report["checks"] if check["name"].startswith("settings: ")]
    assert (code, told["name"], told["status"]) == (0, "settings: a line of .env", "note")
    assert "NAME=value" in told["mend"]
    shown = str(report)
    assert [line for line in lines if line[:10] in shown] == []


async def test_a_secret_as_the_name_of_a_setting_is_masked(sound: Stage) -> None:
    """Not even in the place of a name is a secret shown."""
    sound.environment["WIRO_API_KEY"] = "ABCDEF0123456789"
    (sound.folder / ".env").write_text("ABCDEF0123456789=5\n")
    _, report = await check_process(sound)
    assert "ABCDEF0123456789" not in str(report)
    assert "settings: ***" in {check["name"] for check in report["checks"]}


def test_a_secret_that_was_refused_is_a_secret_all_the_same(tmp_path: Path) -> None:
    """Wherever it was set: what was copied badly is not to be shown either."""
    env_file = tmp_path / ".env"
    env_file.write_text("WIRO_API_KEY='of the file'\n")
    given = read_settings(env_file, discord_token="of the code")
    assert given.wrong.keys() == {"DISCORD_TOKEN", "WIRO_API_KEY"}
    assert {"of the file", "of the code"} <= set(given.secrets)


async def test_a_missing_setting_is_told_once_where_to_set_it(sound: Stage) -> None:
    """The file of examples is named in what is to be done, and not in what was found as well."""
    setting(wiro_api_key="")(sound)
    code, report = await check_process(sound)
    (told,) = [check for check in report["checks"] if check["name"] == "settings: WIRO_API_KEY"]
    assert code == 1
    assert (told["found"] + told["mend"]).count(".env.example") == 1


async def test_a_wrong_setting_drags_no_other_along(sound: Stage) -> None:
    """The default that stands in for a wrong one may be at odds with another, which is no fault."""
    setting(quota_credits="many", quota_max_credits="5")(sound)
    assert [result.name for result in faults_in(await checked(sound))] == ["settings: QUOTA_CREDITS"]


async def test_a_file_of_settings_that_cannot_be_read_is_a_fault(sound: Stage) -> None:
    """Exit code 1 and the file's name, for nothing else can be looked at."""
    (sound.folder / ".env").write_bytes(b"QUOTA_PERIOD=\xff\xfe")
    code, report = await check_process(sound)
    (only,) = report["checks"]
    assert (code, only["status"], ".env" in only["found"]) == (1, "fault", True)
