"""What a member reads where the answer is no: alone, or in a notice that others can read as well."""

from collections.abc import Mapping
from typing import Final

from bot.errors import (
    AllowanceExceededError,
    BlockedError,
    CapExceededError,
    DirectMessagesClosedError,
    InvalidParametersError,
    InvalidRequestError,
    JobOverError,
    LineFullError,
    MissingPermissionsError,
    NeedsManageServerError,
    NoCommandsError,
    NotAllowedError,
    NotModeratorError,
    NotSentError,
    NotServedError,
    Refusal,
    ResultGoneError,
)
from bot.parameters import SIZES, credits_per_picture
from bot.present.quota_refusals import quota_refusal
from bot.present.quota_words import block_end, reason_in_words
from bot.present.text import count_of_credits, cut, timestamp

MAX_CONTENT: Final = 2000
"""Characters in a message's content. Source: Discord's reference, Create Message."""

_SENTENCES: Final[Mapping[type[Refusal], str]] = {
    LineFullError: (
        "Too many pictures are waiting already, so I cannot take another one now. Nothing was charged."
        " Please try again in a few minutes."
    ),
    NotServedError: (
        "I do not serve this server, so nothing was started and nothing was charged. Please use me in a"
        " server that I was set up for."
    ),
    NoCommandsError: (
        "You may not use commands in this channel, and so neither reactions nor the buttons that make"
        " pictures. Nothing was charged. Please try it in another channel, or ask a moderator."
    ),
    NotAllowedError: (
        "Only moderators and the member who asked for this picture can do that. Nothing was changed or"
        " charged. You can ask for a picture of your own with `/sana`."
    ),
    JobOverError: (
        "This has ended already, so there is nothing left to cancel. Its message says, or will in a moment,"
        " how it ended and what was charged."
    ),
    ResultGoneError: (
        "These pictures are not here any more, or never were. Nothing was charged. You can ask for new ones"
        " with `/sana`."
    ),
    NotSentError: (
        "I could not send you these pictures just now. Nothing was charged. Please try it again in a few"
        " minutes."
    ),
    DirectMessagesClosedError: (
        "I could not send you the pictures: you do not take direct messages from me. Nothing was charged."
        " Please allow direct messages in this server's privacy settings, then react again."
    ),
}
_MAX_REASON: Final = 500
_CORRECT_IT: Final = "\nNothing was charged. Please correct this and send the command again."


def refusal(error: Refusal) -> str:
    """Return the sentences for a refusal: what happened, the credits, and what the member can do now."""
    match error:
        case AllowanceExceededError():
            return _too_dear(error)
        case BlockedError():
            return _blocked(error)
        case NotModeratorError() | NeedsManageServerError() | CapExceededError() | InvalidRequestError():
            return quota_refusal(error)
        case InvalidParametersError():
            return cut("\n".join(error.problems), MAX_CONTENT - len(_CORRECT_IT)) + _CORRECT_IT
        case MissingPermissionsError():
            names = ", ".join(f"**{name}**" for name in error.permissions)
            return (
                f"I am missing permissions in this channel: {names}. Nothing was charged. Please ask a"
                " moderator to give them to me, or use `/sana` in another channel."
            )
        case _:
            return _SENTENCES[type(error)]


def public_refusal(error: Refusal) -> str:
    """Return the sentences for a refusal as everybody in the channel may read them.

    What a moderator wrote about a member is for that member alone: `/usage` has it.
    """
    if isinstance(error, BlockedError):
        return f"{_blocked_until(error)}; `/usage` says more. Nothing was charged."
    return refusal(error)


def _too_dear(error: AllowanceExceededError) -> str:
    if not error.whole:
        return (
            "There is no allowance for you in this server, so nothing was started and nothing was charged."
            " The moderators can change that."
        )
    cost = f"This would cost {count_of_credits(error.needed)}"
    if error.free_at is None:
        return (
            f"{cost}, more than your whole allowance of {error.whole:,}, so waiting would not help. You have"
            f" {error.left:,} left, and nothing was charged. {_advice(error)}"
        )
    until_then = f"; until then, {_what_fits(error.left)}" if error.left else ""
    return (
        f"{cost}, and you have {error.left:,} of {error.whole:,} left. Nothing was charged. Enough are free"
        f" again {timestamp(error.free_at, 'R')} ({timestamp(error.free_at, 'f')}){until_then}."
    )


def _advice(error: AllowanceExceededError) -> str:
    fits = f"; {_what_fits(error.left)} now" if error.left else ""
    return f"Please choose a smaller size or fewer pictures{fits}."


def _what_fits(left: int) -> str:
    """Return the largest named size that so many credits pay for; one pays for the smallest."""
    fitting = [size for size in SIZES if credits_per_picture(size.width, size.height) <= left]
    best = max(fitting, key=lambda size: size.width * size.height)
    return f"a {best.width} × {best.height} picture would fit"


def _blocked(error: BlockedError) -> str:
    return (
        f"{_blocked_until(error)}.{reason_in_words(error.reason, _MAX_REASON)}\n"
        "Nothing was charged. If you think that this is a mistake, please ask the moderators of this server."
    )


def _blocked_until(error: BlockedError) -> str:
    return f"A moderator blocked you from making pictures {block_end(error.until)}"
