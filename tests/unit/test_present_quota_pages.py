"""The pages about quotas: what stands on them, and that they always keep within Discord's limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.allowance import Allowance, Period
from bot.present.page import MAX_TEXT
from bot.present.quota_history import HISTORY_TEMPLATE, history, people_in
from bot.present.quota_rules import rules
from bot.present.quota_top import chart_bars, top
from bot.present.quota_words import Names
from bot.quotas.history import Cursor, HistoryPage
from bot.quotas.model import (
    Action,
    Change,
    EntryKind,
    MemberUse,
    OwnerTerms,
    Rule,
    RuleKind,
    ServerRules,
    TargetKind,
)
from tests.support.pages import (
    END,
    GUILD,
    LARGE,
    MEMBER,
    MODERATOR,
    NASTY,
    NOW,
    ROLE,
    SECONDS,
    buttons,
    entry,
    texts,
)

NAMES = Names(roles={ROLE: "Booster"})
TERMS = OwnerTerms(Allowance(20, Period.DAY))


def change(reason: str | None = None, target: int = MEMBER, *, by: int = MODERATOR) -> Change:
    """Return a change of one member."""
    return Change(
        id=1,
        at=NOW,
        moderator_id=by,
        action=Action.BLOCK,
        target_kind=TargetKind.MEMBER,
        target_id=target,
        before=str(SECONDS),
        after="forever",
        reason=reason,
    )


class TestHistory:
    """`/quota history`."""

    def test_a_page_of_everybody(self) -> None:
        """Entries and changes, newest first, with who and when; the buttons hold where it goes on."""
        older = Cursor(newer=False, at_ms=1767225600000, is_change=True, item_id=5)
        page = history(HistoryPage((change("spam"), entry(EntryKind.RESERVE)), None, older), NAMES, None)
        (text,) = texts(page)
        assert text.split("\n") == [
            "**History**, newest first",
            f"<t:{SECONDS}:f> <@4> blocked <@3> for good, before until {END}. Reason: spam",
            f"<t:{SECONDS}:f> <@3>: reserved 4, for a picture (S-9)",
        ]
        assert [(each["label"], each["disabled"]) for each in buttons(page)] == [
            ("Newer", True),
            ("Older", False),
        ]
        match = HISTORY_TEMPLATE.fullmatch(buttons(page)[1]["custom_id"])
        assert match is not None
        assert (match["member"], Cursor.parse(match["cursor"])) == ("", older)

    def test_a_page_of_one_member(self) -> None:
        """The heading says whose it is, so that entries need not; the buttons keep it."""
        newer = Cursor(newer=True, at_ms=2**53, is_change=False, item_id=2**49)
        page = history(HistoryPage((entry(EntryKind.SETTLE),), newer, None), NAMES, LARGE)
        assert texts(page)[0].startswith(f"**History of <@{LARGE}>**, newest first\n<t:{SECONDS}:f> paid 4")
        match = HISTORY_TEMPLATE.fullmatch(buttons(page)[0]["custom_id"])
        assert match is not None
        assert (match["member"], match["cursor"]) == (str(LARGE), str(newer))
        assert all(len(each["custom_id"]) <= 100 for each in buttons(page))

    def test_nothing_yet(self) -> None:
        """An empty history says so."""
        assert texts(history(HistoryPage((), None, None), NAMES, None))[0].endswith("\nNothing happened yet.")

    def test_whom_it_names(self) -> None:
        """Members and moderators are looked up, roles are not."""
        role = Change(
            id=1,
            at=NOW,
            moderator_id=MODERATOR,
            action=Action.ROLE,
            target_kind=TargetKind.ROLE,
            target_id=ROLE,
            before="",
            after="1",
            reason=None,
        )
        page = HistoryPage((change(target=8), role, entry(EntryKind.RESERVE)), None, None)
        assert people_in(page) == {MODERATOR, 8, MEMBER}

    @settings(max_examples=50)
    @given(st.lists(NASTY, min_size=10, max_size=10))
    def test_it_always_fits(self, reasons: list[str]) -> None:
        """Ten changes with any reasons by and about people who left keep within what Discord takes."""
        names = Names(roles={}, gone=frozenset({LARGE, LARGE + 1}))
        page = HistoryPage(tuple(change(reason, LARGE, by=LARGE + 1) for reason in reasons), None, None)
        (text,) = texts(history(page, names, LARGE))
        assert len(text) <= MAX_TEXT
        assert text.count("\n") == 10


class TestRules:
    """`/quota list`."""

    def test_without_any_rule(self) -> None:
        """The order is explained even where there is only the bot's own default."""
        page, is_whole = rules(ServerRules(guild_id=GUILD), TERMS, NAMES)
        assert is_whole
        assert texts(page)[0].split("\n") == [
            "**Allowances in this server.** What counts is what was used in the last 24 hours.",
            "**1. A rule for one member** beats all others. There is none.",
            "**2. Of a member's role rules** the most generous counts. There is none.",
            "**3. All others** have 20 credits a day, the bot's own default.",
            "Extra credits (`/quota grant`) do not expire, and are used after the allowance.",
        ]

    def test_all_kinds(self) -> None:
        """Rules stand in the order in which they count, the most generous first, with cap and log channel."""
        server = ServerRules(
            guild_id=GUILD,
            rules=(
                Rule(RuleKind.DEFAULT, GUILD, 30),
                Rule(RuleKind.ROLE, 9, 0),
                Rule(RuleKind.ROLE, ROLE, 50),
                Rule(RuleKind.MEMBER, 6, 5),
                Rule(RuleKind.MEMBER, MEMBER, None),
            ),
            period=Period.WEEK,
            log_channel_id=77,
        )
        names = Names(roles={ROLE: "Booster"}, gone=frozenset({6}))
        page, is_whole = rules(server, OwnerTerms(TERMS.default, cap=100), names)
        assert is_whole
        assert texts(page)[0].split("\n") == [
            "**Allowances in this server.** What counts is what was used in the last 7 days.",
            "**1. A rule for one member** beats all others.",
            "- <@3>: unlimited credits",
            "- <@6> (`6`, not in this server): 5 credits",
            "**2. Of a member's role rules** the most generous counts.",
            "- the role **Booster**: 50 credits",
            "- a deleted role (`9`): no credits",
            "**3. All others** have 30 credits a week, this server's default.",
            "Extra credits (`/quota grant`) do not expire, and are used after the allowance.",
            (
                "The bot's owner lets no rule give more than 100 credits (`QUOTA_MAX_CREDITS`); where one"
                " says more, that counts."
            ),
            "Changes are also posted in <#77>.",
        ]

    @pytest.mark.parametrize(("members", "roles"), [(1000, 0), (0, 250), (750, 250), (3, 250), (900, 3)])
    def test_too_many_for_a_message(self, members: int, roles: int) -> None:
        """What has no room is counted on the page, which keeps within the limit, and goes into a file."""
        server = ServerRules(
            guild_id=GUILD,
            rules=(
                *(Rule(RuleKind.ROLE, LARGE + number, 1_000_000) for number in range(roles)),
                *(Rule(RuleKind.MEMBER, LARGE + number, 1_000_000) for number in range(members)),
            ),
        )
        names = Names(
            roles={LARGE + number: "*" * 100 for number in range(roles)},
            gone=frozenset(LARGE + number for number in range(members)),
        )
        page, is_whole = rules(server, TERMS, names)
        assert not is_whole
        (text,) = texts(page)
        assert len(text) <= MAX_TEXT
        shown = sum(line.startswith(("- <@", "- the role")) for line in text.split("\n"))
        left_out = sum(
            int(line.split()[2].replace(",", "")) for line in text.split("\n") if "in the file" in line
        )
        assert shown + left_out == members + roles
        assert shown > 10


class TestTop:
    """`/quota top`."""

    def test_figures_beside_the_chart(self) -> None:
        """The text has every figure that the chart has, by name."""
        page = top([MemberUse(MEMBER, 1200, 30), MemberUse(5, 1, 1)], Period.WEEK, NAMES)
        assert texts(page) == [
            "**Credits used in the last 7 days**",
            "1\\. <@3>: **1,200 credits** in 30 jobs\n2\\. <@5>: **1 credit** in 1 job",
        ]

    def test_nobody(self) -> None:
        """Without any use there is a sentence, and no picture."""
        page = top([], Period.HOUR, NAMES)
        assert texts(page) == ["Nobody used any credits in the last hour."]

    def test_it_fits(self) -> None:
        """As many as the store returns have room, whoever left."""
        uses = [MemberUse(LARGE + number, 10**9, 10**6) for number in range(25)]
        names = Names(roles={}, gone=frozenset(use.member_id for use in uses))
        page = top(uses, Period.MONTH, names)
        assert sum(map(len, texts(page))) <= MAX_TEXT
        assert texts(page)[1].count("\n") == 24
        assert len(chart_bars(uses, {})) == 10

    def test_names_in_the_chart(self) -> None:
        """Who has a name goes by it, who has none by the id."""
        bars = chart_bars([MemberUse(MEMBER, 2, 1), MemberUse(5, 1, 1)], {MEMBER: "booster"})
        assert [(bar.name, bar.credits) for bar in bars] == [("booster", 2), ("5", 1)]
