"""What pages about quotas are made of, and how to read them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.present.page import Page
from bot.quotas.model import EntryKind, LedgerEntry

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
END = f"<t:{SECONDS}:f> (<t:{SECONDS}:R>)"
GUILD, ROLE, MEMBER, MODERATOR = 1, 2, 3, 4
LARGE = 2**62
"""As long as an id can be."""

NASTY = st.text(max_size=200) | st.sampled_from(["*" * 200, "<@1>" * 50, "\n" * 200, "\u202e" * 200])
"""What people type to break a page."""


def texts(page: Page) -> list[str]:
    """Return a page's text displays."""
    return [each["content"] for each in _inside(page) if each["type"] == 10]


def buttons(page: Page) -> list[dict[str, Any]]:
    """Return a page's buttons."""
    return [button for each in _inside(page) if each["type"] == 1 for button in each["components"]]


def _inside(page: Page) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = page.to_components()  # type: ignore[no-untyped-call] # discord.py's
    inside: list[dict[str, Any]] = components[0]["components"]
    return inside


def entry(
    kind: EntryKind, credits_: int = 4, *, why: str | None = None, job_id: int | None = 9
) -> LedgerEntry:
    """Return an entry of the ledger."""
    is_change = kind in {EntryKind.GRANT, EntryKind.RESET}
    return LedgerEntry(
        id=1,
        at=NOW,
        member_id=MEMBER,
        kind=kind,
        credits=credits_,
        job_id=None if is_change else job_id,
        by=MODERATOR if is_change else None,
        why=why,
    )
