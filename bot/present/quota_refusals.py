"""What a moderator reads, and nobody else, where the answer is no."""

from collections.abc import Mapping
from typing import Final

from bot.errors import (
    BotNamedError,
    CapExceededError,
    InvalidDurationError,
    NeedsManageServerError,
    NotBlockedError,
    NothingToRemoveError,
    NotModeratorError,
    OutOfRangeError,
    Refusal,
    TooManyRulesError,
    Why,
)
from bot.present.quota_words import CAP_SETTING, as_text
from bot.present.text import count_of_credits, mention

_MAX_SHOWN: Final = 100  # characters of what was given
_UNCHANGED: Final = "Nothing was changed or charged."
_NEEDS_MANAGE_SERVER: Final = {
    Why.UNLIMITED: "To set unlimited credits",
    Why.OWN: "To change your own credits",
    Why.HOLDS_FOR_SELF: "That rule holds for you as well, and to change your own credits",
}
_WORDS: Final[Mapping[type[Refusal], tuple[str, str]]] = {
    NotModeratorError: (
        "Only those with the permission **Moderate Members** can use this command.",
        "`/usage` shows you your own credits.",
    ),
    NothingToRemoveError: (
        "There is nothing like that to take away.",
        "`/quota list` and `/quota show` tell what there is.",
    ),
}


def quota_refusal(error: Refusal) -> str:
    """Return the sentences for a refusal of a `/quota` command: what is wrong, and what would do."""
    what, advice = _words(error)
    return f"{what} {_UNCHANGED} {advice}"


def _words(error: Refusal) -> tuple[str, str]:
    """Return what is wrong, and what would do."""
    match error:
        case NeedsManageServerError():
            what = f"{_NEEDS_MANAGE_SERVER[error.why]} takes the permission **Manage Server**."
            advice = "Please ask somebody who has it."
        case CapExceededError():
            what = (
                "The bot's owner, who pays for every picture, lets no rule and no grant give a member more"
                f" than {count_of_credits(error.cap)}, or unlimited ones (`{CAP_SETTING}`)."
            )
            advice = "Please give fewer."
        case OutOfRangeError():
            what, advice = _out_of_range(error), "Please send the command again."
        case InvalidDurationError():
            given = as_text(error.text, _MAX_SHOWN)
            what = f"“{given}” cannot be read as a length of time of at most ten years."
            advice = "These would do: `30m`, `12h`, `2d`, `1w`, `1d12h`; leave it out to block for good."
        case NotBlockedError():
            what = f"{mention(error.member_id)} is not blocked."
            advice = "`/quota show` tells what holds for them."
        case BotNamedError():
            what = f"{mention(error.bot_id)} is a bot, and bots have no credits."
            advice = "Please choose a member."
        case TooManyRulesError():
            what = f"This server has {error.most:,} rules, as many as it can have."
            advice = "Please take one away with `/quota remove` first."
        case _:
            what, advice = _WORDS[type(error)]
    return what, advice


def _out_of_range(error: OutOfRangeError) -> str:
    between = f"{error.minimum:,} to {error.maximum:,}"
    if error.name == "reason":
        return f"The `reason` has {error.given:,} characters; {between} would do."
    if error.minimum == 1:  # of a grant; what is less than nothing takes back
        between += ", or a negative one to take some back,"
    return f"`{error.name}` was {error.given:,}; a whole number from {between} would do."
