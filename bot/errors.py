"""Every exception that this project raises on purpose.

::

    SanaBotError
    ├── SettingsError                 a setting is missing or wrong (exit code 2)
    ├── AlreadyRunningError           another process works on the same database (exit code 2)
    ├── BackupRefusedError            there is nothing to copy, or no place for it (exit code 2)
    ├── Refusal                       a member asked for what cannot be had; nothing was reserved
    │   ├── InvalidParametersError    one sentence for each wrong field
    │   ├── AllowanceExceededError    not enough credits
    │   ├── BlockedError              a moderator blocked the member
    │   ├── MissingPermissionsError   the bot lacks permissions in the channel
    │   ├── LineFullError             too many jobs are waiting
    │   ├── NotServedError            the server is not one that this bot serves
    │   ├── NoCommandsError           the member may not use commands in this channel, so no reactions either
    │   ├── NotAllowedError           somebody else's job, or none at all
    │   ├── JobOverError              nothing left to cancel
    │   ├── ResultGoneError           no such result, or no longer
    │   ├── NotSentError              the pictures could not be sent by direct message now
    │   ├── DirectMessagesClosedError the member takes no direct messages from this bot
    │   ├── NotModeratorError         quotas are the moderators'
    │   ├── NeedsManageServerError    a moderator without Manage Server may not do this
    │   ├── CapExceededError          more than the owner lets moderators give
    │   └── InvalidRequestError       what a moderator asked for cannot be done as it was asked
    │       ├── InvalidDurationError  cannot be read as a length of time
    │       ├── OutOfRangeError       a number, or the length of a text
    │       ├── NothingToRemoveError  no such rule, no extra credits
    │       │   └── NotBlockedError   no block
    │       ├── BotNamedError         a bot has no credits
    │       └── TooManyRulesError     the server has as many as it can have
    ├── WiroError                     a call to Wiro failed
    │   ├── NothingStartedError       certain: the call had no effect
    │   │   ├── WiroUnreachableError  no connection was made
    │   │   ├── WiroThrottledError    HTTP 429
    │   │   ├── AccountError          code 97, 98 or 99, HTTP 401 or 403: the owner must act
    │   │   │   ├── BalanceError      code 97
    │   │   │   └── AuthenticationError
    │   │   ├── TaskLimitError        code 96
    │   │   ├── ParameterError        Wiro refuses what was asked for
    │   │   ├── NotFoundError         code 1, HTTP 404
    │   │   └── RefusedError          any other `result: false`
    │   └── OutcomeUnknownError       the call may have had its effect
    │       ├── NoAnswerError         timeout, reset
    │       ├── ServerFaultError      HTTP 5xx
    │       └── UnreadableAnswerError cut off, not JSON, not of the documented shape
    ├── PictureError                  an output cannot become a picture in the message
    │   ├── PictureRefusedError       not a picture, too large, from a forbidden host: final
    │   ├── PictureGoneError          no longer there: final
    │   └── PictureUnavailableError   may be had later
    ├── MessageError                  a call to Discord failed
    │   ├── MessageGoneError          Discord will never take it: channel, message or permission is gone
    │   └── MessageUnavailableError   may work later, and may have worked already
    ├── StaleJobError                 a mistake of the program: the stored job is in another state
    └── StorageError                  the database did not do it; nothing was written
        └── SchemaError               the database was made by a newer program, or is damaged

Exceptions of libraries are translated at one boundary each: ``bot.wiro.client``, ``bot.wiro.socket``,
``bot.images``, ``bot.present.boundary`` and ``storage.failures``. Their messages are for operators. What
members read is written in ``bot.present``.
"""

from datetime import datetime
from enum import Enum, auto


class SanaBotError(Exception):
    """The root of the tree."""


class SettingsError(SanaBotError):
    """A setting is missing or wrong; the message names the variable and what it wants."""


class AlreadyRunningError(SanaBotError):
    """Another process works on the same database."""


class BackupRefusedError(SanaBotError):
    """There is nothing to back up, or something stands in the place of the copy."""


class Refusal(SanaBotError):  # noqa: N818 - a polite no to a member is no error of the program
    """A member asked for what cannot be had. Nothing was reserved and nothing was sent."""


class InvalidParametersError(Refusal):
    """Fields are out of range.

    Args:
        problems: one sentence for each wrong field, with what was given, what is allowed and what would do.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class AllowanceExceededError(Refusal):
    """The member has too few credits for this request.

    Args:
        needed: credits that the request costs.
        left: credits that can be used now: a request that costs no more than these would fit.
        whole: credits of the whole allowance, extra credits included.
        free_at: when enough are free again; None where the request costs more than the whole allowance.
    """

    def __init__(self, *, needed: int, left: int, whole: int, free_at: datetime | None) -> None:
        super().__init__(f"needs {needed} credits, {left} of {whole} left")
        self.needed = needed
        self.left = left
        self.whole = whole
        self.free_at = free_at


class BlockedError(Refusal):
    """A moderator blocked the member.

    Args:
        until: when the block ends; None: never by itself.
        reason: in the moderator's words.
    """

    def __init__(self, *, until: datetime | None, reason: str) -> None:
        super().__init__("blocked" if until is None else f"blocked until {until.isoformat()}")
        self.until = until
        self.reason = reason


class MissingPermissionsError(Refusal):
    """The bot lacks permissions in the channel.

    Args:
        permissions: their names as Discord's client shows them.
    """

    def __init__(self, permissions: tuple[str, ...]) -> None:
        super().__init__(", ".join(permissions))
        self.permissions = permissions


class LineFullError(Refusal):
    """Too many jobs are waiting already."""


class NotServedError(Refusal):
    """The command came from a server that this bot does not serve."""


class NoCommandsError(Refusal):
    """The member may not use commands in this channel, and so no reactions nor buttons that stand for one."""


class NotAllowedError(Refusal):
    """The member may not do this to that job, or there is no such job for them."""


class JobOverError(Refusal):
    """The job has ended; there is nothing left to cancel."""


class ResultGoneError(Refusal):
    """There is no such result: it was deleted, it is another server's, or it never was."""


class NotSentError(Refusal):
    """The pictures could not be sent by direct message now; later they may be."""


class DirectMessagesClosedError(Refusal):
    """The member takes no direct messages from this bot. Source: Discord's error code 50007."""


class NotModeratorError(Refusal):
    """Only those with Moderate Members may see and change the quotas of others."""


class Why(Enum):
    """For what Manage Server is needed."""

    UNLIMITED = auto()  # to set unlimited credits
    OWN = auto()  # to change what one has oneself
    HOLDS_FOR_SELF = auto()  # the same, by a rule for many, of whom one is


class NeedsManageServerError(Refusal):
    """Only those with Manage Server may set unlimited allowances, or change what they have themselves.

    Args:
        why: what of it was asked for.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why.name.lower())
        self.why = why


class CapExceededError(Refusal):
    """The owner lets moderators give a member no more than `QUOTA_MAX_CREDITS`, and nothing unlimited.

    Args:
        cap: that setting's value.
    """

    def __init__(self, cap: int) -> None:
        super().__init__(f"QUOTA_MAX_CREDITS is {cap}")
        self.cap = cap


class InvalidRequestError(Refusal):
    """What a moderator asked for cannot be done as it was asked; nothing was changed."""


class InvalidDurationError(InvalidRequestError):
    """A text cannot be read as a length of time, or is nothing, or longer than ten years.

    Args:
        text: what was given.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class OutOfRangeError(InvalidRequestError):
    """A number is out of range, or the length of a text is.

    Args:
        name: what the number is: `credits`, or `reason`, of which it is the length.
        minimum, maximum: what would do.
        given: what was given.
    """

    def __init__(self, name: str, *, minimum: int, maximum: int, given: int) -> None:
        super().__init__(f"{name}: {given} is not within {minimum} and {maximum}")
        self.name = name
        self.minimum = minimum
        self.maximum = maximum
        self.given = given


class NothingToRemoveError(InvalidRequestError):
    """There is no such rule, no block to end, or no extra credit to take back."""


class NotBlockedError(NothingToRemoveError):
    """A member whose block was to end is not blocked.

    Args:
        member_id: theirs.
    """

    def __init__(self, member_id: int) -> None:
        super().__init__(f"member {member_id} is not blocked")
        self.member_id = member_id


class BotNamedError(InvalidRequestError):
    """Bots ask for no pictures, so nothing can be decided about their credits.

    Args:
        bot_id: the bot's that was named.
    """

    def __init__(self, bot_id: int) -> None:
        super().__init__(f"{bot_id} is a bot")
        self.bot_id = bot_id


class TooManyRulesError(InvalidRequestError):
    """The server has as many rules as it can have.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} rules")
        self.most = most


class WiroError(SanaBotError):
    """A call to Wiro failed."""


class NothingStartedError(WiroError):
    """The call had no effect, for certain."""


class WiroUnreachableError(NothingStartedError):
    """No connection was made."""


class WiroThrottledError(NothingStartedError):
    """HTTP 429.

    Args:
        message: what Wiro said.
        retry_after_seconds: how long Wiro asks to wait, where it says so.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AccountError(NothingStartedError):
    """The account cannot run anything until its owner acts."""


class BalanceError(AccountError):
    """Code 97: the balance does not pay for the task."""


class AuthenticationError(AccountError):
    """Code 98 or 99, HTTP 401 or 403: key, signature, address or permission is not accepted."""


class TaskLimitError(NothingStartedError):
    """Code 96: as many tasks as the account may run are under way.

    Args:
        message: what Wiro said.
        limit: how many tasks the account may run at once, where the message says so.
    """

    def __init__(self, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class ParameterError(NothingStartedError):
    """Wiro refuses the request's parameters; asking again with the same ones is of no use."""


class NotFoundError(NothingStartedError):
    """Code 1 or HTTP 404: no such task or tool, not accessible, or in no state for the call."""


class RefusedError(NothingStartedError):
    """Any other `result: false`; a later try may succeed."""


class OutcomeUnknownError(WiroError):
    """The call may have had its effect."""


class NoAnswerError(OutcomeUnknownError):
    """The connection timed out or broke after the request may have been sent."""


class ServerFaultError(OutcomeUnknownError):
    """HTTP 5xx."""


class UnreadableAnswerError(OutcomeUnknownError):
    """The answer is cut off, not JSON, or not of the documented shape."""


class PictureError(SanaBotError):
    """An output cannot become a picture in the message."""


class PictureRefusedError(PictureError):
    """The output is not a picture, is too large, or lies on a host that is not allowed."""


class PictureGoneError(PictureError):
    """The output is no longer there."""


class PictureUnavailableError(PictureError):
    """The output could not be fetched now; a later try may succeed."""


class MessageError(SanaBotError):
    """A call to Discord failed."""


class MessageGoneError(MessageError):
    """Discord will never take it: the channel, the message or a permission is gone."""


class MessageUnavailableError(MessageError):
    """Discord did not confirm it; it may have worked, and a later try may."""


class StaleJobError(SanaBotError):
    """The stored job is not in the state that the change began from: a mistake of the program."""


class StorageError(SanaBotError):
    """The database did not do it, and nothing was written."""


class SchemaError(StorageError):
    """The database was made by a newer program, or is damaged."""
