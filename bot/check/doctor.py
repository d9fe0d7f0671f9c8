"""The list of all checks, and what they need of the world."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot import USER_AGENT, __version__
from bot.account import wiro_client
from bot.check.address import CallbackAddress
from bot.check.discord_account import DiscordAccount
from bot.check.discord_api import DiscordApi
from bot.check.discord_servers import DiscordServers
from bot.check.examine import Check, examine
from bot.check.given import Given
from bot.check.machine import Inspect, Machine
from bot.check.metrics import MetricsAddress
from bot.check.report import Report
from bot.check.wiro import WiroProject
from bot.mask import Mask
from bot.settings import Settings
from bot.wiro.client import connector


@dataclass(frozen=True, slots=True)
class Storage:
    """What the checks are told of databases, which they do not open themselves.

    Args:
        inspect: looks at the one of an address, in a thread.
        locate: returns its file.
    """

    inspect: Inspect
    locate: Callable[[str], Path]


async def check_up(given: Given, storage: Storage) -> Report:
    """Look at everything, and return what was found, without secrets.

    Args:
        given: the owner's settings.
        storage: tells of the database.
    """
    settings = given.settings
    if settings is None:
        return Report(__version__, given.results)
    async with (
        aiohttp.ClientSession(connector=connector()) as session,
        aiohttp.ClientSession(connector=connector()) as wiro_session,
    ):
        checks = _checks(settings, storage, session, wiro_session)
        results = await examine(checks, given.wrong)
    return Report(__version__, (*given.results, *results)).masked(Mask(given.secrets))


def _checks(
    settings: Settings,
    storage: Storage,
    session: aiohttp.ClientSession,
    wiro_session: aiohttp.ClientSession,
) -> list[Check]:
    machine = Machine(settings.database_url, storage.inspect, storage.locate)
    address = CallbackAddress(
        session, settings.callback_host, settings.callback_port, settings.callback_public_url, USER_AGENT
    )
    metrics = MetricsAddress(
        session,
        settings.metrics_host,
        settings.metrics_port,
        settings.callback_host,
        settings.callback_port,
        USER_AGENT,
    )
    return [
        *_discord_checks(settings, session),
        *_wiro_checks(_project(settings, session, wiro_session)),
        Check(name="listener", look=address.listener, settings=("CALLBACK_HOST", "CALLBACK_PORT")),
        Check(
            name="metrics", look=metrics.listener, settings=("METRICS_HOST", "METRICS_PORT", "CALLBACK_PORT")
        ),
        Check(
            name="callbacks", look=address.round_trip, settings=("CALLBACK_PUBLIC_URL",), after=("listener",)
        ),
        Check(name="database folder", look=machine.folder, settings=("DATABASE_URL",)),
        Check(name="database", look=machine.database, settings=("DATABASE_URL",)),
        Check(name="disk", look=machine.disk, after=("database folder",)),
    ]


def _discord_checks(settings: Settings, session: aiohttp.ClientSession) -> list[Check]:
    api = DiscordApi(
        session, settings.discord_api_base, settings.discord_token.get_secret_value(), USER_AGENT
    )
    account = DiscordAccount(api, session, settings.discord_gateway_url, USER_AGENT)
    servers = DiscordServers(api, settings.discord_guild_ids)
    signed_in = ("discord token",)
    there = ("discord servers",)
    return [
        Check(name=signed_in[0], look=account.token, settings=("DISCORD_TOKEN", "DISCORD_API_BASE")),
        Check(name="discord application", look=account.application, after=signed_in),
        Check(name="discord invite", look=account.invite, after=signed_in),
        Check(name="discord starts", look=account.starts, after=signed_in),
        Check(name="discord gateway", look=account.gateway, settings=("DISCORD_GATEWAY_URL",)),
        Check(name=there[0], look=servers.membership, settings=("DISCORD_GUILD_IDS",), after=signed_in),
        Check(name="discord permissions", look=servers.permissions, after=there),
        Check(name="discord commands", look=servers.commands, after=there),
        Check(name="discord uploads", look=servers.uploads, after=there),
    ]


def _project(
    settings: Settings, session: aiohttp.ClientSession, wiro_session: aiohttp.ClientSession
) -> WiroProject:
    return WiroProject(
        client=wiro_client(settings, wiro_session),
        session=session,
        api_base=settings.wiro_api_base,
        socket_url=settings.wiro_socket_url,
        user_agent=USER_AGENT,
        output_hosts=settings.wiro_output_hosts,
        is_signed=settings.wiro_api_secret is not None,
    )


def _wiro_checks(project: WiroProject) -> list[Check]:
    account = ("wiro account",)
    key = ("WIRO_API_KEY", "WIRO_API_SECRET", "WIRO_API_BASE")
    return [
        Check(name=account[0], look=project.account, settings=key),
        Check(name="wiro tool", look=project.tool, settings=("WIRO_TOOL",), after=account),
        Check(name="wiro outputs", look=project.outputs, settings=("WIRO_OUTPUT_HOSTS",), after=account),
        Check(name="wiro socket", look=project.socket, settings=("WIRO_SOCKET_URL",)),
        Check(name="clock", look=project.clock, settings=("WIRO_API_BASE",)),
    ]
