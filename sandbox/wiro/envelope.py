"""The form of Wiro's answers, and its error codes. Source: Wiro's reference, Answers."""

from aiohttp import web

Answer = dict[str, object]

GENERAL = 0
NOT_FOUND = 1
TOO_MANY_TASKS = 96
BALANCE_TOO_LOW = 97


class CallError(Exception):
    """A call that is answered with `result: false`.

    Most come with HTTP 200, so that the body decides; failed authentication with 401, unknown paths with 404.
    """

    def __init__(self, code: int, message: str, *, http_status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status

    def response(self) -> web.Response:
        """Give the error as an HTTP answer."""
        return web.json_response(
            failure({"code": self.code, "message": self.message}), status=self.http_status
        )


def success(**fields: object) -> Answer:
    """Give the answer of a call that did what was asked."""
    return {"errors": [], **fields, "result": True}


def failure(error: object) -> Answer:
    """Give the answer of a call that failed; `error` is an object with code and message, or a bare text."""
    return {"errors": [error], "result": False}
