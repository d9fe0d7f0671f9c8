"""The real bot with a job service that only takes notes, a clock that can be ahead, and pictures."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import discord
from discord.ext import commands

from bot.allowance import Allowance, Period
from bot.jobs.model import Job, State
from bot.jobs.notices import Notices
from bot.jobs.ports import InLine, Request, Standing
from bot.jobs.results import Results
from bot.jobs.service import JobService
from bot.parameters import SanaParameters
from bot.present.messenger import DiscordMessenger
from bot.quotas.service import QuotaService
from cogs import setup_cogs
from cogs.guard import guarded_tree
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members
from sandbox.shown import Interaction, Message

BY_TOKEN = "/webhooks/{application_id}/{token}/messages/{message_id}"
BY_CHANNEL = "/channels/{channel_id}/messages/{message_id}"
BY_HISTORY = "/channels/{channel_id}/messages"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
"""Enough of a picture for Discord, which looks at the name."""

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
            parent_id=request.parent_id,
            reply_to_id=request.reply_to_id,
            nonce=request.nonce,
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

    async def cancel(
        self, job_id: int, *, guild_id: int, channel_id: int, member_id: int, may_moderate: bool
    ) -> Job:
        """Note who asked, and cancel any job, unless a refusal is set."""
        if self.refuse_with is not None:
            raise self.refuse_with
        role = "moderator" if may_moderate else "member"
        self._note(f"cancel for {role} {member_id} of {guild_id}, {channel_id}", job_id)
        job = replace(self.jobs[job_id], state=State.CANCELLED, cancelled_by=member_id, refunded=True)
        self.jobs[job_id] = job
        return job

    async def until_told(self, what: str) -> Job:
        """Return the job about which this was told, once it is."""
        async with asyncio.timeout(20):
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the fetcher gives it."""

    filename: str = "sana-1.png"
    content: bytes = PNG
    width: int = 1024
    height: int = 1024
    url: str = "https://cdn1.wiro.ai/0.png"
    reduced: bool = False


@asynccontextmanager
async def running_bot(
    server: DiscordServer, service: Notes, members: Members, served: frozenset[int] = frozenset()
) -> AsyncIterator[commands.AutoShardedBot]:
    """Run a bot with all cogs, ready for its members."""
    async with commands.AutoShardedBot(
        command_prefix=(), intents=discord.Intents(guilds=True), tree_cls=guarded_tree(served)
    ) as bot:
        await setup_cogs(
            bot,
            cast("JobService", service),
            cast("QuotaService", None),
            cast("Results", None),
            cast("Notices", None),
            served=served,
        )
        await bot.login(server.config.token)
        await bot.tree.sync()
        connection = asyncio.create_task(bot.connect())
        await members.wait_until_ready()
        yield bot
        await bot.close()
        await connection


PICTURES = (Picture(), Picture("sana-2.png", content=PNG + b"second"))


def finished(job: Job) -> Job:
    """Return the job as it is when its pictures are there."""
    return replace(job, state=State.FINISHED, seconds=3.0)


def ended(job: Job) -> Job:
    """Return the job as it is when there will be none."""
    return replace(job, state=State.FAILED, refunded=True, reason="It failed.")


def calls(server: DiscordServer, method: str) -> list[tuple[str, int]]:
    """Return the route and status of each call that changed or read the job's message."""
    return [(call.route, call.status) for call in server.requests.calls if call.method == method]


async def deliver(messenger: DiscordMessenger, job: Job, pictures: Sequence[Picture] = PICTURES) -> None:
    """Deliver pictures."""
    await messenger.deliver(finished(job), pictures, STANDING, missing=0)


def parameters_of(job: Job) -> SanaParameters:
    """Return what a job was asked for."""
    return SanaParameters.from_json(job.parameters)


async def answer_to(member: Member, sent: Interaction) -> Message:
    """Return the message that answered."""
    return await member.message(sent.channel_id, sent.message_id)
