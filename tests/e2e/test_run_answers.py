"""Run: how it is sent, and that each of its possible answers leads the job where the design says."""

from pathlib import Path

import pytest
from structlog.typing import EventDict

from sandbox.wiro import CallFault, Rule, TaskScript, WiroConfig
from tests.support.stage import Stage, staged

REFUNDED = [("reserve", 1), ("refund", 1)]
SETTLED = [("reserve", 1), ("settle", 1)]

UNDERSTOOD = {
    "taskid under data": CallFault(answer="data_wrapped"),
    "numbers instead of texts": CallFault(answer="numbers"),
    "fields that nobody documented": CallFault(answer="extra"),
    "a slow answer": CallFault(delay_seconds=0.5),
    "a slow answer to a task that has ended": CallFault(delay_seconds=0.5, after_effect=True),
}
REFUSED_FOR_NOW = {
    "code 0": CallFault(error="Something went wrong.", error_code=0),
    "an unknown code": CallFault(error="Come back later.", error_code=12),
    "a bare text": CallFault(error="Server is busy"),
    "an HTTP status of the caller's fault": CallFault(error="Teapot", error_code=0, http_status=418),
    "429": CallFault(http_status=429),
    "429 with Retry-After": CallFault(http_status=429, retry_after_seconds=1),
}
ABOUT_THE_ACCOUNT = {
    "97": CallFault(error="Insufficient balance.", error_code=97),
    "98": CallFault(error="Sign in required.", error_code=98),
    "99": CallFault(error="Bearer token missing, invalid or expired.", error_code=99),
    "unknown key": CallFault(error="Project authorization is not founded.", error_code=0, http_status=401),
    "unsigned": CallFault(
        error="Project requires signature authentication. x-signature and x-nonce headers are required.",
        error_code=0,
        http_status=401,
    ),
    "wrong signature": CallFault(error="Project authorization is not valid.", error_code=0, http_status=401),
    "address": CallFault(error="Requested ip 192.0.2.1 is not allowed.", error_code=0, http_status=401),
    "401 without a word": CallFault(http_status=401),
    "403": CallFault(http_status=403),
    "suspended, with status 200": CallFault(
        error="Your account has been suspended. Please write to us.", error_code=0
    ),
    "no permission, with status 200": CallFault(
        error="You don't have any permission for this action.", error_code=0
    ),
    "wrong signature as a bare text": CallFault(error="Project authorization is not valid."),
}
PARAMETERS_REFUSED = "The picture service does not accept these parameters."
NOT_OFFERED = "The picture service does not offer this tool at the moment."
REFUSED_FOR_GOOD = {
    "required": (CallFault(error="Request parameter [prompt] required", error_code=0), PARAMETERS_REFUSED),
    "type": (
        CallFault(error="Request parameter [steps] must be integer or float", error_code=0),
        PARAMETERS_REFUSED,
    ),
    "range": (
        CallFault(error="Request parameter [steps] must be between 1 and 40", error_code=0),
        PARAMETERS_REFUSED,
    ),
    "invalid": (CallFault(error="Request parameters are invalid.", error_code=0), PARAMETERS_REFUSED),
    "bare text": (CallFault(error="Request parameter [seed] required"), PARAMETERS_REFUSED),
    "not accessible": (CallFault(error="tool-not-accessible", error_code=1), NOT_OFFERED),
    "no such tool": (CallFault(error="slug-owner-project-not-exist", error_code=1), NOT_OFFERED),
    "bare text of code 1": (CallFault(error="tool-not-accessible"), NOT_OFFERED),
    "404": (CallFault(http_status=404), NOT_OFFERED),
}
LOST_ANSWERS = {
    **{
        f"{status} after the effect": CallFault(http_status=status, after_effect=True)
        for status in (500, 502, 503, 504)
    },
    "reset after the effect": CallFault(answer="reset", after_effect=True),
    "closed without an answer": CallFault(answer="lost_answer"),
    "cut off": CallFault(answer="cut_off"),
    "no JSON": CallFault(answer="not_json", after_effect=True),
}


async def test_a_signed_run_carries_the_jobs_own_callback_address(quick_stage: Stage) -> None:
    """Key, nonce, signature and User-Agent are sent, and each job has an address that nobody can guess."""
    for message in [await quick_stage.sana(), await quick_stage.sana()]:
        await quick_stage.end_of(message)
    for run in await quick_stage.wiro.wait_for_requests("Run", 2):
        assert {"x-api-key", "x-nonce", "x-signature", "user-agent"} <= set(run.headers)
    addresses = [str(task.inputs.callback_url) for task in quick_stage.wiro.tasks]
    base = f"{quick_stage.callback_base}/wiro/callback/"
    tokens = {address.removeprefix(base) for address in addresses}
    assert [len(token) for token in tokens] == [43, 43]
    stored = quick_stage.database.read_bytes() + quick_stage.database.with_suffix(".db-wal").read_bytes()
    assert not any(token.encode() in stored for token in tokens)


async def test_without_a_public_address_no_callback_is_asked_for(polling_stage: Stage) -> None:
    """`callbackUrl` is sent only where `CALLBACK_PUBLIC_URL` is set."""
    await polling_stage.sana()
    task = await polling_stage.wiro.wait_for_task(lambda _: True)
    assert "callbackUrl" not in task.sent


async def test_a_key_only_project_needs_no_secret(tmp_path: Path) -> None:
    """Without a secret nothing is signed, and a key-only project takes it."""
    async with staged(tmp_path, wiro=WiroConfig(api_secret=None)) as stage:
        await stage.start_bot()
        done = await stage.end_of(await stage.sana())
        assert done.pictures
        [run] = await stage.wiro.wait_for_requests("Run", 1)
        assert "x-api-key" in run.headers
        assert not {"x-nonce", "x-signature"} & set(run.headers)


@pytest.mark.parametrize("answer", UNDERSTOOD.values(), ids=UNDERSTOOD)
async def test_an_unusual_answer_is_understood(quick_stage: Stage, answer: CallFault) -> None:
    """What Wiro writes otherwise than usual starts the task all the same, with one Run and one Task/Detail."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), quick_stage.calls("Task/Detail"), quick_stage.ledger()) == (
        1,
        1,
        SETTLED,
    )


@pytest.mark.usefixtures("quick_probes")
@pytest.mark.parametrize("answer", REFUSED_FOR_NOW.values(), ids=REFUSED_FOR_NOW)
async def test_a_refusal_that_may_pass_is_tried_again(quick_stage: Stage, answer: CallFault) -> None:
    """Nothing was started, so Run is sent again, and the member only ever sees the picture."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks), quick_stage.ledger()) == (2, 1, SETTLED)


@pytest.mark.usefixtures("quick_probes")
async def test_a_refusal_that_does_not_pass_ends_the_job(quick_stage: Stage) -> None:
    """After a few tries the member is told and gets the credits back."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(error="Something went wrong."), times=None))
    ended = await quick_stage.end_of(await quick_stage.sana())
    assert "The picture service refused this several times." in ended.text
    assert "Your 1 credit is back." in ended.text
    await quick_stage.closed()
    assert (quick_stage.calls("Run"), quick_stage.ledger()) == (5, REFUNDED)


async def test_retry_after_is_kept(quick_stage: Stage, log: list[EventDict]) -> None:
    """Where Wiro says how long to wait, nothing is sent sooner."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(http_status=429, retry_after_seconds=2)))
    await quick_stage.end_of(await quick_stage.sana())
    first, second = await quick_stage.wiro.wait_for_requests("Run", 2)
    assert second.time - first.time >= 2.0
    [refused] = [entry for entry in log if entry["event"] == "run.refused"]
    assert refused["job"] == "S-1"


@pytest.mark.usefixtures("quick_probes")
@pytest.mark.parametrize("answer", ABOUT_THE_ACCOUNT.values(), ids=ABOUT_THE_ACCOUNT)
async def test_an_account_error_holds_the_job_and_charges_nobody(
    quick_stage: Stage, log: list[EventDict], answer: CallFault
) -> None:
    """The operator's log has it at once, and the job starts by itself when the account works again."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks), quick_stage.ledger()) == (2, 1, SETTLED)
    said = [entry["log_level"] for entry in log if entry["event"] == "line.held"]
    assert said == ["error"]


@pytest.mark.parametrize(("answer", "reason"), REFUSED_FOR_GOOD.values(), ids=REFUSED_FOR_GOOD)
async def test_a_final_refusal_ends_the_job(
    quick_stage: Stage, log: list[EventDict], answer: CallFault, reason: str
) -> None:
    """What no repetition mends is not repeated: the member is told, refunded, and given a reference."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer, times=None))
    ended = await quick_stage.end_of(await quick_stage.sana())
    for part in (reason, "Your 1 credit is back.", "Reference S-1"):
        assert part in ended.text
    await quick_stage.closed()
    assert (quick_stage.calls("Run"), quick_stage.ledger()) == (1, REFUNDED)
    [failed] = [entry for entry in log if entry["event"] == "job.failed"]
    assert failed["job"] == "S-1"
    assert f"HTTP {answer.http_status or 200}" in failed["error"]


@pytest.mark.parametrize("answer", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_a_lost_answer_is_no_second_run(quick_stage: Stage, answer: CallFault) -> None:
    """The task runs although its answer was lost: it is found, and its picture posted and paid once."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks), quick_stage.ledger()) == (1, 1, SETTLED)


async def test_a_connection_that_was_never_made_is_made_again(quick_stage: Stage, tmp_path: Path) -> None:
    """Nothing can have been started at an address where nobody listens."""


async def test_the_answer_does_not_wait_for_wiro(quick_stage: Stage) -> None:
    """The member is answered while Run is still under way."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(delay_seconds=1.0)))
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript()))
    message = await quick_stage.sana()
    assert quick_stage.calls("Run") == 0
    assert message.button("Cancel")
