"""What members do with results: find them, roll them again, have them removed or sent, and trace them."""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

import structlog

from bot.errors import LineFullError, MessageError, NotAllowedError, NotSentError, ResultGoneError
from bot.jobs.mail import Mailer
from bot.jobs.model import Job
from bot.jobs.ports import Family, JobStore, Messenger, Request
from bot.jobs.promise import promise
from bot.jobs.removal import Remover
from bot.jobs.service import JobService

_CHILDREN_AT_MOST: Final = 10  # of a family: the newest ones
_REPLIES_AT_ONCE: Final = 2  # in a channel: Discord takes about one a second there, and a nonce grows old
_REPLIES_WAIT_AT_MOST: Final = 200  # in all

log = structlog.get_logger()


class Results:
    """The jobs whose messages hold pictures, of each server for itself.

    Args:
        service: takes rerolls on, and changes jobs.
        store: where jobs are found.
        messenger: posts the replies.
        remover: deletes what is to be deleted.
        mailer: sends pictures to members.
    """

    def __init__(
        self,
        *,
        service: JobService,
        store: JobStore,
        messenger: Messenger,
        remover: Remover,
        mailer: Mailer,
    ) -> None:
        self._service = service
        self._store = store
        self._messenger = messenger
        self._remover = remover
        self._mailer = mailer
        self._turns: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()  # by channel
        self._waiting = 0

    async def find_any(self, guild_id: int, message_id: int) -> Job | None:
        """Return the job, a result or not, whose message this is, by one look-up.

        Raises:
            StorageError: it could not be read.
        """
        return _of_guild(await self._store.find_by_message(message_id), guild_id)

    async def get(self, guild_id: int, channel_id: int, job_id: int | None) -> Job:
        """Return a result.

        Raises:
            ResultGoneError: this channel has no such result, or no longer.
            StorageError: it could not be read.
        """
        job = await self.get_any(guild_id, channel_id, job_id)
        if not job.is_result:
            raise ResultGoneError(job.reference)
        return job

    async def get_any(self, guild_id: int, channel_id: int, job_id: int | None) -> Job:
        """Return a job, a result or not; not everybody sees every channel, so only one of this one.

        Raises:
            ResultGoneError: this channel has no such job.
            StorageError: it could not be read.
        """
        job = None if job_id is None else _of_guild(await self._store.get(job_id), guild_id)
        if job is None or job.channel_id != channel_id:
            raise ResultGoneError(f"S-{job_id} in channel {channel_id} of server {guild_id}")
        return job

    async def reroll(self, request: Request) -> Job:
        """Take on a job that was asked for without an interaction, once its message, a reply, can go out.

        Raises:
            LineFullError: too many wait for that already.
            Refusal: nothing was reserved.
            StorageError: nothing was reserved.
            MessageGoneError: Discord refused the reply; the job was withdrawn.
        """
        if self._waiting >= _REPLIES_WAIT_AT_MOST:
            raise LineFullError(f"{self._waiting} replies wait")
        turn = self._turns.setdefault(request.channel_id, asyncio.Semaphore(_REPLIES_AT_ONCE))
        self._waiting += 1
        try:
            async with turn:
                return await promise(self._service, request, self._messenger.reply)
        finally:
            self._waiting -= 1

    async def remove(self, job: Job, *, member_id: int, may_moderate: bool) -> None:
        """Have a result deleted, its message and Wiro's files, for its owner or a moderator.

        Raises:
            NotAllowedError: it is not theirs.
            StorageError: nothing was changed.
        """
        if not (may_moderate or job.member_id == member_id):
            raise NotAllowedError(job.reference)
        if await self._service.note_removal(job.id, member_id) is not None:
            log.info("result.remove", job=job.reference, by=member_id)
            self._remover.put(job.id)

    async def mail(self, job: Job, *, member_id: int) -> None:
        """Send a result's pictures to a member by direct message.

        Raises:
            DirectMessagesClosedError: the member takes none.
            ResultGoneError: the message is not there any more.
            NotSentError: Discord did not take it, or did not confirm it.
        """
        try:
            await self._mailer.send(job, member_id)
        except MessageError as error:
            log.warning("mail.not_sent", job=job.reference, member=member_id, error=str(error))
            raise NotSentError(job.reference) from error

    def take_off(self, job: Job, emoji: str, member_id: int, *, after_seconds: float) -> None:
        """Take a member's reaction on a job's message off in a moment, so that it can be clicked anew."""
        self._messenger.take_off(job, emoji, member_id, after_seconds=after_seconds)

    async def family(self, job: Job) -> Family:
        """Return what a job was born from, and the newest of what came of it.

        Raises:
            StorageError: it could not be read.
        """
        return await self._store.family(job, most=_CHILDREN_AT_MOST)


def _of_guild(job: Job | None, guild_id: int) -> Job | None:
    return job if job is not None and job.guild_id == guild_id else None
