"""What the life of a job needs of the world.

Implemented by ``storage``, ``bot.wiro``, ``bot.images`` and ``bot.present``.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.allowance import Allowance
from bot.jobs.model import Job
from bot.wiro.wire import Accepted, Output, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A member's validated wish, before it is a job."""

    guild_id: int
    channel_id: int
    member_id: int
    interaction_token: str
    upload_limit_bytes: int
    parameters: str  # `bot.parameters.SanaParameters` as JSON
    credits: int
    role_ids: tuple[int, ...] = ()  # the member's roles, which may have allowances


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

    async def list_open(self) -> list[Job]:
        """Return all open jobs, oldest first."""
        ...

    async def claimed(self, taskids: Sequence[str]) -> frozenset[str]:
        """Return those of the taskids that belong to a job."""
        ...

    async def standing(
        self, guild_id: int, member_id: int, role_ids: Collection[int], now: datetime
    ) -> Standing:
        """Return what a member with these roles has left."""
        ...

    async def standing_after(self, job: Job, now: datetime, *, refund: int) -> Standing:
        """Return what a job's member will have left when so many of its credits have come back."""
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


@dataclass(frozen=True, slots=True)
class InLine:
    """The job waits for a slot."""

    place: int  # 1 is next
    held: bool = False  # the account cannot run anything until the owner acts


@dataclass(frozen=True, slots=True)
class Running:
    """Wiro works on it."""


Stage = InLine | Running


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

    async def find(self, job: Job) -> int | None:
        """Return the id of the message that answered the command, or None where there surely is none."""
        ...

    async def holds_pictures(self, job: Job) -> bool:
        """Read the message back and tell whether the pictures are in it."""
        ...

    def invite_reroll(self, job: Job) -> None:
        """Add the first reaction, in the background."""
        ...


class Clock(Protocol):
    """The time of day; waiting is the event loop's."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        ...
