"""The job, its states, and the table of transitions. Pure: imports nothing of the project.

::

    queued ──► submitting ──► running ──► finished ──► delivered
      │            │  ▲          │            │
      │            │  └ queued   │            ├──► failed
      │            │             │            └──► undeliverable
      ├──► cancelled             ├──► failed, cancelled, expired
      └──► expired               │
                   ├──► failed, lost
                                     lost, expired, cancelled ──► finished (a late success)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class State(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"  # stored, reserved for; waits for its message id and then for a slot
    SUBMITTING = "submitting"  # Run is about to be sent, under way, or was never answered
    RUNNING = "running"  # Wiro accepted it: taskid and tasktoken are stored
    FINISHED = "finished"  # Wiro made the pictures; they are not in the message yet
    DELIVERED = "delivered"  # the message holds the pictures, the credits are settled
    FAILED = "failed"  # ended without pictures; a reason is stored
    CANCELLED = "cancelled"  # ended by its owner, by a moderator, or because it was never acknowledged
    EXPIRED = "expired"  # waited too long in line, or ran too long
    LOST = "lost"  # Run was never answered and the task was not found
    UNDELIVERABLE = "undeliverable"  # Discord will never take the pictures


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED, State.EXPIRED}),
    State.SUBMITTING: frozenset({State.QUEUED, State.FAILED, State.RUNNING, State.LOST}),
    State.RUNNING: frozenset({State.FINISHED, State.FAILED, State.CANCELLED, State.EXPIRED}),
    State.FINISHED: frozenset({State.DELIVERED, State.FAILED, State.UNDELIVERABLE}),
    State.DELIVERED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset({State.FINISHED}),
    State.EXPIRED: frozenset({State.FINISHED}),
    State.LOST: frozenset({State.FINISHED}),
    State.UNDELIVERABLE: frozenset(),
}

REFUNDED: Final = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED, State.LOST, State.UNDELIVERABLE})
"""The ends that give the credits back, in the transaction that records them."""

ENDED: Final = REFUNDED | {State.DELIVERED}


class IllegalTransitionError(ValueError):
    """The table has no such transition: a mistake of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request.

    A job is *open* until `closed_at`: until its message says how it ended, or surely never can.
    """

    id: int
    state: State
    guild_id: int
    channel_id: int
    member_id: int
    message_id: int | None = None  # the message that answered the command; None until Discord confirmed it
    interaction_token: str | None = field(default=None, repr=False)  # forgotten when the job is closed
    upload_limit_bytes: int  # for each file, as Discord said with the interaction
    parameters: str = field(repr=False)  # `bot.parameters.SanaParameters` as JSON
    credits: int  # what was reserved
    role_ids: tuple[int, ...] = ()  # the member's when the job was accepted: what is left depends on them
    created_at: datetime
    submitted_at: datetime | None = None  # when the last Run was about to be sent
    accepted_at: datetime | None = None  # when Wiro accepted it, from which the timeout counts
    ended_at: datetime | None = None  # when Wiro was done with it, or it ended otherwise
    closed_at: datetime | None = None
    callback_hash: bytes | None = field(default=None, repr=False)  # SHA-256 of the last Run's callback token
    taskid: str | None = None
    tasktoken: str | None = field(default=None, repr=False)
    cancelled_by: int | None = None  # the member who asked for the end, perhaps before it can be had
    outputs: str | None = field(default=None, repr=False)  # the terminal task's outputs as JSON
    cost_usd: str | None = None  # dollars that Wiro billed, as it wrote them
    seconds: float | None = None  # how long the task took, by Wiro's own count
    refunded: bool = False  # the ledger holds a refund of the whole reserve
    reason: str | None = None  # why there are no pictures, fit for a member
    detail: str | None = field(default=None, repr=False)  # the same, fit for an operator
    parent_id: int | None = None  # the job from whose result this one was born
    reply_to_id: int | None = None  # the message that its own replies to; None: it answers an interaction
    nonce: str | None = None  # of that reply: Discord makes one message of all that have it
    removed_by: int | None = None  # the member who had the result deleted, perhaps before it is
    removed_at: datetime | None = None  # when its message and Wiro's files were gone

    @property
    def reference(self) -> str:
        """What members and operators call the job."""
        return f"S-{self.id}"

    @property
    def is_result(self) -> bool:
        """Whether its message holds pictures, or will in a moment, and is to be kept."""
        return self.state in {State.FINISHED, State.DELIVERED} and self.removed_by is None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done for it."""
        return self.closed_at is None

    def evolve(self, to: State, **changes: Any) -> "Job":  # noqa: ANN401 - the fields' own types hold
        """Return the job after a transition.

        A refunding end sets `refunded`; nothing else may.

        Raises:
            IllegalTransitionError: the table has no such transition.
        """
        if to not in TRANSITIONS[self.state]:
            raise IllegalTransitionError(f"{self.reference}: {self.state} -> {to}")
        return replace(self, state=to, refunded=self.refunded or to in REFUNDED, **changes)

    def with_changes(self, **changes: Any) -> "Job":  # noqa: ANN401 - the fields' own types hold
        """Return the job with other facts in the same state."""
        return replace(self, **changes)
