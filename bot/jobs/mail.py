"""A result's pictures by direct message, to anybody who asks for them.

They are read back from the result's own message: the picture service's files may be gone by then.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Protocol, TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from bot.errors import MessageUnavailableError, PictureRefusedError, ResultGoneError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.model import Job
from bot.jobs.ports import Picture, Pictures
from bot.nonce import new_nonce
from bot.parameters import SanaParameters

FILE_LIMIT_BYTES: Final = 10 * 1024 * 1024
"""What a direct message takes, for each file. Source: the reference, Limits: a server without boosts."""

_MAILS_AT_ONCE: Final = 2
_IN_LINE_AT_MOST: Final = 20
_WAIT_SECONDS: Final = 60.0  # for a turn, and for memory
_RETRY_FOR_SECONDS: Final = 60.0
_FIRST_RETRY_SECONDS: Final = 1.0
_LAST_RETRY_SECONDS: Final = 15.0

log = structlog.get_logger()

_T = TypeVar("_T")


class Mail(Protocol):
    """Results' messages, and direct messages. Each method can be repeated, and raises a `MessageError`."""

    async def addresses(self, job: Job) -> Sequence[str]:
        """Return where the pictures of the result's message lie.

        Raises:
            ResultGoneError: there is no such message any more.
            MessageUnavailableError: it holds no pictures yet, or could not be read.
        """
        ...

    async def download(self, address: str, *, most_bytes: int) -> bytes:
        """Return one of these pictures' files, which is not larger than that."""
        ...

    async def send(self, job: Job, member_id: int, pictures: Sequence[Picture], *, nonce: str) -> None:
        """Send the pictures and all about them to a member.

        For as long as Discord remembers the nonce, repeating it sends nothing more.

        Raises:
            DirectMessagesClosedError: the member takes no direct messages from this bot.
        """
        ...


class Mailer:
    """Sends pictures to those who ask for them.

    Args:
        pictures: makes them fit, and gives the memory for them.
        mail: reads and sends.
        find: returns a job as it is now, for it may be deleted meanwhile.
    """

    def __init__(
        self, *, pictures: Pictures, mail: Mail, find: Callable[[int], Awaitable[Job | None]]
    ) -> None:
        self._pictures = pictures
        self._mail = mail
        self._find = find
        self._turns = asyncio.Semaphore(_MAILS_AT_ONCE)
        self._in_line = 0

    async def send(self, job: Job, member_id: int) -> None:
        """Send a result's pictures to a member, once.

        Raises:
            DirectMessagesClosedError: the member takes no direct messages from this bot.
            ResultGoneError: there is no such message any more.
            MessageGoneError: Discord will not have it otherwise.
            MessageUnavailableError: it did not work within a minute, or too many others wait.
        """
        parameters = SanaParameters.from_json(job.parameters)
        async with self._turn(parameters.samples * FILE_LIMIT_BYTES):
            patience = _Patience(job, seconds=_RETRY_FOR_SECONDS)
            addresses = await patience.repeat(lambda: self._mail.addresses(job))
            pictures = [
                await self._fetch(job, address, number, patience)
                for number, address in enumerate(addresses[: parameters.samples], start=1)
            ]
            current = await self._find(job.id)
            if current is None or not current.is_result:  # it was deleted meanwhile
                raise ResultGoneError(job.reference)
            nonce = new_nonce()
            await patience.repeat(lambda: self._mail.send(job, member_id, pictures, nonce=nonce))
        log.info("job.mailed", job=job.reference, member=member_id, pictures=len(pictures))

    @asynccontextmanager
    async def _turn(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait for a turn and for memory, and hold both.

        Raises:
            MessageUnavailableError: too many wait already, or it took too long.
        """
        if self._in_line >= _IN_LINE_AT_MOST:
            raise MessageUnavailableError(f"{self._in_line} direct messages wait already")
        async with AsyncExitStack() as held:
            self._in_line += 1
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
                    await held.enter_async_context(self._turns)
                    await held.enter_async_context(self._pictures.room(size_bytes))
            except TimeoutError as error:
                raise MessageUnavailableError("other direct messages took too long") from error
            finally:
                self._in_line -= 1
            yield

    async def _fetch(self, job: Job, address: str, number: int, patience: "_Patience") -> Picture:
        # What is in the message was made to fit the limit that held there.
        most_bytes = max(job.upload_limit_bytes, FILE_LIMIT_BYTES)
        content = await patience.repeat(lambda: self._mail.download(address, most_bytes=most_bytes))
        try:
            with bound_contextvars(job=job.reference):
                return await self._pictures.fit(content, number=number, upload_limit_bytes=FILE_LIMIT_BYTES)
        except PictureRefusedError as error:
            raise MessageUnavailableError(f"picture {number} came back as something else: {error}") from error


class _Patience:
    """Repeats what fails for a while, so long in all.

    Args:
        job: whose pictures are sent, for the log.
        seconds: from now on.
    """

    def __init__(self, job: Job, *, seconds: float) -> None:
        self._job = job
        self._until = asyncio.get_running_loop().time() + seconds
        self._failures = 0

    async def repeat(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Return what the call returns in the end.

        Raises:
            MessageUnavailableError: of the last attempt.
        """
        while True:
            try:
                return await call()
            except MessageUnavailableError as error:
                self._failures += 1
                pause = backoff_seconds(self._failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
                if asyncio.get_running_loop().time() + pause > self._until:
                    raise
                log.info("mail.failed", job=self._job.reference, failures=self._failures, error=str(error))
            await asyncio.sleep(pause)
