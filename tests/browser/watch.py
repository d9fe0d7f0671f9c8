"""What a page does that no page of ours may do: errors, failed requests, and requests to anybody else."""

import re

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_BAD_REQUEST = 400


class Watch:
    """Notes every complaint of one browser context.

    Args:
        context: a new one, without a page.
        origin: the only place that it may ask.
    """

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._origin = origin
        self._found: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    @property
    def complaints(self) -> list[str]:
        """All that was found and not expected."""
        return [each for each in self._found if not any(known.search(each) for known in self._expected)]

    def expect(self, pattern: str) -> None:
        """Let complaints pass that hold this pattern: for tests that are about them."""
        self._expected.append(re.compile(pattern))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._found.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _on_error(self, error: WebError) -> None:
        self._found.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._origin}/", "data:")):
            self._found.append(f"foreign request: {request.url}")

    def _on_failure(self, request: Request) -> None:
        self._found.append(f"failed request: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= _BAD_REQUEST:
            self._found.append(f"status {response.status}: {response.request.method} {response.url}")
