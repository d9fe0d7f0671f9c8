"""What a moderator reads, and nobody else, where the answer is no."""

from collections.abc import Mapping
from typing import Final

from bot.errors import (
    CapExceededError,
    InvalidDurationError,
    NeedsManageServerError,
    NothingToRemoveError,
    NotModeratorError,
    OutOfRangeError,
    Refusal,
    TooManyRulesError,
)
from bot.present.quota_words import CAP_SETTING, as_text
from bot.present.text import count_of_credits

_MAX_SHOWN: Final = 100  # characters of what was given
_UNCHANGED: Final = "Nothing was changed or charged."
_SENTENCES: Final[Mapping[type[Refusal], str]] = {
    NotModeratorError: (
        "Only those with the permission **Moderate Members** can use this command."
        f" {_UNCHANGED} `/usage` shows you your own credits."
    ),
    NeedsManageServerError: (
        "That needs the permission **Manage Server**: without it nobody can set unlimited credits, or change"
        f" what they have themselves. {_UNCHANGED} Please ask somebody who has it."
    ),
    NothingToRemoveError: (
        f"There is nothing like that to take away. {_UNCHANGED} `/quota list` and `/quota show` tell what"
        " there is."
    ),
}


def quota_refusal(error: Refusal) -> str:
    """Return the sentences for a refusal of a `/quota` command: what is wrong, and what would do."""
    match error:
        case CapExceededError():
            return (
                "The bot's owner, who pays for every picture, lets no rule and no grant give a member more"
                f" than {count_of_credits(error.cap)}, or unlimited ones (`{CAP_SETTING}`). {_UNCHANGED}"
                " Please give fewer."
            )
        case OutOfRangeError():
            return f"{_out_of_range(error)} {_UNCHANGED} Please send the command again."
        case InvalidDurationError():
            given = as_text(error.text, _MAX_SHOWN)
            return (
                f"“{given}” cannot be read as a length of time of at most ten years. {_UNCHANGED} These would"
                " do: `30m`, `12h`, `2d`, `1w`, `1d12h`; leave it out to block for good."
            )
        case TooManyRulesError():
            return (
                f"This server has {error.most:,} rules, as many as it can have. {_UNCHANGED} Please take one"
                " away with `/quota remove` first."
            )
        case _:
            return _SENTENCES[type(error)]


def _out_of_range(error: OutOfRangeError) -> str:
    between = f"{error.minimum:,} to {error.maximum:,}"
    if error.name == "reason":
        return f"The `reason` has {error.given:,} characters; {between} would do."
    return f"`{error.name}` was {error.given:,}; a whole number from {between} would do."
