"""The token in the address that Wiro calls back: made for each Run, and stored as its hash alone."""

import hashlib
import secrets
from typing import Final

_BYTES: Final = 32


def new_callback_token() -> str:
    """Return a token that nobody can guess, as it stands in an address."""
    return secrets.token_urlsafe(_BYTES)


def hash_callback_token(token: str) -> bytes:
    """Return what is stored of a callback token: a copy of the database reveals no address."""
    return hashlib.sha256(token.encode()).digest()
