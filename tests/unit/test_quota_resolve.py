"""From a server's rules to one member's allowance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import Allowance, Period
from bot.quotas.model import Entitlement, Origin, Rule, RuleKind
from bot.quotas.resolve import resolve

OWNER = Allowance(20, Period.DAY)
GUILD, MEMBER = 1, 300
DEFAULT = Rule(RuleKind.DEFAULT, GUILD, 10)
BOOSTER = Rule(RuleKind.ROLE, 501, 30)
NEWCOMER = Rule(RuleKind.ROLE, 502, 2)
UNLIMITED_ROLE = Rule(RuleKind.ROLE, 503, None)
OWN = Rule(RuleKind.MEMBER, MEMBER, 5)
OF_ANOTHER = Rule(RuleKind.MEMBER, 301, 99)


def _resolve(
    *rules: Rule, roles: tuple[int, ...] = (), period: Period | None = None, cap: int | None = None
) -> Entitlement:
    return resolve(
        rules, member_id=MEMBER, role_ids=roles, owner_default=OWNER, server_period=period, cap=cap
    )


@pytest.mark.parametrize(
    ("rules", "roles", "expected", "origin"),
    [
        ((), (), 20, Origin(None)),
        ((OF_ANOTHER, BOOSTER), (502,), 20, Origin(None)),
        ((DEFAULT, BOOSTER), (), 10, Origin(RuleKind.DEFAULT, GUILD)),
        ((DEFAULT, BOOSTER, NEWCOMER), (502,), 2, Origin(RuleKind.ROLE, 502)),
        ((NEWCOMER, BOOSTER, DEFAULT), (502, 501), 30, Origin(RuleKind.ROLE, 501)),
        ((BOOSTER, UNLIMITED_ROLE), (501, 503), None, Origin(RuleKind.ROLE, 503)),
        ((OWN, UNLIMITED_ROLE, DEFAULT), (503,), 5, Origin(RuleKind.MEMBER, MEMBER)),
        ((Rule(RuleKind.MEMBER, MEMBER, 0), BOOSTER), (501,), 0, Origin(RuleKind.MEMBER, MEMBER)),
        ((Rule(RuleKind.MEMBER, MEMBER, None), BOOSTER), (501,), None, Origin(RuleKind.MEMBER, MEMBER)),
        ((Rule(RuleKind.ROLE, 502, 30), BOOSTER), (501, 502), 30, Origin(RuleKind.ROLE, 501)),
        ((Rule(RuleKind.ROLE, 501, 0), DEFAULT), (501,), 0, Origin(RuleKind.ROLE, 501)),
    ],
)
def test_the_closest_rule_counts_and_of_roles_the_most_generous(
    rules: tuple[Rule, ...], roles: tuple[int, ...], expected: int | None, origin: Origin
) -> None:
    """Member before roles before default before owner; the order in which rules come does not matter."""
    for order in (rules, rules[::-1]):
        entitlement = _resolve(*order, roles=roles)
        assert entitlement == Entitlement(Allowance(expected, Period.DAY), origin)


@pytest.mark.parametrize("rules", [(DEFAULT,), (BOOSTER,), (OWN,), ()])
def test_the_servers_period_holds_for_all(rules: tuple[Rule, ...]) -> None:
    """Also for rules of roles and members; without one it is the owner's."""
    assert _resolve(*rules, roles=(501,), period=Period.WEEK).allowance.period is Period.WEEK
    assert _resolve(*rules, roles=(501,)).allowance.period is Period.DAY


@pytest.mark.parametrize(
    ("rules", "expected", "capped"),
    [
        ((UNLIMITED_ROLE,), 15, True),
        ((BOOSTER,), 15, True),
        ((NEWCOMER,), 2, False),
        ((Rule(RuleKind.ROLE, 501, 15),), 15, False),
        ((), 15, True),
    ],
)
def test_the_cap_bounds_every_result(rules: tuple[Rule, ...], expected: int, capped: bool) -> None:
    """Older rules, unlimited ones and the owner's own default give no more; the origin says so."""
    entitlement = _resolve(*rules, roles=(501, 502, 503), cap=15)
    assert (entitlement.allowance.credits, entitlement.origin.capped) == (expected, capped)


rules_of_any_kind = st.lists(
    st.builds(Rule, st.sampled_from(RuleKind), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 50))),
    unique_by=lambda rule: (rule.kind, rule.target_id),
    max_size=10,
)


@given(rules=rules_of_any_kind, roles=st.sets(st.integers(1, 4)), cap=st.integers(1, 40))
def test_a_cap_only_ever_takes_away(rules: list[Rule], roles: set[int], cap: int) -> None:
    """With a cap a member gets what they would get without it, or the cap where that is less."""
    free = resolve(
        rules, member_id=1, role_ids=roles, owner_default=OWNER, server_period=None, cap=None
    ).allowance.credits
    capped = resolve(
        rules, member_id=1, role_ids=roles, owner_default=OWNER, server_period=None, cap=cap
    ).allowance.credits
    assert capped == (cap if free is None else min(cap, free))
