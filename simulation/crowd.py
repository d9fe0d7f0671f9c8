"""What members and moderators do in a run, and a last member who tries whether the bot still works."""

import sqlite3
from collections.abc import Callable

from bot.parameters import SanaParameters
from simulation import members
from simulation.bot import Bot
from simulation.discord_server import DiscordServer
from simulation.disk import Disk
from simulation.faults import Faults
from simulation.loop import VirtualLoop
from simulation.trace import Trace

CHANNELS = (10, 11)
_QUIET_CHANNEL = 12
_LAST_MEMBER = 50


class Crowd:
    """Everybody who uses the bot.

    Args:
        loop, trace, faults: the run's.
        discord: where they are.
        disk: tells which jobs there are.
        bot: returns the bot that is up, if one is.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        trace: Trace,
        faults: Faults,
        discord: DiscordServer,
        disk: Disk,
        bot: Callable[[], Bot | None],
    ) -> None:
        self._loop = loop
        self._trace = trace
        self._faults = faults
        self._discord = discord
        self._disk = disk
        self._bot = bot
        self._last_seed = 0
        self.cancelled_at: dict[int, float] = {}  # jobs whose end was promised, and when

    def use_sana(self, member_id: int, *, channel_id: int | None = None) -> int | None:
        """Use the command, if the bot is up; return the seed, which no other command has."""
        bot = self._bot()
        if bot is None or not bot.is_ready:
            self._trace.note("member", f"{member_id} finds the bot away")
            return None
        draw = self._faults.random
        self._last_seed += 1
        interaction = self._discord.interact(channel_id or draw.choice(CHANNELS))
        parameters = SanaParameters(
            prompt="a fox", seed=self._last_seed, samples=draw.choice((1, 1, 2, 4)), width=512, height=512
        )
        self._trace.note("member", f"{member_id} uses /sana with seed {parameters.seed}")
        bot.attempt("/sana", members.use_sana(bot.service, bot.discord, interaction, member_id, parameters))
        return parameters.seed

    def use_sana_at_last(self) -> int | None:
        """Use it once all is well again, in a channel that nothing happened to."""
        return self.use_sana(_LAST_MEMBER, channel_id=_QUIET_CHANNEL)

    def do(self, deed: str) -> None:
        """Do something to one of the jobs."""
        bot = self._bot()
        jobs = self._disk.query(
            "SELECT id, member_id, channel_id, message_id FROM jobs WHERE message_id IS NOT NULL"
        )
        if bot is None or not bot.is_ready or not jobs:
            return
        draw = self._faults.random
        job = jobs[-1 - int(draw.random() ** 2 * len(jobs))]  # rather one of the newest
        self._faults.count(f"members: {deed}")
        match deed:
            case "cancel":
                bot.attempt(deed, self._cancel(bot, job, job["member_id"], may_moderate=False))
            case "cancel by a moderator":
                bot.attempt(deed, self._cancel(bot, job, members.MODERATOR, may_moderate=True))
            case "cancel by a stranger":
                bot.attempt(deed, self._cancel(bot, job, members.MODERATOR, may_moderate=False))
            case "reroll":
                bot.attempt(deed, self._reroll(bot, job["message_id"], draw.choice((1, 2, 3))))
            case "remove":
                bot.attempt(deed, members.remove(bot.results, job["message_id"]))
            case "block":
                bot.attempt(deed, members.block(bot.quotas, self._trace, job["member_id"]))
            case "delete message":
                self._trace.note("member", f"deletes the message of S-{job['id']}")
                for message in self._discord.of_job(job["id"]):
                    self._discord.delete_message(message)
            case _:
                self._trace.note("member", f"deletes channel {job['channel_id']}")
                self._discord.delete_channel(job["channel_id"])

    async def _reroll(self, bot: Bot, message_id: int, member_id: int) -> None:
        self._last_seed += 1
        nonce = f"{self._faults.random.getrandbits(96):024x}"
        await members.reroll(bot.results, message_id, member_id, self._last_seed, nonce)

    async def _cancel(self, bot: Bot, row: sqlite3.Row, member_id: int, *, may_moderate: bool) -> None:
        job = await members.cancel(
            bot.service, self._trace, row["id"], row["channel_id"], member_id, may_moderate=may_moderate
        )
        if job is None:
            return
        if not may_moderate and job.member_id != member_id:
            raise AssertionError(f"{job.reference} was cancelled by somebody else")
        self.cancelled_at.setdefault(row["id"], self._loop.time())
