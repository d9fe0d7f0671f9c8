"""What an owner can get wrong, or the world: planted for `sana-bot check` to find."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from sandbox.discord.faults import Fault
from sandbox.discord.permissions import Permission
from sandbox.environment import free_port
from sandbox.wiro import CallFault, SocketScript
from sandbox.wiro.script import Rule
from tests.support.stage import Stage

WRITABLE = ("general", "pictures", "no-files", "hidden")
Plant = Callable[[Stage], None]


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


def one_port_for_both_by_name(stage: Stage) -> None:
    """The same, where the listener's address is written as a name."""
    one_port_for_both(stage)
    stage.environment["METRICS_HOST"] = "localhost"


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
