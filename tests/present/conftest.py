"""The real commands and messenger on the sandbox's Discord."""

from collections.abc import AsyncIterator

import discord
import pytest
import yarl
from discord.ext import commands

from bot.jobs.model import Job
from bot.present.messenger import DiscordMessenger
from sandbox.discord.server import DiscordConfig, DiscordServer
from sandbox.members import Member, Members
from tests.present.support import AheadClock, Notes, running_bot


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """Run the sandbox's Discord."""
    async with DiscordServer(DiscordConfig(enforce_rate_limits=False)) as running:
        yield running


@pytest.fixture(autouse=True)
def _addresses(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point discord.py at it."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))


@pytest.fixture
async def members(server: DiscordServer) -> AsyncIterator[Members]:
    """Return the people of the sandbox."""
    async with Members(server.origin) as people:
        yield people


@pytest.fixture
def service() -> Notes:
    """Return the job service that takes notes."""
    return Notes()


@pytest.fixture
def served() -> frozenset[int]:
    """Return the only servers that are served; none means all."""
    return frozenset()


@pytest.fixture
async def bot(
    server: DiscordServer, service: Notes, served: frozenset[int], members: Members
) -> AsyncIterator[commands.AutoShardedBot]:
    """Run the bot."""
    async with running_bot(server, service, members, served) as ready:
        yield ready


@pytest.fixture
def member(members: Members) -> Member:
    """Return an ordinary member."""
    return members.of("member")


@pytest.fixture
def clock() -> AheadClock:
    """Return the messenger's clock."""
    return AheadClock()


@pytest.fixture
async def messenger(bot: commands.AutoShardedBot, clock: AheadClock) -> AsyncIterator[DiscordMessenger]:
    """Return the messenger of the bot."""
    ready = DiscordMessenger(bot, clock)
    yield ready
    await ready.aclose()


@pytest.fixture
async def job(bot: commands.AutoShardedBot, member: Member, service: Notes) -> Job:
    """Return a job whose first answer is in the channel."""
    assert bot.tree.get_command("sana")
    await member.type("sana", channel="pictures", prompt="a red fox")
    return await service.until_told("acknowledged")
