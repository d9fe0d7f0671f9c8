"""What a moderator may decide, and within which limits. Pure.

Whoever only has Moderate Members may not decide about themselves; that takes Manage Server, and so does
anything unlimited. The owner's cap holds for everybody.
"""

from collections.abc import Sequence
from typing import Final

from bot.allowance import Period
from bot.errors import (
    CapExceededError,
    NeedsManageServerError,
    NothingToRemoveError,
    NotModeratorError,
    OutOfRangeError,
    TooManyRulesError,
    Why,
)
from bot.parameters.model import clean
from bot.quotas.model import Action, Actor, Edit, Entitlement, OwnerTerms, Rule, RuleKind, ServerRules
from bot.quotas.ports import Amount, Plan
from bot.quotas.resolve import resolve

CREDITS_AT_MOST: Final = 1_000_000
"""That a rule allows or one grant gives, so that a slip of the finger stays one."""

REASON_AT_MOST: Final = 200
"""Characters of a reason."""

RULES_AT_MOST: Final = 1_000
"""Of one server: all of them are read for each change, and listed."""


def check_moderator(actor: Actor) -> None:
    """Raise `NotModeratorError` where the actor is none."""
    if not actor.may_moderate:
        raise NotModeratorError(f"member {actor.member_id}")


def check_not_own(actor: Actor, member_id: int) -> None:
    """Raise `NeedsManageServerError` where moderators favour themselves and only have Moderate Members."""
    if actor.member_id == member_id and not actor.may_manage:
        raise NeedsManageServerError(Why.OWN)


def read_reason(text: str) -> str:
    """Return a moderator's reason without what cannot be stored or seen.

    Raises:
        OutOfRangeError: nothing is left of it, or it is too long.
    """
    reason = clean(text)
    check_range("reason", 1, REASON_AT_MOST, len(reason))
    return reason


def check_range(name: str, minimum: int, maximum: int, given: int) -> None:
    """Raise `OutOfRangeError` where a number is out of range."""
    if not minimum <= given <= maximum:
        raise OutOfRangeError(name, minimum=minimum, maximum=maximum, given=given)


def plan_rule(actor: Actor, rule: Rule, terms: OwnerTerms, period: Period | None = None) -> Plan:
    """Return the plan that sets a rule; with the default the server's period is set too.

    Raises:
        OutOfRangeError: nobody can have so many credits.
        CapExceededError: the owner does not allow as many.
        NeedsManageServerError: unlimited is not for the actor to set.
    """
    if rule.credits is not None:
        check_range("credits", 0, CREDITS_AT_MOST, rule.credits)
    if terms.cap is not None and (rule.credits is None or rule.credits > terms.cap):
        raise CapExceededError(terms.cap)
    if rule.credits is None and not actor.may_manage:
        raise NeedsManageServerError(Why.UNLIMITED)

    def plan(rules: ServerRules) -> tuple[Edit, ...]:
        is_new = rules.find(rule.kind, rule.target_id) is None
        if is_new and len(rules.rules) >= RULES_AT_MOST:
            raise TooManyRulesError(RULES_AT_MOST)
        edits = (
            Edit(
                action=Action(rule.kind.value),
                kind=rule.kind,
                target_id=rule.target_id,
                rule=rule,
                period=period,
                before=_words(rules, rule.kind, rule.target_id),
                after=_in_words(rule, period),
            ),
        )
        _check_own_unchanged(actor, rules, edits, terms)
        return edits

    return plan


def plan_removal(actor: Actor, targets: Sequence[tuple[RuleKind, int]], terms: OwnerTerms) -> Plan:
    """Return the plan that takes rules away, all of them or none."""

    def plan(rules: ServerRules) -> tuple[Edit, ...]:
        edits = tuple(_removal(rules, kind, target_id) for kind, target_id in targets)
        _check_own_unchanged(actor, rules, edits, terms)
        return edits

    return plan


def amount_to_grant(wanted: int, cap: int | None) -> Amount:
    """Return what decides how many of the wanted credits are given; a negative number takes back.

    Raises:
        OutOfRangeError: nobody can be given so many, or none.
    """
    check_range("credits", -CREDITS_AT_MOST if wanted < 0 else 1, CREDITS_AT_MOST, wanted)

    def amount(granted: int) -> int:
        if wanted > 0:
            if cap is not None and granted + wanted > cap:
                raise CapExceededError(cap)
            return wanted
        if granted <= 0:
            raise NothingToRemoveError("no extra credits")
        return max(wanted, -granted)

    return amount


def _removal(rules: ServerRules, kind: RuleKind, target_id: int) -> Edit:
    if rules.find(kind, target_id) is None:
        raise NothingToRemoveError(f"{kind} {target_id}")
    return Edit(
        action=Action.REMOVE,
        kind=kind,
        target_id=target_id,
        rule=None,
        period=None,
        before=_words(rules, kind, target_id),
        after="",
    )


def _check_own_unchanged(actor: Actor, rules: ServerRules, edits: Sequence[Edit], terms: OwnerTerms) -> None:
    if actor.may_manage:
        return
    if _own(actor, rules, terms) != _own(actor, rules.after(edits), terms):
        names_self = any((edit.kind, edit.target_id) == (RuleKind.MEMBER, actor.member_id) for edit in edits)
        raise NeedsManageServerError(Why.OWN if names_self else Why.HOLDS_FOR_SELF)


def _own(actor: Actor, rules: ServerRules, terms: OwnerTerms) -> Entitlement:
    return resolve(
        rules.rules,
        member_id=actor.member_id,
        role_ids=actor.role_ids | {actor.guild_id},
        owner_default=terms.default,
        server_period=rules.period,
        cap=terms.cap,
    )


def _words(rules: ServerRules, kind: RuleKind, target_id: int) -> str:
    rule = rules.find(kind, target_id)
    return "" if rule is None else _in_words(rule, rules.period)


def _in_words(rule: Rule, period: Period | None) -> str:
    amount = "unlimited" if rule.credits is None else str(rule.credits)
    return f"{amount} {period}" if rule.kind is RuleKind.DEFAULT else amount
