import json

import pytest

from bot.errors import (
    AuthenticationError,
    BalanceError,
    NotFoundError,
    OutcomeUnknownError,
    ParameterError,
    RefusedError,
    ServerFaultError,
    TaskLimitError,
    UnreadableAnswerError,
    WiroError,
    WiroThrottledError,
)
from bot.wiro.envelope import decode_answer, is_no_task

LIMIT = "Concurrent limit reached, you can run up to 3 tasks at the same time."


def failed(*errors: object) -> bytes:
    """Return the body of an answer that says no."""
    return json.dumps({"result": False, "errors": list(errors)}).encode()


def raised_by(status: int, body: bytes) -> WiroError:
    """Return the exception that an answer raises."""
    with pytest.raises(WiroError) as caught:
        decode_answer(status, body)
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
def test_answer_is_returned_whole(status: int) -> None:
    """A `result: true` gives the whole object, unknown fields included, whatever `errors` holds or lacks."""
    extras: list[dict[str, object]] = [{}, {"errors": []}, {"errors": None}, {"new": {"deep": [1]}}]
    for extra in extras:
        answer = {"result": True, "taskid": "2221", **extra}
        assert decode_answer(status, json.dumps(answer).encode()) == answer


def test_a_stray_byte_does_not_hide_an_answer() -> None:
    """A byte that is no UTF-8, as a process may write it, spoils its own text and nothing else."""
    body = b'{"result": true, "debugerror": "caf\xe9"}'
    assert decode_answer(200, body) == {"result": True, "debugerror": "caf\ufffd"}


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (0, "Request parameter [prompt] required", ParameterError),
        (0, "Request parameter [steps] must be integer or float", ParameterError),
        (0, "Request parameter [width] must be between 256 and 4096", ParameterError),
        (0, "Request parameters are invalid.", ParameterError),
        (0, "Your account has been suspended. Contact support.", AuthenticationError),
        (0, "You don't have any permission for this action.", AuthenticationError),
        (0, "Project authorization is not founded.", AuthenticationError),
        (
            0,
            "Project requires signature authentication. x-signature and x-nonce headers are required.",
            AuthenticationError,
        ),
        (0, "Project authorization is not valid.", AuthenticationError),
        (0, "Requested ip 203.0.113.9 is not allowed.", AuthenticationError),
        (0, "taskid or socketaccesstoken is required", RefusedError),
        (0, "Task must be completed or cancelled before deleting files", RefusedError),
        (0, "Something went wrong.", RefusedError),
        (1, "tool-not-accessible", NotFoundError),
        (1, "slug-owner-project-not-exist", NotFoundError),
        (1, "There is no task yet.", NotFoundError),
        (1, "Task is not in a cancellable state.", NotFoundError),
        (1, "Task could not be killed: not running", NotFoundError),
        (1, "Request parameter [x] is of no concern to code 1", NotFoundError),
        (96, LIMIT, TaskLimitError),
        (97, "Insufficient balance.", BalanceError),
        (98, "Sign in.", AuthenticationError),
        (99, "Bearer token expired.", AuthenticationError),
        (1234, "Something new.", RefusedError),
    ],
)
def test_code_and_message_decide(code: int, message: str, kind: type[WiroError]) -> None:
    """Each documented failure of HTTP 200 is its own exception, with the code as a number or as a string."""
    for written in (code, str(code)):
        for status in (200, 400):
            error = raised_by(status, failed({"code": written, "message": message}))
            assert type(error) is kind
            assert str(error) == f"HTTP {status}, code {code}: {message}"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Request parameter [prompt] required", ParameterError),
        ("Project authorization is not valid.", AuthenticationError),
        ("tool-not-accessible", NotFoundError),
        ("There is no task yet.", NotFoundError),
        (LIMIT, TaskLimitError),
        ("Something went wrong.", RefusedError),
    ],
)
def test_bare_strings_are_understood(message: str, kind: type[WiroError]) -> None:
    """An error that is a string without a code means the same, in a list or alone."""
    assert type(raised_by(200, failed(message))) is kind
    alone = json.dumps({"result": False, "errors": message}).encode()
    assert type(raised_by(200, alone)) is kind


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (LIMIT, 3),
        ("You can run up to 1 task at the same time", 1),
        ("you can run up to 0 tasks at the same time", None),
        ("Too many tasks.", None),
        ("you can run up to 99999999999999999999 tasks at the same time", None),
    ],
)
def test_limit_is_read_from_the_message(message: str, limit: int | None) -> None:
    """Code 96 teaches how many tasks may run, where its message says so."""
    error = raised_by(200, failed({"code": 96, "message": message}))
    assert isinstance(error, TaskLimitError)
    assert error.limit == limit


@pytest.mark.parametrize("errors", [None, [], {}, "", [None], [[]], [{}], [{"code": None}], 7, [7], True])
def test_failure_without_a_usable_error_is_a_refusal(errors: object) -> None:
    """A `result: false` says that nothing happened, even if it does not say why."""
    body = json.dumps({"result": False, "errors": errors}).encode()
    assert type(raised_by(200, body)) is RefusedError
    assert type(raised_by(200, b'{"result": false}')) is RefusedError


def test_first_code_that_says_something_decides() -> None:
    """Among several errors the one with a code other than 0 decides, and all are in the message."""
    error = raised_by(200, failed({"code": 0, "message": "first"}, {"code": 97, "message": "second"}))
    assert type(error) is BalanceError
    assert "first" in str(error)
    assert "second" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (429, WiroThrottledError),
        (500, ServerFaultError),
        (502, ServerFaultError),
        (599, ServerFaultError),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>no</html>",
        b'{"result": tru',
        b"[]",
        failed({"code": 0, "message": "Request parameter [prompt] required"}),
        b'{"result": true, "taskid": "1", "socketaccesstoken": "t"}',
    ],
)
def test_status_decides_whatever_the_body(status: int, kind: type[WiroError], body: bytes) -> None:
    """These HTTP statuses mean the same with an envelope, with a page and with nothing."""
    error = raised_by(status, body)
    assert type(error) is kind
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>busy</html>"),
        (200, b'{"result": true, "taskid": "22'),
        (200, b"null"),
        (200, b"[]"),
        (200, b'"result"'),
        (200, b"{}"),
        (200, b'{"errors": [], "taskid": "1"}'),
        (200, b'{"result": "true"}'),
        (200, b'{"result": 1}'),
        (200, b'{"result": null}'),
        (200, b'{"result": true, "n": NaN}'),
        (200, b'{"result": true, "n": ' + b"9" * 5000 + b"}"),
        (200, b'{"result": true, "n": ' + b"[" * 100_000),
        (204, b""),
        (302, b""),
        (307, failed({"code": 97, "message": "no"})),
        (400, b"<html>bad request</html>"),
        (408, b""),
        (418, b'{"result": true}'),
    ],
)
def test_anything_else_leaves_the_outcome_open(status: int, body: bytes) -> None:
    """What is no documented answer never passes for one, nor for a certain failure."""
    error = raised_by(status, body)
    assert type(error) is UnreadableAnswerError
    assert isinstance(error, OutcomeUnknownError)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    """HTTP 429 carries the seconds that Wiro asks for, where they are a sane number."""
    with pytest.raises(WiroThrottledError) as caught:
        decode_answer(429, b"", retry_after=header)
    assert caught.value.retry_after_seconds == seconds


def test_only_wiros_own_word_means_that_there_is_no_task() -> None:
    """An address that does not exist is not mistaken for an empty listing."""
    said = raised_by(200, failed({"code": 1, "message": "There is no task yet."}))
    wrong_address = raised_by(404, b"<html>not found</html>")
    assert isinstance(said, NotFoundError)
    assert isinstance(wrong_address, NotFoundError)
    assert is_no_task(said)
    assert not is_no_task(wrong_address)


def test_messages_are_short_single_lines_without_what_is_hidden() -> None:
    """Whatever Wiro says, an exception's message is fit for one log line and tells no secret."""
    message = "no\n\tkey demo-key-long demo-key " + "x" * 10_000
    with pytest.raises(RefusedError) as caught:
        decode_answer(200, failed(message), hidden=["demo-key", "", "demo-key-long"])
    assert str(caught.value).startswith("HTTP 200, code 0: no key *** *** xxx")
    assert len(str(caught.value)) <= 300
    assert "\n" not in str(caught.value)


def test_hiding_does_not_change_the_meaning() -> None:
    """A hidden text that happens to be part of Wiro's sentence does not hide the failure's kind."""
    with pytest.raises(TaskLimitError) as caught:
        decode_answer(200, failed({"code": 96, "message": LIMIT}), hidden=["run", "3"])
    assert caught.value.limit == 3
