"""Rules, blocks, changes and entries of the ledger. Pure: imports the allowance and the job alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.allowance import Allowance, Period
from bot.jobs.model import Job
from bot.jobs.ports import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who uses a command, as Discord says with it. Their server is the only one that is read or changed."""

    guild_id: int
    member_id: int
    role_ids: frozenset[int]
    may_moderate: bool  # has Moderate Members
    may_manage: bool  # has Manage Server


@dataclass(frozen=True, slots=True)
class OwnerTerms:
    """What whoever hosts the bot, and pays, has decided."""

    default: Allowance  # where a server sets none
    cap: int | None = None  # the most that rules and grants can give a member


class RuleKind(StrEnum):
    """Whom a rule is for."""

    DEFAULT = "default"  # every member of the server
    ROLE = "role"  # members with a role; of several the most generous counts
    MEMBER = "member"  # one member; it beats roles


@dataclass(frozen=True, slots=True)
class Rule:
    """How many credits some members may use in the server's period."""

    kind: RuleKind
    target_id: int  # the server's, the role's or the member's id
    credits: int | None  # None: unlimited


@dataclass(frozen=True, slots=True)
class Origin:
    """Why an allowance is what it is."""

    kind: RuleKind | None  # None: no rule of the server, but the owner's setting
    target_id: int | None = None  # the rule's
    capped: bool = False  # it would be more, but for the owner's QUOTA_MAX_CREDITS


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A member's allowance, and why."""

    allowance: Allowance
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRules:
    """What a server's moderators have set.

    Attributes:
        rules: the default's first, then the roles', then the members'.
        period: holds for all rules of the server; None: the owner's.
        log_channel_id: where changes are also posted.
    """

    guild_id: int
    rules: tuple[Rule, ...] = ()
    period: Period | None = None
    log_channel_id: int | None = None

    def find(self, kind: RuleKind, target_id: int) -> Rule | None:
        """Return one rule."""
        return next((rule for rule in self.rules if (rule.kind, rule.target_id) == (kind, target_id)), None)

    def after(self, edits: Iterable["Edit"]) -> "ServerRules":
        """Return the rules as edits leave them."""
        rules = {(rule.kind, rule.target_id): rule for rule in self.rules}
        period = self.period
        for edit in edits:
            if edit.rule is None:
                rules.pop((edit.kind, edit.target_id), None)
            else:
                rules[edit.kind, edit.target_id] = edit.rule
            if edit.kind is RuleKind.DEFAULT:
                period = edit.period
        return replace(self, rules=tuple(rules.values()), period=period)


class Action(StrEnum):
    """What a moderator did."""

    DEFAULT = "default"
    ROLE = "role"
    MEMBER = "member"
    REMOVE = "remove"
    GRANT = "grant"
    RESET = "reset"
    BLOCK = "block"
    UNBLOCK = "unblock"
    LOG = "log"


class TargetKind(StrEnum):
    """Whom a change concerns."""

    SERVER = "server"
    ROLE = "role"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of a change of rules: a rule set, or taken away (None)."""

    action: Action
    kind: RuleKind
    target_id: int
    rule: Rule | None
    period: Period | None  # of the server afterwards; read for the default alone
    before: str
    after: str

    @property
    def target_kind(self) -> TargetKind:
        """Whom it concerns."""
        return TargetKind.SERVER if self.kind is RuleKind.DEFAULT else TargetKind(self.kind.value)


@dataclass(frozen=True, slots=True)
class By:
    """Who makes a change, and why."""

    moderator_id: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change by a moderator, as it is kept for good.

    `before` and `after` are machine words; an empty one means that there was, or is, nothing:

    - rules of roles and members: `20` or `unlimited`; the default: `20 day` or `unlimited week`;
    - grant: the extra credits left; reset: the used credits that count;
    - block and unblock: the end in seconds since 1970, or `forever`;
    - log: the channel's id.
    """

    id: int
    at: datetime
    moderator_id: int
    action: Action
    target_kind: TargetKind
    target_id: int  # the server's, the role's or the member's id
    before: str
    after: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A member gets no more jobs."""

    member_id: int
    until: datetime | None  # None: for good
    reason: str
    by: int
    at: datetime


class EntryKind(StrEnum):
    """The entries of the ledger."""

    RESERVE = "reserve"  # taken for a new job
    SETTLE = "settle"  # what a delivered job cost in the end; it was taken by the reserve
    REFUND = "refund"  # given back, whole or in part
    GRANT = "grant"  # extra credits given, or taken back
    RESET = "reset"  # what was used before no longer counts


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One entry of the ledger.

    `why` is, of a reserve and a settlement, the state that the job is in; of a refund, the end that it was
    made for, `fewer` where fewer pictures came, or `late` where the task succeeded after all and is free; of
    a grant and a reset, the moderator's reason.
    """

    id: int
    at: datetime
    member_id: int
    kind: EntryKind
    credits: int  # negative for a grant that takes back; 0 for a reset
    job_id: int | None
    by: int | None  # the moderator who granted or reset
    why: str | None


@dataclass(frozen=True, slots=True)
class Return:
    """Credits of the allowance that come back at a moment."""

    at: datetime
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """All that there is to know about a member's credits.

    Attributes:
        entitlement: the allowance, and why it is what it is.
        standing: what is used and left.
        block: the one that holds now.
        jobs: the oldest of the jobs under way.
        jobs_under_way: how many there are.
        returns: when the next used credits come back, soonest first.
        entries: the last ten of the ledger, newest first.
    """

    member_id: int
    entitlement: Entitlement
    standing: Standing
    block: Block | None
    jobs: tuple[Job, ...]
    jobs_under_way: int
    returns: tuple[Return, ...]
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class MemberUse:
    """What a member used in a period: what was reserved, less what came back."""

    member_id: int
    credits: int
    jobs: int
