"""What `/usage` and `/quota show` show, and entries of the ledger in plain words."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.allowance import Allowance, Period
from bot.jobs.model import Job, State
from bot.jobs.ports import Standing
from bot.present.page import MAX_TEXT
from bot.present.quota_entries import entry_in_words
from bot.present.quota_words import Names
from bot.present.usage import usage
from bot.quotas.model import (
    Block,
    Entitlement,
    EntryKind,
    LedgerEntry,
    MemberView,
    Origin,
    Return,
    RuleKind,
)
from tests.support.pages import END, GUILD, LARGE, MEMBER, MODERATOR, NASTY, NOW, ROLE, SECONDS, entry, texts

NAMES = Names(roles={ROLE: "Booster"})


def job(number: int, state: State) -> Job:
    """Return a job under way."""
    return Job(
        id=number,
        state=state,
        guild_id=GUILD,
        channel_id=1,
        member_id=MEMBER,
        upload_limit_bytes=1,
        parameters="{}",
        credits=1,
        created_at=NOW,
    )


def view(**changes: Any) -> MemberView:  # noqa: ANN401 - the fields' own types hold
    """Return what there is to know about a member who used 5 of 20."""
    allowance = Allowance(20, Period.DAY)
    whole: dict[str, Any] = {
        "member_id": MEMBER,
        "entitlement": Entitlement(allowance, Origin(RuleKind.ROLE, ROLE)),
        "standing": Standing(allowance=allowance, used=5, granted=0),
        "block": None,
        "jobs": (),
        "jobs_under_way": 0,
        "returns": (),
        "entries": (),
    }
    return MemberView(**{**whole, **changes})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (entry(EntryKind.RESERVE, why="queued"), "reserved 4, waits in line (S-9)"),
        (entry(EntryKind.RESERVE, why="running"), "reserved 4, being made (S-9)"),
        (entry(EntryKind.RESERVE, why="delivered"), "reserved 4, settled since (S-9)"),
        (entry(EntryKind.SETTLE, why="delivered"), "paid 4, picture posted (S-9)"),
        (entry(EntryKind.REFUND, why="failed"), "refunded 4, task failed (S-9)"),
        (entry(EntryKind.REFUND, why="cancelled"), "refunded 4, cancelled (S-9)"),
        (entry(EntryKind.REFUND, 1, why="fewer"), "refunded 1, fewer pictures came (S-9)"),
        (entry(EntryKind.REFUND, why="late"), "refunded 4, it came late and is free (S-9)"),
        (entry(EntryKind.REFUND, why="unheard of"), "refunded 4, no picture came (S-9)"),
        (entry(EntryKind.GRANT, 1, why="thanks"), "1 extra credit granted by <@4>. Reason: thanks"),
        (entry(EntryKind.GRANT, -2, why="oops"), "2 extra credits taken back by <@4>. Reason: oops"),
        (
            entry(EntryKind.RESET, 0, why="new week"),
            "what was used before counts no more by <@4>. Reason: new week",
        ),
    ],
)
def test_entries_in_plain_words(made: LedgerEntry, words: str) -> None:
    """Every kind of entry says what it did and why."""
    assert entry_in_words(made, reason_room=100) == words


@pytest.mark.parametrize("state", [each for each in State if each is not State.DELIVERED])
def test_every_refunding_end_has_its_words(state: State) -> None:
    """No end of a job without pictures falls back to words of no meaning."""
    if state in {State.FAILED, State.CANCELLED, State.EXPIRED, State.LOST, State.UNDELIVERABLE}:
        assert "no picture came" not in entry_in_words(entry(EntryKind.REFUND, why=state), reason_room=9)
    assert "for a picture" not in entry_in_words(entry(EntryKind.RESERVE, why=state), reason_room=9)


class TestUsage:
    """`/usage`, and `/quota show`."""

    def test_what_a_member_sees(self) -> None:
        """The bar, used and left, why, extra credits, what returns, jobs under way, the last entries."""
        facts, entries = texts(
            usage(
                view(
                    standing=Standing(allowance=Allowance(20, Period.DAY), used=5, granted=3),
                    returns=tuple(Return(NOW + timedelta(hours=hours), hours) for hours in (1, 2, 3, 4)),
                    jobs=(job(7, State.RUNNING), job(8, State.QUEUED)),
                    jobs_under_way=2,
                    entries=(entry(EntryKind.REFUND, why="failed"),),
                ),
                NAMES,
                own=True,
            )
        )
        hour = SECONDS + 3600
        assert facts.split("\n") == [
            "**Your credits in this server**",
            f"`{'█' * 5}{'░' * 15}`",
            "**5 of 20** used in the last 24 hours, **18 left** with the extra credits.",
            "Allowance: 20 credits a day, from the role **Booster**.",
            "Extra credits: **3**. They do not expire, and are used after the allowance.",
            (
                f"Next to return: 1 credit <t:{hour}:R> (<t:{hour}:f>);"
                f" 2 credits <t:{hour + 3600}:R> (<t:{hour + 3600}:f>);"
                f" 3 credits <t:{hour + 7200}:R> (<t:{hour + 7200}:f>)."
            ),
            "Jobs under way: **2** (S-7 being made; S-8 waits in line).",
        ]
        assert entries == f"**Last entries**\n<t:{SECONDS}:f> refunded 4, task failed (S-9)"

    def test_what_returns_in_one_minute_stands_together(self) -> None:
        """Discord shows no seconds: two returns of one minute would read as the same line twice."""
        returns = (
            Return(NOW, 1),
            Return(NOW + timedelta(seconds=59), 2),
            Return(NOW + timedelta(seconds=60), 4),
        )
        facts, _ = texts(usage(view(returns=returns), NAMES, own=True))
        later = SECONDS + 60
        assert (
            f"Next to return: 3 credits <t:{SECONDS}:R> (<t:{SECONDS}:f>);"
            f" 4 credits <t:{later}:R> (<t:{later}:f>)."
        ) in facts

    def test_nothing_used_yet(self) -> None:
        """A newcomer's page has no gaps."""
        standing = Standing(allowance=Allowance(20, Period.DAY), used=0, granted=0)
        facts, entries = texts(usage(view(standing=standing), NAMES, own=True))
        assert "**0 of 20** used in the last 24 hours, **20 left**." in facts
        assert "Extra credits: none." in facts
        assert "return" not in facts
        assert "Jobs under way: none." in facts
        assert entries == "**Last entries**\nNone yet."

    def test_unlimited(self) -> None:
        """Where there is no limit it is said in words, and there is no bar."""
        allowance = Allowance(None, Period.WEEK)
        facts, _ = texts(
            usage(
                view(
                    entitlement=Entitlement(allowance, Origin(RuleKind.DEFAULT, GUILD)),
                    standing=Standing(allowance=allowance, used=500, granted=0),
                ),
                NAMES,
                own=True,
            )
        )
        assert "**500** used in the last 7 days; there is no limit to what is left." in facts
        assert "Allowance: unlimited credits, this server's default." in facts
        assert "█" not in facts

    @pytest.mark.parametrize(
        ("until", "own", "words"),
        [
            (
                NOW,
                True,
                f"**You are blocked** until {END}, and can start no job. Reason: spam",
            ),
            (
                None,
                False,
                "**They are blocked by <@4>** until a moderator ends it, and can start no job. Reason: spam",
            ),
        ],
    )
    def test_a_block(self, until: datetime | None, own: bool, words: str) -> None:
        """A block says until when and why, and to a moderator by whom."""
        block = Block(member_id=MEMBER, until=until, reason="spam", by=MODERATOR, at=NOW)
        facts, _ = texts(usage(view(block=block), NAMES, own=own))
        assert facts.split("\n")[1] == words

    def test_more_jobs_than_are_named(self) -> None:
        """Many jobs under way are counted, and the oldest named."""
        jobs = tuple(job(number, State.QUEUED) for number in range(10))
        facts, _ = texts(usage(view(jobs=jobs, jobs_under_way=200), NAMES, own=True))
        assert "Jobs under way: **200** (S-0 waits in line;" in facts
        assert facts.endswith("; 195 more).")

    def test_somebody_who_left(self) -> None:
        """A member who is not in the server any more is shown by id as well."""
        names = Names(roles={}, gone=frozenset({MEMBER}))
        facts, _ = texts(usage(view(), names, own=False))
        assert facts.startswith("**Credits of <@3> (`3`, not in this server)**")
        assert "from a deleted role (`2`)" in facts

    @settings(max_examples=50)
    @given(reasons=st.lists(NASTY, min_size=10, max_size=10), name=NASTY)
    def test_it_always_fits(self, reasons: list[str], name: str) -> None:
        """Whatever moderators and owners of roles typed, the page keeps within what Discord takes."""
        block = Block(member_id=LARGE, until=NOW, reason=reasons[0], by=LARGE, at=NOW)
        entries = tuple(entry(EntryKind.GRANT, -1_000_000, why=reason) for reason in reasons)
        jobs = tuple(job(LARGE, State.FINISHED) for _ in range(10))
        returns = tuple(Return(NOW, 1_000_000) for _ in range(5))
        page = usage(
            view(block=block, entries=entries, jobs=jobs, jobs_under_way=10**6, returns=returns),
            Names(roles={ROLE: name[:100]}, gone=frozenset({MEMBER})),
            own=False,
        )
        assert 0 < sum(map(len, texts(page))) <= MAX_TEXT
        assert all(texts(page))
