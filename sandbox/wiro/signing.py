"""Who may call. Source: Wiro's reference, Authentication."""

import hashlib
import hmac
from collections.abc import Mapping

from sandbox.wiro.envelope import GENERAL, CallError

UNKNOWN_KEY = "Project authorization is not founded."
UNSIGNED = "Project requires signature authentication. x-signature and x-nonce headers are required."
WRONG_SIGNATURE = "Project authorization is not valid."


def signature_of(api_key: str, api_secret: str, nonce: str) -> str:
    """Give the lower-case hex HMAC-SHA256 of secret and nonce, keyed with the API key."""
    return hmac.digest(api_key.encode(), _bytes(api_secret + nonce), hashlib.sha256).hex()


def verify(headers: Mapping[str, str], api_key: str, api_secret: str | None) -> None:
    """Check a call's headers; without a secret the project is key-only and no signature is looked at.

    Raises CallError with HTTP 401.
    """
    if not _equal(headers.get("x-api-key", ""), api_key):
        raise CallError(GENERAL, UNKNOWN_KEY, http_status=401)
    if api_secret is None:
        return
    nonce, signature = headers.get("x-nonce"), headers.get("x-signature")
    if not nonce or not signature:
        raise CallError(GENERAL, UNSIGNED, http_status=401)
    if not _equal(signature, signature_of(api_key, api_secret, nonce)):
        raise CallError(GENERAL, WRONG_SIGNATURE, http_status=401)


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(text: str) -> bytes:
    """Give what a header held before it became text: any bytes at all."""
    return text.encode(errors="surrogateescape")
