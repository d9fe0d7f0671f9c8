"""The bot's way to the simulated Discord: `bot.jobs.ports.Messenger`, and the answers that cogs give."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.errors import MessageUnavailableError
from bot.jobs.model import Job
from bot.jobs.ports import Clock, Picture, Stage, Standing
from simulation.calls import Calls, Nature
from simulation.discord_server import Content, DiscordServer, Kind

_TOKEN_WAY_LASTS: Final = timedelta(minutes=14)  # as in `bot.present.messenger`
_UNKNOWN: Final = (
    ("timeout", lambda: MessageUnavailableError("timed out")),
    ("5xx", lambda: MessageUnavailableError("HTTP 502")),
)
_THROTTLED: Final = (("throttled", lambda: MessageUnavailableError("HTTP 429")),)
_PATIENCE_SECONDS: Final = 60.0  # as in `bot.present.messenger`
_ANSWER: Final = Nature(
    domain="discord",
    calls=("answer",),
    unknown=_UNKNOWN,
    refusals=(),
    patience_seconds=1.0,
    latest_seconds=1.5,
)
_EDIT: Final = Nature(
    domain="discord",
    calls=("show", "deliver", "tell end"),
    unknown=_UNKNOWN,
    refusals=_THROTTLED,
    patience_seconds=_PATIENCE_SECONDS,
    latest_seconds=55.0,  # within the minute that `bot.jobs.progress` reckons with
    outlives_seconds=4.5,  # within the five seconds that it reckons with after a start
)
_READ: Final = Nature(
    domain="discord",
    calls=("find", "read back"),
    unknown=_UNKNOWN,
    refusals=_THROTTLED,
    patience_seconds=_PATIENCE_SECONDS,
    latest_seconds=None,
)
_POST: Final = Nature(
    domain="discord",
    calls=("reply",),
    unknown=_UNKNOWN,
    refusals=_THROTTLED,
    patience_seconds=_PATIENCE_SECONDS,
    latest_seconds=10.0,
    times=3.0,
)
_REMOVE: Final = Nature(
    domain="discord",
    calls=("remove",),
    unknown=_UNKNOWN,
    refusals=_THROTTLED,
    patience_seconds=_PATIENCE_SECONDS,
    latest_seconds=10.0,
    times=3.0,
)
NATURES: Final = (_ANSWER, _EDIT, _READ, _POST, _REMOVE)


class DiscordPort:
    """Implements `bot.jobs.ports.Messenger` for one process.

    Args:
        calls: the process's.
        server: at the other end.
        clock: tells the age of tokens.
    """

    def __init__(self, calls: Calls, server: DiscordServer, clock: Clock) -> None:
        self._calls = calls
        self._server = server
        self._clock = clock

    async def answer(self, job: Job, stage: Stage) -> int:
        """Answer the interaction with the job's first message."""
        token = job.interaction_token or ""
        content = _pending(job, stage)
        return await self._calls.make(
            _ANSWER, "answer", job.id, lambda: self._server.answer(token, job.id, content)
        )

    async def show(self, job: Job, stage: Stage) -> None:
        """Show how far a pending job is."""
        await self._edit("show", job, _pending(job, stage))

    async def deliver(
        self, job: Job, pictures: Sequence[Picture], standing: Standing, *, missing: int
    ) -> None:
        """Put the pictures into the message; `missing` more were asked for and are not charged."""
        content = Content(
            kind=Kind.PICTURES,
            pictures=len(pictures),
            missing=missing,
            says_refunded=job.refunded,
            state=f"{standing.left} left",
        )
        await self._edit("deliver", job, content)

    async def tell_end(self, job: Job) -> None:
        """Say in the message why there are no pictures."""
        content = Content(kind=Kind.END, says_refunded=job.refunded, state=job.state.value)
        await self._edit("tell end", job, content)

    async def reply(self, job: Job, stage: Stage, standing: Standing | None = None) -> int:  # noqa: ARG002 - the port's
        """Post the first message of a job that answers no interaction."""
        content = _pending(job, stage)
        return await self._calls.make(
            _POST,
            "reply",
            job.id,
            lambda: self._server.reply(job.channel_id, job.nonce or job.reference, job.id, content),
        )

    async def remove(self, guild_id: int, channel_id: int, message_id: int) -> None:  # noqa: ARG002 - the port's
        """Delete a message of the bot's own."""
        await self._calls.make(_REMOVE, "remove", None, lambda: self._server.remove(channel_id, message_id))

    async def notify(
        self, guild_id: int, channel_id: int, message_id: int, *, member_id: int, text: str
    ) -> int:
        """Reply to a message with a text."""
        raise NotImplementedError("no simulated part gives notices")

    async def find(self, job: Job) -> int | None:
        """Return the id of the message that answered the command, or None where there surely is none."""
        token = self._token(job)
        return await self._calls.make(
            _READ, "find", job.id, lambda: self._server.find(job.channel_id, token, job.id)
        )

    async def holds_pictures(self, job: Job) -> bool:
        """Read the message back and tell whether the pictures are in it."""
        message_id, token = _message_id(job), self._token(job)
        content = await self._calls.make(
            _READ, "read back", job.id, lambda: self._server.read(message_id, token)
        )
        return content.kind is Kind.PICTURES

    def invite_reroll(self, job: Job) -> None:
        """Add the first reaction: of no concern here."""

    def take_off(self, job: Job, emoji: str, member_id: int, *, after_seconds: float) -> None:
        """Take a member's reaction off: of no concern here."""

    async def _edit(self, name: str, job: Job, content: Content) -> None:
        message_id, token = _message_id(job), self._token(job)
        await self._calls.make(_EDIT, name, job.id, lambda: self._server.edit(message_id, token, content))

    def _token(self, job: Job) -> str | None:
        """Take the way that the token's age says."""
        is_young = self._clock.now() - job.created_at < _TOKEN_WAY_LASTS
        return job.interaction_token if is_young else None


class NoMail:
    """Implements `bot.jobs.mail.Mail`: direct messages are no part of the simulation."""

    async def addresses(self, job: Job) -> Sequence[str]:
        """Return where the pictures of the result's message lie."""
        raise NotImplementedError

    async def download(self, address: str, *, most_bytes: int) -> bytes:
        """Return one of these pictures' files."""
        raise NotImplementedError

    async def send(self, job: Job, member_id: int, pictures: Sequence[Picture], *, nonce: str) -> None:
        """Send the pictures and all about them to a member."""
        raise NotImplementedError


def _pending(job: Job, stage: Stage) -> Content:
    return Content(kind=Kind.PENDING, state=type(stage).__name__, says_refunded=job.refunded)


def _message_id(job: Job) -> int:
    if job.message_id is None:
        raise AssertionError(f"{job.reference} has no message yet")
    return job.message_id
