"""The real commands and messenger on the sandbox's Discord, with a job service that only takes notes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import discord
import pytest
import yarl
from discord.ext import commands

from bot.allowance import Allowance, Period
from bot.jobs.model import Job, State
from bot.jobs.ports import InLine, Request, Standing
from bot.present.messenger import DiscordMessenger
from cogs import setup_cogs
from cogs.guard import guarded_tree
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members

STANDING = Standing(allowance=Allowance(20, Period.DAY), used=1, granted=0)


@dataclass
class Notes:
    """Stands in for `bot.jobs.service.JobService`: keeps jobs in memory, and what it was told about them."""

    jobs: dict[int, Job] = field(default_factory=dict)
    told: list[tuple[str, int]] = field(default_factory=list)
    refuse_with: Exception | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, request: Request) -> tuple[Job, Standing, InLine]:
        """Take any job on, unless a refusal is set."""
        if self.refuse_with is not None:
            raise self.refuse_with
        job = Job(
            id=len(self.jobs) + 1,
            state=State.QUEUED,
            guild_id=request.guild_id,
            channel_id=request.channel_id,
            member_id=request.member_id,
            interaction_token=request.interaction_token,
            upload_limit_bytes=request.upload_limit_bytes,
            parameters=request.parameters,
            credits=request.credits,
            created_at=datetime.now(UTC),
        )
        self.jobs[job.id] = job
        return job, STANDING, InLine(1)

    async def acknowledged(self, job_id: int, message_id: int) -> None:
        """Note the message."""
        self.jobs[job_id] = replace(self.jobs[job_id], message_id=message_id)
        self._note("acknowledged", job_id)

    async def never_acknowledged(self, job_id: int) -> None:
        """Note that there is none."""
        self._note("never_acknowledged", job_id)

    def acknowledgement_unknown(self, job_id: int) -> None:
        """Note that there may be one."""
        self._note("acknowledgement_unknown", job_id)

    async def cancel(self, job_id: int, *, guild_id: int, member_id: int, may_moderate: bool) -> Job:
        """Note who asked, and cancel any job, unless a refusal is set."""
        if self.refuse_with is not None:
            raise self.refuse_with
        role = "moderator" if may_moderate else "member"
        self._note(f"cancel for {role} {member_id} of {guild_id}", job_id)
        job = replace(self.jobs[job_id], state=State.CANCELLED, cancelled_by=member_id, refunded=True)
        self.jobs[job_id] = job
        return job

    async def until_told(self, what: str) -> Job:
        """Return the job about which this was told, once it is."""
        async with asyncio.timeout(10):
            while not (found := [job_id for said, job_id in self.told if said == what]):
                self.news.clear()
                await self.news.wait()
        return self.jobs[found[-1]]

    def _note(self, what: str, job_id: int) -> None:
        self.told.append((what, job_id))
        self.news.set()


@dataclass
class AheadClock:
    """The time of day, some time ahead."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """Run the sandbox's Discord."""
    async with DiscordServer() as running:
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
    async with commands.AutoShardedBot(
        command_prefix=(), intents=discord.Intents(guilds=True), tree_cls=guarded_tree(served)
    ) as running:
        await setup_cogs(running, service)
        await running.login(server.config.token)
        await running.tree.sync()
        connection = asyncio.create_task(running.connect())
        await members.wait_until_ready()
        yield running
        await running.close()
        await connection


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
