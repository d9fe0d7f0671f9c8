import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import UnreadableAnswerError, WiroError
from bot.wiro.envelope import decode_answer
from bot.wiro.reading import JsonObject
from bot.wiro.tool import decode_tool
from bot.wiro.wire import (
    Output,
    Verdict,
    decode_accepted,
    decode_tasks,
    outputs_from_json,
    outputs_to_json,
)

Value = TypeVar("Value")

MANY = settings(max_examples=500, deadline=None)

TEXTS = st.text(st.characters(), max_size=30)  # half surrogate pairs included
HUGE_INTS = st.builds(
    lambda exponent, sign: sign * 10**exponent, st.integers(15, 4200), st.sampled_from([-1, 1])
)
TELLING = st.sampled_from(
    [
        *(
            "task_postprocess_end",
            "task_cancel",
            "task_error",
            "0",
            "1",
            "",
            "-1",
            "nan",
            "1e999",
            "9" * 5000,
        ),
        *(
            "There is no task yet.",
            "Request parameter [x] required",
            "you can run up to 2 tasks at the same time",
        ),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | HUGE_INTS | st.floats() | TEXTS | TELLING
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def objects_with(*names: str, **certain: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with anything under `names`, each of which may be absent, and with `certain`."""
    return st.fixed_dictionaries(certain, optional=dict.fromkeys(names, JSON))


OUTPUTS = objects_with("name", "contenttype", "size", url=TEXTS)
TASKS = objects_with(
    *("socketaccesstoken", "pexit", "parameters", "createtime", "elapsedseconds", "totalcost", "debugerror"),
    id=st.integers() | HUGE_INTS | TEXTS,
    status=TELLING | TEXTS,
    outputs=st.lists(OUTPUTS, max_size=3) | JSON,
)
PARAMETERS = objects_with("type", "required", "min", "max", "step", "default", id=TEXTS)
TOOLS = objects_with(
    parameters=st.lists(objects_with(items=st.lists(PARAMETERS, max_size=3) | JSON), max_size=3) | JSON,
    dynamicprice=st.lists(objects_with("inputs", "priceMethod", price=SCALARS), max_size=2).map(json.dumps)
    | JSON,
)
ANSWERS = st.one_of(
    objects_with("taskid", "socketaccesstoken", data=objects_with("taskid", "socketaccesstoken") | JSON),
    objects_with(tasklist=st.lists(TASKS, max_size=3) | JSON),
    objects_with(tool=st.lists(TOOLS, max_size=2) | JSON),
)
ERRORS = st.lists(objects_with("code", "message") | TELLING, max_size=3) | JSON
ENVELOPES = objects_with("taskid", result=st.booleans() | JSON, errors=ERRORS)
BODIES = st.binary() | st.one_of(ENVELOPES, JSON).map(json.dumps).map(str.encode)


def attempt(decode: Callable[[], Value]) -> Value | WiroError:
    """Return what a decoder returns or raises of the documented kind; anything else goes through."""
    try:
        return decode()
    except WiroError as error:
        return error


def is_fit_for_a_log(message: str) -> bool:
    """Whether a message is short, in one line, and can be written."""
    return len(message) <= 300 and len(message.splitlines()) == 1 and bool(message.encode())


@MANY
@given(
    st.integers(100, 999),
    BODIES,
    st.none() | TEXTS | st.floats().map(str),
    st.lists(st.sampled_from(["", "a", "ask", "\ud800"])),
)
@example(200, b"[" * 200_000, None, [])
@example(200, b'{"result":' * 100_000, None, [])
@example(200, b'{"result": true, "x": 1' + b"0" * 100_000 + b"}", None, [])
@example(200, b'{"result": true, "x": -Infinity}', None, [])
@example(200, b'{"result": false, "errors": ["\\ud800"]}', None, [])
def test_no_body_surprises(status: int, body: bytes, retry_after: str | None, hidden: list[str]) -> None:
    """Whatever status and bytes come, the outcome is an answer or one of the documented exceptions."""
    outcome = attempt(lambda: decode_answer(status, body, retry_after=retry_after, hidden=hidden))
    if isinstance(outcome, WiroError):
        assert type(outcome) is not WiroError
        assert is_fit_for_a_log(str(outcome))
    else:
        assert 200 <= status < 300
        assert outcome["result"] is True


@MANY
@given(ANSWERS)
@example({"taskid": 10**5000, "socketaccesstoken": -(10**5000)})
@example({"tasklist": [{"id": "1", "status": "task_end", "createtime": 10**5000, "pexit": -0.0}]})
def test_no_answer_surprises(answer: JsonObject) -> None:
    """Whatever an envelope holds, it is decoded to clean values or refused as unreadable."""
    for decode in (decode_accepted, decode_tasks, decode_tool):
        outcome = attempt(partial(decode, answer))
        assert not isinstance(outcome, WiroError) or isinstance(outcome, UnreadableAnswerError)
        assert isinstance(outcome, WiroError) or repr(outcome).encode()


@MANY
@given(st.lists(TASKS, min_size=1, max_size=2))
def test_decoded_tasks_are_fit_for_storage(items: list[dict[str, Any]]) -> None:
    """What is decoded has a verdict, can be written to a database, and its outputs come back from there."""
    tasks = attempt(lambda: decode_tasks({"tasklist": items}))
    for task in tasks if isinstance(tasks, list) else []:
        assert task.taskid
        assert isinstance(task.verdict, Verdict)
        assert task.outputs or task.verdict is not Verdict.SUCCEEDED
        assert task.elapsed_seconds is None or abs(task.elapsed_seconds) < float("inf")
        assert task.created_at is None or task.created_at.tzinfo is not None
        assert outputs_from_json(outputs_to_json(task.outputs)) == task.outputs
        texts = [task.tasktoken, task.status, task.pexit, task.cost_usd, task.error, task.summary]
        everything = [*filter(None, texts), *task.parameters, *task.parameters.values()]
        assert all(isinstance(text.encode(), bytes) for text in everything)


@MANY
@given(TEXTS | JSON.map(json.dumps))
def test_no_stored_text_surprises(stored: str) -> None:
    """Whatever a database gives, it is read as outputs or refused as unreadable."""
    outcome = attempt(lambda: outputs_from_json(stored))
    if not isinstance(outcome, UnreadableAnswerError):
        assert isinstance(outcome, tuple)
        assert all(isinstance(output, Output) for output in outcome)
