"""From a server's rules to one member's allowance. Pure."""

from collections.abc import Collection, Iterable

from bot.allowance import Allowance, Period
from bot.quotas.model import Entitlement, Origin, Rule, RuleKind


def resolve(
    rules: Iterable[Rule],
    *,
    member_id: int,
    role_ids: Collection[int],
    owner_default: Allowance,
    server_period: Period | None,
    cap: int | None,
) -> Entitlement:
    """Return what a member may use, and why.

    The member's own rule beats those of roles, of which the most generous counts; without either the server's
    default holds, and without that the owner's setting.

    Args:
        rules: of the server; those that do not concern the member are passed over.
        member_id: whose allowance.
        role_ids: the roles that the member has. Every member has the role @everyone, which has the server's
            own id (source: Discord's reference, Permissions, Role Object).
        owner_default: the allowance where the server sets none, and the period likewise.
        server_period: the period of all rules of the server.
        cap: the most that anybody gets; also unlimited becomes this.
    """
    period = server_period or owner_default.period
    rule = _deciding(rules, member_id, role_ids)
    amount = owner_default.credits if rule is None else rule.credits
    capped = cap is not None and (amount is None or amount > cap)
    return Entitlement(
        Allowance(cap if capped else amount, period),
        Origin(None if rule is None else rule.kind, None if rule is None else rule.target_id, capped=capped),
    )


def _deciding(rules: Iterable[Rule], member_id: int, role_ids: Collection[int]) -> Rule | None:
    concerning = [
        rule
        for rule in rules
        if rule.kind is RuleKind.DEFAULT
        or (rule.kind is RuleKind.ROLE and rule.target_id in role_ids)
        or (rule.kind is RuleKind.MEMBER and rule.target_id == member_id)
    ]
    return max(concerning, key=_precedence, default=None)


def _precedence(rule: Rule) -> tuple[int, bool, int, int]:
    """Return what the deciding rule has most of: closeness to the member, generosity, a role's age."""
    closeness = (RuleKind.DEFAULT, RuleKind.ROLE, RuleKind.MEMBER).index(rule.kind)
    return closeness, rule.credits is None, rule.credits or 0, -rule.target_id
