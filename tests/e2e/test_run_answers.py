"""Run: how it is sent, and that each of its possible answers leads the job where the design says."""

import pytest

from sandbox.environment import free_port
from sandbox.wiro import CallFault, Rule, WiroConfig, WiroServer
from tests.support.log import Log
from tests.support.stage import PAID, REFUNDED, Stage

UNDERSTOOD = {
    "taskid under data": CallFault(answer="data_wrapped"),
    "numbers instead of texts": CallFault(answer="numbers"),
    "fields that nobody documented": CallFault(answer="extra"),
    "slow to begin": CallFault(delay_seconds=0.3),
    "slow to be told": CallFault(delay_seconds=0.3, after_effect=True),
}
REFUSED_FOR_NOW = {
    "code 0": CallFault(error="Something went wrong.", error_code=0),
    "unknown code": CallFault(error="Come back later.", error_code=12),
    "bare text": CallFault(error="Server is busy"),
    "status 418": CallFault(error="I am a teapot.", error_code=0, http_status=418),
    "429": CallFault(http_status=429),
}
ABOUT_THE_ACCOUNT = {
    "97": CallFault(error="Insufficient balance.", error_code=97),
    "98": CallFault(error="Sign in required.", error_code=98),
    "99": CallFault(error="Bearer token missing, invalid or expired.", error_code=99),
    "unknown key": CallFault(error="Project authorization is not founded.", http_status=401),
    "unsigned": CallFault(
        error="Project requires signature authentication. x-signature and x-nonce headers are required.",
        error_code=0,
        http_status=401,
    ),
    "wrong signature": CallFault(error="Project authorization is not valid.", error_code=0, http_status=401),
    "address": CallFault(error="Requested ip 192.0.2.1 is not allowed.", error_code=0, http_status=401),
    "401 without a word": CallFault(http_status=401),
    "403": CallFault(http_status=403),
    "suspended": CallFault(error="Your account has been suspended. Please write to us.", error_code=0),
    "no permission": CallFault(error="You don't have any permission for this action.", error_code=0),
    "bare text": CallFault(error="Project authorization is not valid."),
}
WRONG_PARAMETERS = "The picture service does not accept these parameters."
NO_SUCH_TOOL = "The picture service does not offer this tool at the moment."
REFUSED_FOR_GOOD = {
    "required": (CallFault(error="Request parameter [prompt] required", error_code=0), WRONG_PARAMETERS),
    "no number": (
        CallFault(error="Request parameter [steps] must be integer or float", error_code=0),
        WRONG_PARAMETERS,
    ),
    "out of range": (
        CallFault(error="Request parameter [steps] must be between 1 and 40", error_code=0),
        WRONG_PARAMETERS,
    ),
    "invalid": (CallFault(error="Request parameters are invalid.", error_code=0), WRONG_PARAMETERS),
    "invalid as a bare text": (CallFault(error="Request parameter [seed] required"), WRONG_PARAMETERS),
    "not accessible": (CallFault(error="tool-not-accessible", error_code=1), NO_SUCH_TOOL),
    "no such tool": (CallFault(error="slug-owner-project-not-exist", error_code=1), NO_SUCH_TOOL),
    "no such tool as a bare text": (CallFault(error="tool-not-accessible"), NO_SUCH_TOOL),
    "404": (CallFault(http_status=404), NO_SUCH_TOOL),
}


async def test_a_signed_run_carries_the_jobs_own_callback_address(quick_stage: Stage) -> None:
    """Key, nonce, signature and User-Agent go with it, and an address that the database does not reveal."""
    for message in [await quick_stage.sana(), await quick_stage.sana()]:
        await quick_stage.end_of(message)
    for run in await quick_stage.wiro.wait_for_requests("Run", 2):
        assert {"x-api-key", "x-nonce", "x-signature", "user-agent"} <= set(run.headers)
    base = f"{quick_stage.callback_base}/wiro/callback/"
    addresses = [task.inputs.callback_url or "" for task in quick_stage.wiro.tasks]
    tokens = {address.removeprefix(base) for address in addresses}
    assert [len(token) for token in tokens] == [43, 43]
    files = (quick_stage.database, quick_stage.database.with_name("sana.db-wal"))
    stored = b"".join(file.read_bytes() for file in files)
    assert not any(token.encode() in stored for token in tokens)


async def test_without_a_public_address_no_callback_is_asked_for(polling_stage: Stage) -> None:
    """`callbackUrl` is sent only where `CALLBACK_PUBLIC_URL` is set."""
    await polling_stage.sana()
    task = await polling_stage.wiro.wait_for_task(lambda _: True)
    assert "callbackUrl" not in task.sent


@pytest.mark.parametrize("wiro_config", [WiroConfig(api_secret=None)])
async def test_a_key_only_project_needs_no_secret(quick_stage: Stage) -> None:
    """Without a secret nothing is signed, and a key-only project takes it."""
    done = await quick_stage.end_of(await quick_stage.sana())
    [run] = await quick_stage.wiro.wait_for_requests("Run", 1)
    assert done.pictures
    assert "x-api-key" in run.headers
    assert not {"x-nonce", "x-signature"} & set(run.headers)


@pytest.mark.parametrize("answer", UNDERSTOOD.values(), ids=UNDERSTOOD)
async def test_an_unusual_answer_is_understood(quick_stage: Stage, answer: CallFault) -> None:
    """What comes otherwise than usual starts the task all the same: one Run, one Task/Detail, one picture."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), quick_stage.calls("Task/Detail")) == (1, 1)
    assert quick_stage.ledger() == PAID


async def test_the_member_does_not_wait_for_wiro(quick_stage: Stage) -> None:
    """All are answered, each with a button, while not one Run has been."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(delay_seconds=1.0), times=None))
    for _ in range(5):
        assert (await quick_stage.sana()).button("Cancel")
    assert quick_stage.calls("Run") == 0


@pytest.mark.usefixtures("quick_probes")
@pytest.mark.parametrize("answer", REFUSED_FOR_NOW.values(), ids=REFUSED_FOR_NOW)
async def test_a_refusal_that_may_pass_is_tried_again(quick_stage: Stage, answer: CallFault) -> None:
    """Nothing was started, so Run is sent again, and all that the member ever sees is the picture."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks)) == (2, 1)
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_probes")
async def test_a_refusal_that_does_not_pass_ends_the_job(quick_stage: Stage) -> None:
    """After five tries the member is told, and the credits are back."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(error="Something went wrong."), times=None))
    ended = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert ended.text.startswith("The picture service refused this several times.\nYour 1 credit is back.\n")
    assert (quick_stage.calls("Run"), quick_stage.ledger()) == (5, REFUNDED)


@pytest.mark.usefixtures("quick_probes")
async def test_nothing_is_sent_before_the_time_that_wiro_asks_for(quick_stage: Stage) -> None:
    """Retry-After of a 429 is kept."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(http_status=429, retry_after_seconds=1)))
    assert (await quick_stage.end_of(await quick_stage.sana())).pictures
    first, second = await quick_stage.wiro.wait_for_requests("Run", 2)
    assert second.time - first.time >= 1.0


async def test_wiro_cannot_ask_for_more_than_ten_minutes(log: Log, quick_stage: Stage) -> None:
    """A Retry-After that makes no sense does not end the service."""
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(http_status=429, retry_after_seconds=10**9)))
    await quick_stage.sana()
    [refused] = await log.wait_for("run.refused")
    assert 590 <= refused["next_try_seconds"] <= 600


@pytest.mark.usefixtures("quick_probes")
async def test_a_service_that_is_down_is_waited_for(log: Log, bare_stage: Stage) -> None:
    """Where no connection can be made nothing was started: the job runs once Wiro is there."""
    port = free_port()
    await bare_stage.start_bot(wiro_api_base=f"http://127.0.0.1:{port}/v1")
    message = await bare_stage.sana()
    await log.wait_for("run.refused")
    async with WiroServer(WiroConfig(port=port)):
        assert (await bare_stage.end_of(message)).pictures
        await bare_stage.closed()
    assert bare_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_probes")
@pytest.mark.parametrize("answer", ABOUT_THE_ACCOUNT.values(), ids=ABOUT_THE_ACCOUNT)
async def test_an_account_error_keeps_the_job(log: Log, quick_stage: Stage, answer: CallFault) -> None:
    """The operator's log has it at once, and the job starts by itself when the account works again."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks)) == (2, 1)
    assert quick_stage.ledger() == PAID
    [held] = log.of("line.held")
    assert held["log_level"] == "error"
    assert f"HTTP {answer.http_status or 200}" in held["error"]


@pytest.mark.parametrize(("answer", "what_happened"), REFUSED_FOR_GOOD.values(), ids=REFUSED_FOR_GOOD)
async def test_a_final_refusal_ends_the_job(
    log: Log, quick_stage: Stage, answer: CallFault, what_happened: str
) -> None:
    """What no repetition mends is not repeated: the member is told, refunded, and given a reference."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer, times=None))
    ended = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert ended.text.startswith(f"{what_happened}\nYour 1 credit is back.\n")
    assert ended.text.endswith("Reference S-1")
    assert (quick_stage.calls("Run"), quick_stage.ledger()) == (1, REFUNDED)
    [told] = await log.wait_for("job.ended")
    assert told["job"] == "S-1"
    assert (answer.error or "HTTP 404") in told["detail"]
