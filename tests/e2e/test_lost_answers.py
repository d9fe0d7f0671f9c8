"""Run was not answered: its task is found and goes on, or there is none and the credits come back."""

from datetime import timedelta
from functools import partial

import pytest

from bot.wiro.client import Timeouts, WiroClient
from sandbox.shown import Message
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.other_client import another_client
from tests.support.stage import CHANNEL, PAID, REFUNDED, Stage

STARTED = {
    "500": CallFault(http_status=500, after_effect=True),
    "502": CallFault(http_status=502, after_effect=True),
    "503": CallFault(http_status=503, after_effect=True),
    "504": CallFault(http_status=504, after_effect=True),
    "reset": CallFault(answer="reset", after_effect=True),
    "closed": CallFault(answer="lost_answer"),
    "cut off": CallFault(answer="cut_off"),
    "not JSON": CallFault(answer="not_json", after_effect=True),
}
NOT_STARTED = {
    "500": CallFault(http_status=500),
    "503": CallFault(http_status=503),
    "reset": CallFault(answer="reset"),
    "not JSON": CallFault(answer="not_json"),
}
LOSES_ITS_ANSWER = Rule(call="Run", do=STARTED["closed"])
STARTS_NOTHING = Rule(call="Run", do=NOT_STARTED["reset"])
LISTS_NOTHING = Rule(call="Task/List", do=CallFault(error="There is no task yet.", error_code=1), times=None)
STUCK = Rule(call="task", do=TaskScript(stuck=True), times=None)
LOST = (
    "The picture service never confirmed this one, and I could not find it there.\nYour 1 credit is back.\n"
)
LATE = "This turned up late. Your credits had been returned before, so it costs you nothing."

pytestmark = pytest.mark.usefixtures("quick_probes", "quick_retries")
without_echo = pytest.mark.parametrize("wiro_config", [WiroConfig(echo_callback_url=False)], ids=["no echo"])
with_and_without_echo = pytest.mark.parametrize(
    "wiro_config", [WiroConfig(), WiroConfig(echo_callback_url=False)], ids=["echo", "no echo"]
)


async def given_up(stage: Stage, clock: Clock, log: Log, *messages: Message) -> list[Message]:
    """Let `LOST_AFTER_SECONDS` pass for these jobs; return their messages in the end."""
    await log.wait_for("run.unanswered", len(messages))
    clock.ahead += timedelta(seconds=600)
    return [await stage.end_of(message) for message in messages]


@pytest.mark.parametrize("answer", STARTED.values(), ids=STARTED)
async def test_a_task_whose_answer_was_lost_is_found(quick_stage: Stage, answer: CallFault) -> None:
    """The task runs all the same: no second Run, and its picture is posted and paid once."""
    quick_stage.wiro.script.add(Rule(call="Run", do=answer))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), len(quick_stage.wiro.tasks)) == (1, 1)
    assert quick_stage.ledger() == PAID


async def test_a_task_whose_answer_comes_too_late_is_found(
    monkeypatch: pytest.MonkeyPatch, bare_stage: Stage
) -> None:
    """An answer that does not come in time is a lost one."""
    hasty = partial(WiroClient, timeouts=Timeouts(run_seconds=0.2))
    monkeypatch.setattr("bot.account.WiroClient", hasty)
    await bare_stage.start_bot()
    late = CallFault(delay_seconds=30, after_effect=True)
    bare_stage.wiro.script.add(Rule(call="Run", do=late))
    assert (await bare_stage.end_of(await bare_stage.sana())).pictures
    await bare_stage.closed()
    assert (len(bare_stage.wiro.tasks), bare_stage.ledger()) == (1, PAID)


@with_and_without_echo
async def test_it_is_found_in_a_long_listing(log: Log, quick_stage: Stage) -> None:
    """Whatever else the account has run since then: the listing is read back to the time of Run."""
    down = CallFault(http_status=500)
    quick_stage.wiro.script.add(Rule(call="Task/List", do=down, times=3))  # all attempts of one look
    quick_stage.wiro.script.add(LOSES_ITS_ANSWER)
    quick_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(lost=True)))
    quick_stage.wiro.script.add(
        Rule(call="task", do=TaskScript(no_outputs=True), prompt_contains="theirs", times=None)
    )
    message = await quick_stage.sana()
    await log.wait_for("run.unanswered")
    async with another_client(quick_stage.wiro) as client:
        for _ in range(120):
            await client.run({"prompt": "theirs"}, None)
    await log.wait_for("search.failed")
    assert (await quick_stage.end_of(message)).pictures


@with_and_without_echo
async def test_a_callback_names_the_task_where_nothing_lists_it(quick_stage: Stage) -> None:
    """Its body is a hint for Task/Detail; what that says is this job's, so it is taken."""
    for rule in (LOSES_ITS_ANSWER, LISTS_NOTHING):
        quick_stage.wiro.script.add(rule)
    quick_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(late_seconds=0.2)))
    done = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    assert len(done.pictures) == 1
    assert (quick_stage.calls("Run"), quick_stage.ledger()) == (1, PAID)


@with_and_without_echo
async def test_a_callback_that_comes_before_the_answer_is_lost_names_the_task_too(
    monkeypatch: pytest.MonkeyPatch, bare_stage: Stage
) -> None:
    """The task ends while its Run still waits for an answer: nothing lists it, and Wiro calls back once."""
    hasty = partial(WiroClient, timeouts=Timeouts(run_seconds=1.0))
    monkeypatch.setattr("bot.account.WiroClient", hasty)
    await bare_stage.start_bot()
    late = CallFault(delay_seconds=30, after_effect=True)
    for rule in (Rule(call="Run", do=late), LISTS_NOTHING):
        bare_stage.wiro.script.add(rule)
    done = await bare_stage.end_of(await bare_stage.sana(), timeout_seconds=20)
    await bare_stage.closed()
    assert len(done.pictures) == 1
    assert (len(bare_stage.wiro.tasks), bare_stage.ledger()) == (1, PAID)


@pytest.mark.usefixtures("quick_progress")
async def test_a_member_reads_that_it_is_not_confirmed(quick_stage: Stage) -> None:
    """While nobody knows what became of Run, neither the message nor `/usage` says that it is being made."""
    quick_stage.wiro.script.add(STARTS_NOTHING)
    quick_stage.wiro.script.add(Rule(call="Task/List", do=CallFault(http_status=500), times=None))
    member = quick_stage.member()
    shown = await member.wait_for_change(
        await quick_stage.sana(), lambda shown: "has not confirmed this yet" in shown.text
    )
    assert "asked for, not confirmed yet (S-1)" in await quick_stage.note(
        await member.type("usage", channel=CHANNEL)
    )
    await member.click(shown, label="Cancel")
    stopping = await member.wait_for_change(shown, lambda shown: "Stopping" in shown.text)
    assert "has not confirmed this yet" in stopping.text


async def test_polling_alone_finds_it_too(polling_stage: Stage) -> None:
    """Without callbacks there is no address to know the task by, but there is what it was run with."""
    polling_stage.wiro.script.add(LOSES_ITS_ANSWER)
    assert (await polling_stage.end_of(await polling_stage.sana())).pictures
    await polling_stage.closed()
    assert (polling_stage.calls("Run"), polling_stage.ledger()) == (1, PAID)


async def test_a_run_that_started_nothing_is_refunded(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """Whatever came instead of an answer: no second Run, and after `LOST_AFTER_SECONDS` all is told."""
    for name, answer in NOT_STARTED.items():
        quick_stage.wiro.script.add(Rule(call="Run", do=answer, prompt_contains=name))
    messages = [await quick_stage.sana(prompt=name) for name in NOT_STARTED]
    ended = await given_up(quick_stage, clock, log, *messages)
    await quick_stage.closed(len(messages))
    for number, message in enumerate(ended, start=1):
        assert message.text.startswith(LOST)
        assert message.text.endswith(f"Reference S-{number}")
    assert quick_stage.calls("Run") == len(messages)
    assert sorted(quick_stage.ledger()) == sorted(REFUNDED * len(messages))
    assert [line["log_level"] for line in log.of("job.lost")] == ["error"] * len(messages)


@with_and_without_echo
async def test_a_lost_task_that_calls_back_is_posted_for_free(
    clock: Clock, log: Log, quick_stage: Stage
) -> None:
    """The refund stands: the picture comes into the same message, which says that it costs nothing."""
    for rule in (LOSES_ITS_ANSWER, LISTS_NOTHING, STUCK):
        quick_stage.wiro.script.add(rule)
    [ended] = await given_up(quick_stage, clock, log, await quick_stage.sana())
    assert ended.text.startswith(LOST)
    await quick_stage.closed()
    quick_stage.wiro.finish("1")
    done = await quick_stage.member().wait_for_change(ended, lambda shown: bool(shown.pictures))
    assert LATE in done.text
    await quick_stage.closed()
    assert quick_stage.ledger() == REFUNDED


@with_and_without_echo
async def test_two_jobs_alike_in_doubt_find_a_task_each(quick_stage: Stage) -> None:
    """The same prompt, seed and size twice: two tasks, two pictures, neither taken twice."""
    lost = STARTED["closed"]
    quick_stage.wiro.script.add(Rule(call="Run", do=lost, times=2))
    messages = [await quick_stage.sana(seed=7), await quick_stage.sana(seed=7)]
    for message in messages:
        assert (await quick_stage.end_of(message)).pictures
    assert sorted(job["taskid"] for job in quick_stage.jobs()) == ["1", "2"]
    assert quick_stage.calls("Run") == 2


@without_echo
async def test_a_task_that_has_its_job_is_not_taken(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """A job in doubt does not take what a job like it was paid for, where nothing else tells them apart."""
    assert (await quick_stage.end_of(await quick_stage.sana(seed=7))).pictures
    quick_stage.wiro.script.add(STARTS_NOTHING)
    [ended] = await given_up(quick_stage, clock, log, await quick_stage.sana(seed=7))
    assert ended.text.startswith(LOST)
    assert not ended.pictures


@without_echo
async def test_the_task_of_a_run_under_way_is_not_taken(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """A job in doubt leaves alone what a job like it may have started and has not been told of yet."""
    quick_stage.wiro.script.add(STARTS_NOTHING)
    in_doubt = await quick_stage.sana(seed=7)
    await log.wait_for("run.unanswered")
    slow = CallFault(delay_seconds=0.6, after_effect=True)
    quick_stage.wiro.script.add(Rule(call="Run", do=slow))
    under_way = await quick_stage.sana(seed=7)
    assert (await quick_stage.end_of(under_way)).pictures
    [ended] = await given_up(quick_stage, clock, log, in_doubt)
    assert ended.text.startswith(LOST)


@with_and_without_echo
async def test_somebody_elses_task_is_not_taken(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """The same prompt with another seed, or with another address to call back, is no task of ours."""
    async with another_client(quick_stage.wiro) as client:
        quick_stage.wiro.script.add(STARTS_NOTHING)
        message = await quick_stage.sana(seed=7)
        await log.wait_for("run.unanswered")
        inputs: dict[str, str | int] = {"prompt": "a red fox", "width": 256, "height": 256}
        await client.run({**inputs, "seed": "8"}, None)
        if quick_stage.wiro.config.echo_callback_url:
            await client.run({**inputs, "seed": "7"}, f"{quick_stage.callback_base}/elsewhere")
    [ended] = await given_up(quick_stage, clock, log, message)
    assert ended.text.startswith(LOST)
