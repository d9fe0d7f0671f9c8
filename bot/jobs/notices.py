"""Short replies to members who reacted: they ping that member alone, and are gone after a while.

A reaction is no interaction, so there is no answer that one member alone could see.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import MessageError, MessageGoneError, StorageError
from bot.jobs.backoff import backoff_seconds
from bot.jobs.ports import Clock, Messenger, Notice, NoticeStore
from bot.jobs.worker import Worker

SHOWN_FOR: Final = timedelta(seconds=15)
_PAUSE_SECONDS: Final = 60.0  # between two notices to a member
_MEMBERS_AT_MOST: Final = 10_000  # who are remembered for that pause
_IN_A_CHANNEL_AT_MOST: Final = 5  # that stand at once: pictures need the channel's few calls more
_REMOVED_AT_ONCE: Final = 4
_FIRST_RETRY_SECONDS: Final = 1.0
_LAST_RETRY_SECONDS: Final = 60.0
_FAILURES_AT_MOST: Final = 60  # about an hour; after the next start it is tried again

log = structlog.get_logger()


class Notices:
    """Posts notices, and deletes them in time, those too that a stop left standing.

    Args:
        store: where they are kept until they are deleted.
        messenger: posts and deletes them.
        clock: the time of day.
    """

    def __init__(self, store: NoticeStore, messenger: Messenger, clock: Clock) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._worker = Worker("notice", self._step, width=_REMOVED_AT_ONCE, of_jobs=False)
        self._standing: dict[int, Notice] = {}
        self._failures: dict[int, int] = {}
        self._told_at: dict[tuple[int, int], float] = {}  # by server and member, the longest ago first
        self._in_channel: Counter[int] = Counter()  # that stand or are being posted

    async def say(
        self, *, guild_id: int, channel_id: int, message_id: int, member_id: int, text: str
    ) -> None:
        """Reply to a message, unless this member had a notice within the last minute, or the channel is full.

        A member whom Discord does not let it tell is not told; nothing is raised for that.
        """
        is_full = self._in_channel[channel_id] >= _IN_A_CHANNEL_AT_MOST
        if is_full or not self._is_turn_of(guild_id, member_id):
            log.debug("notice.dropped", guild=guild_id, member=member_id)
            return
        self._in_channel[channel_id] += 1
        try:
            posted = await self._messenger.notify(
                guild_id, channel_id, message_id, member_id=member_id, text=text
            )
        except MessageError as error:
            log.info("notice.not_posted", guild=guild_id, channel=channel_id, error=str(error))
            self._free_place_in(channel_id)
            return
        notice = Notice(
            guild_id=guild_id,
            channel_id=channel_id,
            message_id=posted,
            remove_at=self._clock.now() + SHOWN_FOR,
        )
        self._add(notice)
        try:
            await self._store.add(notice)
        except StorageError as error:
            log.debug("notice.not_stored", message=posted, error=str(error))

    async def recover(self) -> None:
        """Take on the notices that a stop left standing.

        Raises:
            StorageError: they could not be read.
        """
        for notice in await self._store.list_all():
            self._in_channel[notice.channel_id] += 1
            self._add(notice)

    async def run(self) -> None:
        """Delete until stopped."""
        await self._worker.run()

    def stop(self) -> None:
        """Delete no more; what stands is deleted after the next start."""
        self._worker.stop()

    def _is_turn_of(self, guild_id: int, member_id: int) -> bool:
        now = asyncio.get_running_loop().time()
        while self._told_at and (
            len(self._told_at) >= _MEMBERS_AT_MOST
            or next(iter(self._told_at.values())) + _PAUSE_SECONDS <= now
        ):
            del self._told_at[next(iter(self._told_at))]
        if (guild_id, member_id) in self._told_at:
            return False
        self._told_at[guild_id, member_id] = now
        return True

    def _add(self, notice: Notice) -> None:
        """Have it deleted in time; a clock that was set back meanwhile does not keep it any longer."""
        self._standing[notice.message_id] = notice
        wait = min(notice.remove_at - self._clock.now(), SHOWN_FOR)
        self._worker.put(notice.message_id, delay=max(0.0, wait.total_seconds()))

    async def _step(self, message_id: int) -> float | None:
        notice = self._standing[message_id]
        try:
            await self._delete(notice)
            await self._store.remove(message_id)
        except (MessageError, StorageError) as error:
            failures = self._failures[message_id] = self._failures.get(message_id, 0) + 1
            log.warning("notice.not_removed", message=message_id, failures=failures, error=str(error))
            if failures < _FAILURES_AT_MOST:
                return backoff_seconds(failures, first=_FIRST_RETRY_SECONDS, most=_LAST_RETRY_SECONDS)
        del self._standing[message_id]
        self._failures.pop(message_id, None)
        self._free_place_in(notice.channel_id)
        return None

    def _free_place_in(self, channel_id: int) -> None:
        self._in_channel[channel_id] -= 1
        if not self._in_channel[channel_id]:
            del self._in_channel[channel_id]

    async def _delete(self, notice: Notice) -> None:
        try:
            await self._messenger.remove(notice.guild_id, notice.channel_id, notice.message_id)
        except MessageGoneError as error:
            log.info("notice.gone", message=notice.message_id, error=str(error))
