"""The headers that prove who calls. Pure. Source: Wiro's reference, Authentication."""

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """A Wiro project's API key and, for a signature-based project, its secret; None for a key-only one."""

    key: str
    secret: str | None = None

    def __repr__(self) -> str:
        """Tell which kind of project it is, and nothing else."""
        return f"Credentials({'signature-based' if self.secret else 'key-only'})"


def headers(credentials: Credentials, nonce: str) -> dict[str, str]:
    """Return the authentication headers of one request.

    Args:
        credentials: the project's.
        nonce: a whole number, another one for each request.
    """
    if not credentials.secret:
        return {"x-api-key": credentials.key}
    signed = hmac.new(credentials.key.encode(), (credentials.secret + nonce).encode(), hashlib.sha256)
    return {"x-api-key": credentials.key, "x-nonce": nonce, "x-signature": signed.hexdigest()}
