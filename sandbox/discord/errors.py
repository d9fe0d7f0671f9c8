"""Discord's refusals: HTTP status, JSON code and message.

Source: Discord's reference, Opcodes and Status Codes, JSON.

    ApiError             what the REST API answers instead of a result
    Refusal              what Discord's client would not let a person do, answered by the control API
"""

from sandbox.discord.payloads import Json


class ApiError(Exception):
    """One error answer: `status` of HTTP, Discord's `code`, its `message`, and errors by field if any."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Return the JSON object that Discord answers with."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class Refusal(Exception):  # noqa: N818 - a refusal is an answer to a person, not a fault of the program
    """A person tried what Discord's client or server would not let them do."""


def unauthorized() -> ApiError:
    """Return the answer to a missing or wrong bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """Return the answer on an address that does not exist."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """Return the answer for a channel that does not exist."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    """Return the answer for a guild that the bot is not in."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """Return the answer for someone who is not in the guild."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """Return the answer for a message that does not exist, or that only one member sees."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """Return the answer for a user that does not exist."""
    return ApiError(404, 10013, "Unknown User")


def unknown_emoji() -> ApiError:
    """Return the answer for an emoji that does not exist."""
    return ApiError(400, 10014, "Unknown Emoji")


def too_many_reactions(limit: int) -> ApiError:
    """Return the answer to one more emoji on a message that has `limit` different ones."""
    return ApiError(403, 30010, f"Maximum number of reactions reached ({limit})")


def unknown_webhook() -> ApiError:
    """Return the answer for a token that was never given out."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """Return the answer for an interaction that does not exist or was not answered in time."""
    return ApiError(404, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    """Return the answer for a command that is not registered."""
    return ApiError(404, 10063, "Unknown application command")


def already_acknowledged() -> ApiError:
    """Return the answer to a second callback."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def too_large() -> ApiError:
    """Return the answer to a file above the guild's limit."""
    return ApiError(413, 40005, "Request entity too large")


def missing_access() -> ApiError:
    """Return the answer where the bot does not see the channel."""
    return ApiError(403, 50001, "Missing Access")


def edits_other_author() -> ApiError:
    """Return the answer to an edit of someone else's message."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    """Return the answer to a message without anything in it."""
    return ApiError(400, 50006, "Cannot send an empty message")


def not_in_dms() -> ApiError:
    """Return the answer to what direct messages do not know: acting on what is another's."""
    return ApiError(403, 50003, "Cannot execute action on a DM channel")


def closed_dms() -> ApiError:
    """Return the answer to a direct message to someone who takes none."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def no_common_guild() -> ApiError:
    """Return the answer to a direct message to someone who is in no guild with the bot."""
    return ApiError(403, 50278, "Cannot send messages to this user")


def missing_permissions() -> ApiError:
    """Return the answer where the bot sees the channel but may not do this."""
    return ApiError(403, 50013, "Missing Permissions")


def archived_thread() -> ApiError:
    """Return the answer to an edit or a reaction in a thread that is archived."""
    return ApiError(400, 50083, "Thread is archived")


def reply_without_history() -> ApiError:
    """Return the answer to a reply where the bot may not read what was written before."""
    return ApiError(403, 160002, "Cannot reply without permission to read message history")


def expired_token() -> ApiError:
    """Return the answer to an interaction's token that is too old."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def invalid_json() -> ApiError:
    """Return the answer to a body that is no JSON object."""
    return ApiError(400, 50109, "The request body contains invalid JSON.")
