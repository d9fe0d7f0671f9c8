"""What the life of a job needs of the world.

Implemented by ``storage``, ``bot.wiro``, ``bot.images`` and ``bot.present``.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.allowance import Allowance
from bot.jobs.model import Job
from bot.wiro.news import TaskNews, TaskProgress
from bot.wiro.wire import Accepted, Output, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A member's validated wish, before it is a job."""

    guild_id: int
    channel_id: int
    member_id: int
    interaction_token: str | None  # None: the job's message is a reply, made with the nonce
    upload_limit_bytes: int
    parameters: str  # `bot.parameters.SanaParameters` as JSON
    credits: int
    role_ids: tuple[int, ...] = ()  # the member's roles, which may have allowances
    parent_id: int | None = None  # the job from whose result this one is born
    reply_to_id: int | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a member has left."""

    allowance: Allowance
    used: int  # credits of the allowance used within the last period
    granted: int  # extra credits left

    @property
    def left(self) -> int | None:
        """Credits that can be used now; None: as many as they like."""
        left = self.allowance.left(self.used)
        return None if left is None else left + self.granted


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a job was born from, what came of it, and what it cost."""

    parent: Job | None
    children: tuple[Job, ...]  # the newest of them, oldest first
    children_count: int  # of all
    charged: int | None = None  # credits, for what came; None until it is delivered, or where it was refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message of the bot that is to be deleted at a time."""

    guild_id: int
    channel_id: int
    message_id: int
    remove_at: datetime


class JobStore(Protocol):
    """Jobs and their ledger. A method is one transaction; a `StorageError` says that nothing was written."""

    async def accept(self, request: Request, now: datetime) -> tuple[Job, Standing]:
        """Store a queued job and reserve its credits; return it, and what is left afterwards.

        Raises:
            AllowanceExceededError: too few credits; nothing was stored.
            BlockedError: a moderator blocked the member; nothing was stored.
        """
        ...

    async def save(self, before: Job, after: Job, now: datetime, *, settle: int = 0) -> None:
        """Replace `before` with `after`, with the ledger's entries that the transition asks for.

        A transition to a refunding end refunds the whole reserve. One to delivered settles `settle` credits
        and refunds the rest; a job that was refunded before is neither settled nor refunded again.

        Raises:
            StaleJobError: the stored job is no longer in `before.state`.
        """
        ...

    async def get(self, job_id: int) -> Job | None:
        """Return one job, open or not."""
        ...

    async def find_by_callback(self, callback_hash: bytes) -> Job | None:
        """Return the job, open or not, whose last Run had this callback token."""
        ...

    async def find_by_message(self, message_id: int) -> Job | None:
        """Return the job, open or not, whose message this is."""
        ...

    async def family(self, job: Job, *, most: int) -> Family:
        """Return a job's parent, at most so many of its children, the newest ones, and what it cost."""
        ...

    async def list_removals(self) -> list[Job]:
        """Return all jobs whose result is to be removed and was not yet, oldest first."""
        ...

    async def list_open(self) -> list[Job]:
        """Return all open jobs, oldest first."""
        ...

    async def claimed(self, taskids: Sequence[str]) -> frozenset[str]:
        """Return those of the taskids that belong to a job."""
        ...

    async def standing_after(self, job: Job, now: datetime, *, refund: int) -> Standing:
        """Return what a job's member will have left when so many of its credits have come back."""
        ...


class NoticeStore(Protocol):
    """Messages that are to be deleted later. Each method may raise a `StorageError`."""

    async def add(self, notice: Notice) -> None:
        """Remember a message that is to be deleted."""
        ...

    async def remove(self, message_id: int) -> None:
        """Forget a message that was deleted; no matter if it is not known."""
        ...

    async def list_all(self) -> list[Notice]:
        """Return all that are still to be deleted."""
        ...


class Wiro(Protocol):
    """Wiro's calls. Each raises a `WiroError`."""

    async def run(self, inputs: Mapping[str, str | int], callback_url: str | None) -> Accepted:
        """Start a billed task. Never repeated by the implementation."""
        ...

    async def task_detail(self, *, tasktoken: str | None = None, taskid: str | None = None) -> Task:
        """Return a task by its token or its id."""
        ...

    async def task_list(self, *, start: int, limit: int) -> list[Task]:
        """Return the project's tasks, newest first."""
        ...

    async def cancel(self, *, taskid: str, tasktoken: str) -> None:
        """Cancel a task that Wiro has queued."""
        ...

    async def kill(self, *, taskid: str, tasktoken: str) -> None:
        """Stop a task that runs."""
        ...

    async def delete_files(self, tasktoken: str) -> None:
        """Delete the files of a task that has ended; repeating it is harmless."""
        ...


class Feed(Protocol):
    """News of tasks as they happen. It may be silent at any time: polling guarantees."""

    def follow(self, tasktoken: str) -> None:
        """Ask for the news of a task; no matter if it was asked for already."""
        ...

    def forget(self, tasktoken: str) -> None:
        """Ask for no more news of a task; no matter if it was not asked for."""
        ...

    async def run(self, hear: Callable[[TaskNews], None]) -> None:
        """Call `hear` with every piece of news, in order, until stopped."""
        ...

    def stop(self) -> None:
        """Let `run` return soon."""
        ...


class Picture(Protocol):
    """A verified picture, fit for the upload limit."""

    @property
    def filename(self) -> str:
        """A name whose ending tells the format."""
        ...

    @property
    def content(self) -> bytes:
        """The file."""
        ...

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def url(self) -> str:
        """Where the original lies."""
        ...

    @property
    def reduced(self) -> bool:
        """Whether the file was encoded anew to fit the upload limit."""
        ...


class Pictures(Protocol):
    """Fetches outputs."""

    def room(self, size_bytes: int) -> AbstractAsyncContextManager[None]:
        """Wait for that much memory, and hold it: pictures live until they are uploaded."""
        ...

    async def fetch(self, output: Output, *, number: int, upload_limit_bytes: int) -> Picture:
        """Return a verified picture that fits the limit; `number` tells the pictures of a job apart, from 1.

        Raises:
            PictureError: in its three kinds.
        """
        ...

    async def fit(self, content: bytes, *, number: int, upload_limit_bytes: int) -> Picture:
        """Return a picture that is at hand, verified and made to fit another limit.

        Raises:
            PictureRefusedError: it is none, or cannot be made to fit.
        """
        ...


class Hold(StrEnum):
    """Why nothing is started for a while."""

    ACCOUNT = "account"  # the account cannot run anything until its owner acts
    SERVICE = "service"  # the service did not take anything, several times


@dataclass(frozen=True, slots=True)
class InLine:
    """The job waits for a slot."""

    place: int  # 1 is next
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Wiro works on it."""

    progress: TaskProgress | None = None  # as far as Wiro has told


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Its Run was not answered, and a first look for the task did not find it."""


Stage = InLine | Running | Unconfirmed


class Messenger(Protocol):
    """The job's message in Discord. Each method can be repeated, and raises a `MessageError`."""

    async def show(self, job: Job, stage: Stage) -> None:
        """Show how far a pending job is."""
        ...

    async def deliver(
        self, job: Job, pictures: Sequence[Picture], standing: Standing, *, missing: int
    ) -> None:
        """Put the pictures into the message; `missing` more were asked for and are not charged."""
        ...

    async def tell_end(self, job: Job) -> None:
        """Say in the message why there are no pictures."""
        ...

    async def reply(self, job: Job, stage: Stage, standing: Standing | None = None) -> int:
        """Post the first message of a job that answers no interaction, and return its id.

        For as long as Discord remembers the job's nonce, repeating it returns the same message.
        """
        ...

    async def remove(self, guild_id: int, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot's own."""
        ...

    async def notify(
        self, guild_id: int, channel_id: int, message_id: int, *, member_id: int, text: str
    ) -> int:
        """Reply to a message with a text that pings this member alone; return the reply's id."""
        ...

    async def find(self, job: Job) -> int | None:
        """Return the id of the message that answered the command, or None where there surely is none."""
        ...

    async def holds_pictures(self, job: Job) -> bool:
        """Read the message back and tell whether the pictures are in it."""
        ...

    def invite_reroll(self, job: Job) -> None:
        """Add the first reaction, in the background."""
        ...

    def take_off(self, job: Job, emoji: str, member_id: int, *, after_seconds: float) -> None:
        """Take a member's reaction off the job's message, in the background."""
        ...


class Clock(Protocol):
    """The time of day; waiting is the event loop's."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        ...
