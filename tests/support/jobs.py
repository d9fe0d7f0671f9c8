"""A job to begin with, for tests to which most of its fields do not matter."""

from datetime import UTC, datetime
from typing import Final

from bot.jobs.model import Job, State

ANY_JOB: Final = Job(
    id=42,
    state=State.DELIVERED,
    guild_id=1,
    channel_id=2,
    member_id=3,
    upload_limit_bytes=10_485_760,
    parameters="{}",
    credits=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
