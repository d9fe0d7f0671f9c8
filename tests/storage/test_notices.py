"""Messages that are to be deleted later are remembered until they are."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.jobs.ports import Notice
from storage.database import Database
from storage.notices import SqliteNoticeStore


@pytest.fixture
def notices(database: Database) -> SqliteNoticeStore:
    """A store of notices."""
    return SqliteNoticeStore(database)


@pytest.fixture
def notice(now: datetime) -> Notice:
    """A notice that is due in a moment."""
    return Notice(guild_id=100, channel_id=200, message_id=1, remove_at=now + timedelta(seconds=15))


async def test_a_notice_is_kept_until_it_is_deleted(notices: SqliteNoticeStore, notice: Notice) -> None:
    """What was added comes back as it was, and is gone once its message is."""
    await notices.add(notice)
    assert await notices.list_all() == [notice]
    await notices.remove(notice.message_id)
    assert await notices.list_all() == []


async def test_notices_outlive_the_process(url: str, notice: Notice) -> None:
    """The next start finds them."""
    async with Database.open(url) as database:
        await SqliteNoticeStore(database).add(notice)
    async with Database.open(url) as database:
        assert await SqliteNoticeStore(database).list_all() == [notice]


async def test_those_that_are_due_first_come_first(notices: SqliteNoticeStore, notice: Notice) -> None:
    """Whatever the order in which they were added."""
    late = replace(notice, message_id=2, remove_at=notice.remove_at + timedelta(seconds=1))
    early = replace(notice, message_id=3, remove_at=notice.remove_at - timedelta(seconds=1))
    for each in (late, notice, early):
        await notices.add(each)
    assert await notices.list_all() == [early, notice, late]


async def test_repeating_is_harmless(notices: SqliteNoticeStore, notice: Notice) -> None:
    """A notice added twice is one, and one that is not known can be removed."""
    await notices.add(notice)
    await notices.add(notice)
    await notices.remove(404)
    assert await notices.list_all() == [notice]
