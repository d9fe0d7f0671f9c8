from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import UnreadableAnswerError
from bot.wiro.wire import (
    MAX_OUTPUTS,
    Accepted,
    Output,
    Task,
    Verdict,
    decode_accepted,
    decode_tasks,
    outputs_from_json,
    outputs_to_json,
)

PICTURE = {
    "id": "7",
    "name": "0.png",
    "contenttype": "image/png",
    "parentid": "1",
    "uuid": "u",
    "size": "202472",
    "addedtime": "1",
    "modifiedtime": "1",
    "accesskey": "a",
    "url": "https://cdn1.wiro.ai/x/0.png",
}

TASK: dict[str, Any] = {
    "id": "534574",
    "uuid": "0d6f",
    "socketaccesstoken": "eDcCm5yyUfIvMFspTwww49OUfgXkQt",
    "parameters": {
        "prompt": "a red fox",
        "steps": 25,
        "scale": "3.5",
        "callbackUrl": "https://bot.test/secret",
    },
    "status": "task_postprocess_end",
    "pexit": "0",
    "debugoutput": "",
    "debugerror": "",
    "starttime": "1734513809",
    "endtime": "1734513815",
    "elapsedseconds": "6.0000",
    "totalcost": "0.003510000000",
    "createtime": "1734513807",
    "canceltime": "0",
    "outputs": [PICTURE],
    "size": "202472",
}


def decode(**changes: object) -> Task:
    """Return the one task of an answer whose fields were changed; `...` takes a field away."""
    fields = {name: value for name, value in (TASK | changes).items() if value is not ...}
    (task,) = decode_tasks({"result": True, "total": "1", "errors": [], "tasklist": [fields]})
    return task


@pytest.mark.parametrize(
    "answer",
    [
        {"taskid": "2221", "socketaccesstoken": "eDcC"},
        {"taskid": 2221, "socketaccesstoken": "eDcC"},
        {"data": {"taskid": "2221", "socketaccesstoken": "eDcC"}},
        {"data": {"taskid": 2221, "socketaccesstoken": "eDcC", "new": []}, "new": {}},
        {"taskid": None, "data": {"taskid": 2221.0, "socketaccesstoken": "eDcC"}},
    ],
)
def test_run_is_accepted(answer: dict[str, object]) -> None:
    """Id and token are found at the top and under `data`, and a number is as good as a string."""
    assert decode_accepted({"result": True, "errors": [], **answer}) == Accepted("2221", "eDcC")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"taskid": "2221"},
        {"socketaccesstoken": "eDcC"},
        {"taskid": "", "socketaccesstoken": "eDcC"},
        {"taskid": True, "socketaccesstoken": "eDcC"},
        {"taskid": ["2221"], "socketaccesstoken": "eDcC"},
        {"taskid": "2221", "socketaccesstoken": {}},
        {"data": [{"taskid": "2221", "socketaccesstoken": "eDcC"}]},
        {"data": "2221"},
    ],
)
def test_run_without_id_or_token_is_unreadable(answer: dict[str, object]) -> None:
    """An acceptance that names no task leaves the outcome open."""
    with pytest.raises(UnreadableAnswerError):
        decode_accepted({"result": True, **answer})


def test_task_is_read_as_documented() -> None:
    """Every field that the bot needs comes out of the reference's own example."""
    assert decode() == Task(
        taskid="534574",
        tasktoken="eDcCm5yyUfIvMFspTwww49OUfgXkQt",
        status="task_postprocess_end",
        pexit="0",
        parameters={
            "prompt": "a red fox",
            "steps": "25",
            "scale": "3.5",
            "callbackUrl": "https://bot.test/secret",
        },
        outputs=(Output("0.png", "https://cdn1.wiro.ai/x/0.png", "image/png", 202472),),
        cost_usd="0.003510000000",
        elapsed_seconds=6.0,
        created_at=datetime(2024, 12, 18, 9, 23, 27, tzinfo=UTC),
    )


def test_numbers_may_be_numbers() -> None:
    """What is mostly a string is understood as a number, too, and means the same."""
    as_numbers = decode(
        id=534574,
        pexit=0,
        elapsedseconds=6,
        createtime=1734513807,
        outputs=[PICTURE | {"size": 202472.0}],
        parameters=TASK["parameters"] | {"steps": 25.0, "scale": 3.5},
    )
    assert as_numbers == decode()


def test_task_needs_no_more_than_id_and_status() -> None:
    """Any other field may be absent."""
    (task,) = decode_tasks({"tasklist": [{"id": "1", "status": "task_queue"}]})
    assert task == Task(taskid="1", status="task_queue")


@pytest.mark.parametrize("seconds", [-1, "-0.5", 1e12, "1e300"])
def test_a_time_that_no_task_takes_is_none(seconds: object) -> None:
    """What is stored and shown of it stays within reason."""
    assert decode(elapsedseconds=seconds).elapsed_seconds is None
    assert decode(elapsedseconds="3599.5").elapsed_seconds == 3599.5


@pytest.mark.parametrize("nothing", [None, "", [], {}, True, "soon", "nan", "inf", "1e999", "-"])
def test_what_merely_informs_may_be_strange(nothing: object) -> None:
    """Times, sizes and costs that make no sense are None, and the verdict stands."""
    task = decode(
        elapsedseconds=nothing,
        createtime=nothing,
        totalcost=nothing,
        outputs=[PICTURE | {"size": nothing, "contenttype": None, "name": None}],
    )
    assert task.verdict is Verdict.SUCCEEDED
    assert (task.elapsed_seconds, task.created_at, task.cost_usd) == (None, None, None)
    assert task.outputs == (Output("", "https://cdn1.wiro.ai/x/0.png", "", None),)


@pytest.mark.parametrize("cost", [" " * 250 + "1.5", "1" + "0" * 198 + "e1", "-1", -0.5])
def test_a_cost_that_cannot_be_kept_whole_is_none(cost: object) -> None:
    """Whatever is kept of a cost is an amount of money, also where it was cut."""
    task = decode(totalcost=cost)
    assert task.verdict is Verdict.SUCCEEDED
    assert task.cost_usd is None


@pytest.mark.parametrize("createtime", ["0", 0, "-5", "99999999999999999", 1e300])
def test_times_beyond_the_calendar_are_none(createtime: object) -> None:
    """Zero stands for never, and what is no date does not stop the task."""
    assert decode(createtime=createtime).created_at is None


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ...},
        {"id": None},
        {"id": ""},
        {"id": {}},
        {"status": ...},
        {"status": ""},
        {"status": ["task_end"]},
        {"pexit": ["0"]},
        {"pexit": {}},
        {"pexit": False},
        {"outputs": "0.png"},
        {"outputs": {"0": PICTURE}},
        {"outputs": ["0.png"]},
        {"outputs": [PICTURE, None]},
    ],
)
def test_what_decides_must_be_readable(changes: dict[str, object]) -> None:
    """A task whose verdict would be a guess is an unreadable answer."""
    with pytest.raises(UnreadableAnswerError):
        decode(**changes)


@pytest.mark.parametrize("tasklist", [..., None, "", {}, "x", [None], [[]], ["534574"]])
def test_answer_without_a_list_is_unreadable(tasklist: object) -> None:
    """An absent list of tasks never passes for an empty one."""
    with pytest.raises(UnreadableAnswerError):
        decode_tasks({"result": True} if tasklist is ... else {"result": True, "tasklist": tasklist})


def test_tasks_keep_their_order() -> None:
    """A listing comes out newest first, as Wiro gives it, and an empty one is empty."""
    tasks = decode_tasks({"tasklist": [TASK | {"id": "3"}, TASK | {"id": "1"}, TASK | {"id": "2"}]})
    assert [task.taskid for task in tasks] == ["3", "1", "2"]
    assert decode_tasks({"tasklist": []}) == []


def test_outputs_without_an_address_are_none() -> None:
    """What cannot be fetched does not make a success."""
    assert decode(outputs=[{"name": "0.png"}, PICTURE | {"url": ""}]).verdict is Verdict.FAILED
    assert len(decode(outputs=[{"name": "0.png"}, PICTURE]).outputs) == 1


def test_an_error_holds_no_secret() -> None:
    """What a process repeats of what it was run with is left out: tokens, addresses, and what is hidden."""
    callback = "https://bot.example/wiro/callback/the-token-of-this"
    told = f"the-key ran eDcCm5 for {callback}, the-token-of-this; see http://a.example/b?c=d and x/y"
    item = TASK | {"debugerror": told, "socketaccesstoken": "eDcCm5", "parameters": {"callbackUrl": callback}}
    (task,) = decode_tasks({"tasklist": [item]}, hidden=("the-key", ""))
    assert task.error == "*** ran *** for ***, ***; see http://a.example/*** and x/y"
    (other,) = decode_tasks({"tasklist": [item | {"parameters": None}]})
    assert other.error is not None
    assert "https://bot.example/*** the-token-of-this;" in other.error


def test_a_secret_is_not_cut_in_two() -> None:
    """An error that is too long begins behind a secret, or with its mask."""
    item = TASK | {"debugerror": "the-secret" + "x" * 995}
    (task,) = decode_tasks({"tasklist": [item]}, hidden=("the-secret",))
    assert task.error == "***" + "x" * 995


def test_error_is_the_end_of_what_the_process_wrote() -> None:
    """The last lines of stderr, else of stdout, are kept, and no more than a log line can bear."""
    assert decode(debugerror="  Out of memory\n", debugoutput="loading").error == "Out of memory"
    assert decode(debugerror=" \n", debugoutput="loading").error == "loading"
    assert decode(debugerror=None, debugoutput=[]).error is None
    error = decode(debugerror="x" * 50_000 + "the reason").error
    assert error is not None
    assert error.endswith("the reason")
    assert len(error) <= 1000


def test_texts_cut_within_a_character_are_mended() -> None:
    """Half a surrogate pair, which no database takes, does not come through."""
    task = decode(debugerror="cut \ud83d", parameters={"prompt\udc00": "\ud83d fox"})
    assert task.error == "cut ?"
    assert task.parameters == {"prompt?": "? fox"}


def test_memory_of_a_task_is_bounded() -> None:
    """Endless outputs and labels are cut."""
    task = decode(status="s" * 10_000, outputs=[PICTURE | {"name": "n" * 10_000}] * 1000)
    assert len(task.outputs) == MAX_OUTPUTS
    assert len(task.outputs[0].name) + len(task.status) <= 400


def test_parameters_that_are_no_texts_are_left_out() -> None:
    """A prompt is compared as text; lists and objects are nobody's prompt."""
    assert decode(parameters={"a": [], "b": {}, "c": None, "d": True, "e": 1.5}).parameters == {"e": "1.5"}
    assert decode(parameters=["prompt"]).parameters == {}


def test_secrets_are_not_shown() -> None:
    """No `repr` tells tokens, the callback's address or where the pictures lie."""
    shown = repr([decode(), Accepted("1", TASK["socketaccesstoken"])])
    for secret in (TASK["socketaccesstoken"], "bot.test", "cdn1"):
        assert secret not in shown
    assert "534574" in shown


def test_outputs_are_stored_and_read_back() -> None:
    """What the database holds gives the same outputs again."""
    outputs = (*decode().outputs, Output("ü.png", "https://x.test/é?a=1&b=2", "image/png", None))
    assert outputs_from_json(outputs_to_json(outputs)) == outputs
    assert outputs_from_json(outputs_to_json(())) == ()


@pytest.mark.parametrize("stored", ["", "{", '"x"', '{"a": 1}', "[1]", "7"])
def test_damaged_stored_outputs_are_refused(stored: str) -> None:
    """What `outputs_to_json` cannot have written is not taken for outputs."""
    with pytest.raises(UnreadableAnswerError):
        outputs_from_json(stored)
