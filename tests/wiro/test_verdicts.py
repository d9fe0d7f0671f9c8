import pytest

from bot.wiro.wire import Task, Verdict, decode_tasks

PICTURE = {
    "name": "0.png",
    "contenttype": "image/png",
    "size": "202472",
    "url": "https://cdn1.wiro.ai/x/0.png",
}

RUNNING = [
    "task_queue",
    "task_accept",
    "task_assign",
    "task_preprocess_start",
    "task_preprocess_end",
    "task_start",
    "task_output",
    "task_output_full",
    "task_error_full",
    "task_end",
    "task_postprocess_start",
]


def decode(**changes: object) -> Task:
    """Return a successful task whose fields were changed; `...` takes a field away."""
    fields = {"id": "1", "status": "task_postprocess_end", "pexit": "0", "outputs": [PICTURE]} | changes
    (task,) = decode_tasks(
        {"tasklist": [{name: value for name, value in fields.items() if value is not ...}]}
    )
    return task


@pytest.mark.parametrize("status", RUNNING)
def test_running_statuses(status: str) -> None:
    """A running task is running, whatever exit code and outputs it shows already."""
    seen: list[dict[str, object]] = [{}, {"pexit": "1"}, {"outputs": []}, {"pexit": ..., "outputs": ...}]
    for changes in seen:
        task = decode(status=status, **changes)
        assert task.verdict is Verdict.RUNNING
        assert task.has_known_status


@pytest.mark.parametrize("status", ["task_dreams", "TASK_CANCEL", "task_postprocess_end ", "0", "agent_end"])
def test_unknown_statuses_mean_waiting(status: str) -> None:
    """A status that nobody documented ends nothing, and can be told from the documented ones."""
    assert decode(status=status).verdict is Verdict.RUNNING
    assert not decode(status=status).has_known_status


@pytest.mark.parametrize(
    ("pexit", "outputs", "verdict"),
    [
        ("0", [PICTURE], Verdict.SUCCEEDED),
        (0, [PICTURE], Verdict.SUCCEEDED),
        (..., [PICTURE], Verdict.SUCCEEDED),
        (None, [PICTURE], Verdict.SUCCEEDED),
        ("", [PICTURE], Verdict.SUCCEEDED),
        ("0", [], Verdict.FAILED),
        ("0", ..., Verdict.FAILED),
        ("0", None, Verdict.FAILED),
        ("0", "", Verdict.FAILED),
        ("0", {}, Verdict.FAILED),
        (..., [], Verdict.FAILED),
        (..., ..., Verdict.FAILED),
        ("1", [PICTURE], Verdict.FAILED),
        (1, [PICTURE], Verdict.FAILED),
        ("-9", [PICTURE], Verdict.FAILED),
        ("00", [PICTURE], Verdict.FAILED),
        ("null", [PICTURE], Verdict.FAILED),
        ("1", [], Verdict.FAILED),
    ],
)
def test_completed_tasks(pexit: object, outputs: object, verdict: Verdict) -> None:
    """Exit code 0 and outputs make a success; where there is no exit code, outputs alone do."""
    assert decode(pexit=pexit, outputs=outputs).verdict is verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [("task_cancel", Verdict.CANCELLED), ("task_error", Verdict.FAILED)]
)
def test_other_ends(status: str, verdict: Verdict) -> None:
    """A cancelled and a broken task end so, whatever else they show."""
    seen: list[dict[str, object]] = [{}, {"pexit": ..., "outputs": ...}, {"pexit": "1"}]
    for changes in seen:
        assert decode(status=status, **changes).verdict is verdict
    assert decode(status=status).has_known_status


def test_summary_tells_the_ends_apart() -> None:
    """An operator sees why a task counts as failed."""
    ends = [
        decode(outputs=[]),
        decode(pexit="1"),
        decode(pexit=..., outputs=[]),
        decode(status="task_error", pexit=...),
    ]
    assert [task.summary for task in ends] == [
        "task_postprocess_end, pexit 0, 0 outputs",
        "task_postprocess_end, pexit 1, 1 outputs",
        "task_postprocess_end, pexit absent, 0 outputs",
        "task_error, pexit absent, 1 outputs",
    ]
