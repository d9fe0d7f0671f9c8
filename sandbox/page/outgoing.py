"""What leaves for the browser: without secrets, and with the page's own addresses for files. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping

MASK = "•••"
_SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "x-signature"})
# Where a token stands in JSON as the two control APIs answer it.
_TOKENS = re.compile(
    r"""(?P<before>
        /wiro/callback/                                   # the bot's address for callbacks
        | "callbackUrl" \s*:\s* "(?:[^"]*/)?              # any other bot's: its last part
        | "(?:socketaccesstoken|tasktoken)" \s*:\s* "
        | /(?:webhooks|interactions)/\d+/                 # an interaction's token in the path of a call
    )[^"/\\?\s]+""",
    re.VERBOSE,
)


def veil(secrets: Iterable[str | None], cdn_base: str) -> Callable[[str], str]:
    """Return what makes JSON fit to be sent to the browser.

    Args:
        secrets: whatever must not be in it, wherever it stands; None is left out.
        cdn_base: where Discord's files are; the page has them below `/files`.
    """
    known = tuple(each for each in secrets if each)
    files = f"{cdn_base}/attachments/"

    def clean(text: str) -> str:
        text = _TOKENS.sub(rf"\g<before>{MASK}", text).replace(files, "/files/")
        for secret in known:
            text = text.replace(secret, MASK)
        return text

    return clean


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by their names in lower case, those that prove who calls masked."""
    return {
        name.lower(): MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()
    }
