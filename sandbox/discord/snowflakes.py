"""Discord's identifiers: unique, rising, with the time of their making inside.

Source: Discord's reference, Snowflakes (42 bits of milliseconds since 2015, 22 bits below).
"""

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
_LOWER_BITS = 22


class Snowflakes:
    """Gives one rising identifier after another; never the same twice."""

    def __init__(self) -> None:
        self._last = 0
        self._last_guild_ms = 0

    def next(self) -> int:
        """Return a new identifier, greater than all before it."""
        now = int(time.time() * 1000) - EPOCH_MS
        self._last = max(now << _LOWER_BITS, self._last + 1)
        return self._last

    def next_of_guild(self) -> int:
        """Return a new identifier, a millisecond after the last guild's: guilds fall to shards in turn."""
        self._last_guild_ms = (self._last_guild_ms or (self.next() >> _LOWER_BITS)) + 1
        # No other identifier gets as far up within its millisecond.
        return self._last_guild_ms << _LOWER_BITS | 1 << (_LOWER_BITS - 1)


def created_at(snowflake: int) -> datetime:
    """Return the moment at which `snowflake` was made, aware, in UTC."""
    return datetime.fromtimestamp(((snowflake >> _LOWER_BITS) + EPOCH_MS) / 1000, UTC)


def shard_of(guild_id: int | None, shards: int) -> int:
    """Return the shard that hears of a guild; what belongs to no guild is shard 0's (Source: Sharding)."""
    return 0 if guild_id is None else (guild_id >> _LOWER_BITS) % shards
