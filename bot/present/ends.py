"""What a job's message says where there are no pictures: what happened, the credits, what to do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.jobs.model import REFUNDED, Job, State
from bot.present.text import count_of_credits, cut_escaped, escape_line, mention

_MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class _End:
    what_happened: str  # said where the job holds no reason of its own
    what_now: str


_WAITED_TOO_LONG: Final = _End(
    "This waited too long in line and was taken out of it.",
    "Please send `/sana` again when fewer people are waiting.",
)
_ENDS: Final[Mapping[State, _End]] = {
    State.CANCELLED: _End(
        "This was cancelled at the picture service before there was a picture.",
        "You can ask for another one with `/sana`.",
    ),
    State.EXPIRED: _End(
        "This took longer than it may and was stopped.",
        "Please try again; fewer steps or a smaller size take less time.",
    ),
    State.LOST: _End(
        "The picture service never confirmed this one, and I could not find it there.",
        "You can try again now. If this one turns up after all, it is posted here and costs nothing.",
    ),
    State.FAILED: _End(
        "The picture service could not make this picture.",
        "You can send `/sana` again. If it fails again, try later, or with other words or settings.",
    ),
    State.UNDELIVERABLE: _End(
        "The picture was made, but Discord does not take it here.",
        "Please ask a moderator whether I may see this channel and attach files in it.",
    ),
}


def end_lines(job: Job) -> tuple[str, str, str]:
    """Return what happened, what it means for the credits, and what the member can do now.

    Raises:
        ValueError: the job did not end without pictures.
    """
    if job.state not in REFUNDED:
        raise ValueError(f"{job.reference} is {job.state}, which is no end without pictures")
    in_line = job.state is State.EXPIRED and job.accepted_at is None
    end = _WAITED_TOO_LONG if in_line else _ENDS[job.state]
    return _what_happened(job, end), _refund(job.credits), end.what_now


def _what_happened(job: Job, end: _End) -> str:
    if job.reason is not None:
        return cut_escaped(escape_line(job.reason), _MAX_REASON)
    if job.state is State.CANCELLED and job.cancelled_by is not None:
        return f"{mention(job.cancelled_by)} cancelled this before there was a picture."
    return end.what_happened


def _refund(credits_back: int) -> str:
    """Return the sentence that stands in every end without pictures and in no other message."""
    verb = "is" if credits_back == 1 else "are"
    return f"Your {count_of_credits(credits_back)} {verb} back."
