"""Messages that are to be deleted later, so that a stop in between does not leave them standing."""

from bot.jobs.ports import Notice
from storage.database import Database
from storage.queries import load_queries
from storage.times import from_ms, to_ms

_SQL = load_queries("notices.sql")


class SqliteNoticeStore:
    """Implements `bot.jobs.ports.NoticeStore`.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, notice: Notice) -> None:
        """Remember a message that is to be deleted."""
        values = {
            "message_id": notice.message_id,
            "guild_id": notice.guild_id,
            "channel_id": notice.channel_id,
            "remove_at": to_ms(notice.remove_at),
        }
        await self._database.write(lambda transaction: transaction.fetch(_SQL["add_notice"], values))

    async def remove(self, message_id: int) -> None:
        """Forget a message that was deleted; no matter if it is not known."""
        values = {"message_id": message_id}
        await self._database.write(lambda transaction: transaction.fetch(_SQL["remove_notice"], values))

    async def list_all(self) -> list[Notice]:
        """Return all that are still to be deleted, those that are due first first."""
        rows = await self._database.read(_SQL["list_notices"], {})
        return [
            Notice(
                guild_id=row["guild_id"],
                channel_id=row["channel_id"],
                message_id=row["message_id"],
                remove_at=from_ms(row["remove_at"]),
            )
            for row in rows
        ]
