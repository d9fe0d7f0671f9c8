"""What marks a message before it is posted: Discord makes one message of all that bear the same."""

import secrets
from typing import Final

_BYTES: Final = 12  # in hex 24 characters; a nonce has 25 at most (the reference, Limits)


def new_nonce() -> str:
    """Return a nonce for one message."""
    return secrets.token_hex(_BYTES)
