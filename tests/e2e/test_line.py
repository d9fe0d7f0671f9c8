"""The line: how many run at once, who is next, and what happens while the account cannot be used."""

from dataclasses import replace

import pytest

from bot.jobs.gate import Trouble
from sandbox.members import Typing
from sandbox.wiro import CallFault, Rule, TaskScript, WiroConfig
from tests.support.log import Log
from tests.support.other_client import another_client
from tests.support.stage import CHANNEL, PAID, Stage, eventually

PEOPLE = ("member", "booster", "newcomer")
STUCK = Rule(call="task", do=TaskScript(stuck=True), times=None)
NO_BALANCE = CallFault(error="Insufficient balance.", error_code=97)
ON_HOLD = (
    "The picture service refuses my account, which its owner has to see to. Your place is"
    " kept, and this starts by itself. Nothing is charged unless a picture comes; you can wait or cancel."
)
FULL = (
    "Too many pictures are waiting already, so I cannot take another one now. Nothing was charged. Please try"
    " again in a few minutes."
)
OUTAGE = (
    "The picture service takes nothing at the moment, and I go on trying. Your place is kept, and this starts"
    " by itself. Nothing is charged unless a picture comes; you can wait or cancel."
)

one_at_a_time = pytest.mark.parametrize("wiro_config", [WiroConfig(balance_usd=10)], ids=["10 dollars"])
two_at_a_time = pytest.mark.parametrize("wiro_config", [WiroConfig(balance_usd=25)], ids=["25 dollars"])


async def a_task(stage: Stage, taskid: str) -> None:
    """Wait until a task works, and the bot knows of it."""
    await stage.wiro.wait_for_task(lambda task: task.taskid == taskid and task.status == "task_output")
    await eventually(lambda: taskid in {job["taskid"] for job in stage.jobs()})


async def edits(stage: Stage) -> int:
    """Return how often a message was edited through a token."""
    return sum(call["method"] == "PATCH" for call in await stage.members.requests())


@two_at_a_time
async def test_the_limit_is_learned_from_one_refusal(log: Log, quick_stage: Stage) -> None:
    """The job that was one too many waits, and nothing more is sent than the account may run."""
    quick_stage.wiro.script.add(STUCK)
    messages = [await quick_stage.sana() for _ in range(3)]
    await log.wait_for("run.limit")
    messages += [await quick_stage.sana() for _ in range(2)]
    for number in range(1, 6):
        await a_task(quick_stage, str(number))
        quick_stage.wiro.finish(str(number))
    for message in messages:
        assert (await quick_stage.end_of(message)).pictures
    assert [line["limit"] for line in log.of("run.limit")] == [2]
    assert quick_stage.calls("Run") == 6


@pytest.mark.parametrize(
    "refusal",
    [
        CallFault(error="Too many tasks.", error_code=96),
        CallFault(error="you can run up to 1 tasks at the same time"),
    ],
    ids=["no number", "bare text"],
)
async def test_the_limit_is_learned_from_any_form_of_it(
    log: Log, quick_stage: Stage, refusal: CallFault
) -> None:
    """Where the refusal names no number, what runs is what may run; the job waits until that has ended."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    messages = [await quick_stage.sana()]
    await a_task(quick_stage, "1")
    quick_stage.wiro.script.add(Rule(call="Run", do=refusal))
    messages.append(await quick_stage.sana())
    await log.wait_for("run.limit")
    messages.append(await quick_stage.sana())
    quick_stage.wiro.finish("1")
    for message in messages:
        assert (await quick_stage.end_of(message)).pictures
    assert quick_stage.calls("Run") == 4
    began = [task.times["task_queue"] for task in quick_stage.wiro.tasks]
    ended = [task.times["task_postprocess_end"] for task in quick_stage.wiro.tasks]
    assert began[1] >= ended[0]
    assert began[2] >= ended[1]


@one_at_a_time
async def test_members_of_a_small_account_take_turns(log: Log, quick_stage: Stage) -> None:
    """One task at a time, ten jobs of three members: nobody waits for the whole lot of somebody else."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    moderator = quick_stage.member("moderator")
    first = [await quick_stage.sana(moderator), await quick_stage.sana(moderator)]
    await log.wait_for("run.limit")
    for who in ("member",) * 4 + ("booster",) * 3 + ("newcomer",) * 3:
        await quick_stage.sana(quick_stage.member(who), prompt=who)
    quick_stage.wiro.finish("1")
    await quick_stage.closed(12)
    assert (await quick_stage.end_of(first[1], moderator)).pictures
    served = [task.inputs.prompt for task in quick_stage.wiro.tasks[2:]]
    assert served == [*PEOPLE, *PEOPLE, *PEOPLE, "member"]
    assert len(log.of("run.limit")) == 1
    assert sorted(quick_stage.ledger()) == sorted(PAID * 12)


@one_at_a_time
async def test_a_burst_on_a_small_account_is_made_to_the_last(log: Log, quick_stage: Stage) -> None:
    """Ten at the same moment: what was sent before the limit was known comes back and gets its turn."""
    quick_stage.wiro.set_speed(0.05)
    people = [quick_stage.member(PEOPLE[number % 3]) for number in range(10)]
    usual = quick_stage.usual
    typings = [Typing(member=each, command="sana", channel=CHANNEL, options=usual) for each in people]
    await quick_stage.members.type_many(typings)
    await eventually(lambda: len(quick_stage.jobs()) == 10)
    await quick_stage.closed(10)
    assert sorted(quick_stage.ledger()) == sorted(PAID * 10)
    refused = len(log.of("run.limit"))
    assert 1 <= refused <= 9
    assert quick_stage.calls("Run") == 10 + refused


async def test_the_owners_limit_is_kept(quick_stage: Stage) -> None:
    """With `WIRO_MAX_CONCURRENT`, so many run at once and no more, although Wiro would take them."""
    await quick_stage.stop_bot()
    await quick_stage.start_bot(wiro_max_concurrent="2")
    quick_stage.wiro.set_speed(0.2)
    for message in [await quick_stage.sana() for _ in range(4)]:
        assert (await quick_stage.end_of(message)).pictures
    runs = [(task.times["task_queue"], task.times["task_postprocess_end"]) for task in quick_stage.wiro.tasks]
    at_once = [sum(began <= moment < ended for began, ended in runs) for moment, _ in runs]
    assert max(at_once) == 2


@one_at_a_time
@pytest.mark.usefixtures("quick_probes")
async def test_another_client_of_the_account_is_waited_for(log: Log, quick_stage: Stage) -> None:
    """While somebody else's task takes the only slot, ours waits, and runs when that one has ended."""
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    async with another_client(quick_stage.wiro) as client:
        theirs = await client.run({"prompt": "theirs"}, None)
    messages = [await quick_stage.sana(), await quick_stage.sana()]
    await log.wait_for("run.limit", 2)
    quick_stage.wiro.finish(theirs.taskid)
    for message in messages:
        assert (await quick_stage.end_of(message)).pictures
    assert not log.of("line.held")


@pytest.mark.usefixtures("quick_progress")
async def test_an_empty_account_holds_the_line(
    monkeypatch: pytest.MonkeyPatch, log: Log, quick_stage: Stage
) -> None:
    """All are told politely, new ones too; nobody is charged; all start by themselves once it is filled."""
    monkeypatch.setattr("bot.jobs.gate._FIRST_SECONDS", dict.fromkeys(Trouble, 1.0))
    quick_stage.wiro.set_balance(0)
    message = await quick_stage.sana()
    await log.wait_for("line.held")
    newcomer = quick_stage.member("newcomer")
    late = await quick_stage.sana(newcomer)
    assert late.text.startswith(f"**On hold at place 2 in line.** {ON_HOLD}")
    first = await quick_stage.member().wait_for_change(message, lambda shown: "On hold" in shown.text)
    assert first.text.startswith(f"**On hold at place 1 in line.** {ON_HOLD}")
    assert {kind for kind, _ in quick_stage.ledger()} == {"reserve"}
    quick_stage.wiro.set_balance(1000)
    assert (await quick_stage.end_of(message)).pictures
    assert (await quick_stage.end_of(late, newcomer)).pictures
    assert len(log.of("line.resumed")) == 1


@pytest.mark.usefixtures("quick_progress", "quick_probes")
@pytest.mark.parametrize(
    "outage",
    [CallFault(http_status=429), CallFault(http_status=503), CallFault(answer="reset")],
    ids=["refused", "5xx", "reset"],
)
async def test_an_outage_of_wiro_holds_the_line(log: Log, bare_stage: Stage, outage: CallFault) -> None:
    """Each message that waits says so once, new ones too; nobody is charged; all go on by themselves."""
    await bare_stage.start_bot(lost_after_seconds="5")
    bare_stage.wiro.script.add(Rule(call="Run", do=outage, times=None))
    people = [bare_stage.member(name) for name in (*PEOPLE, "moderator", "other")]
    messages = [await bare_stage.sana(who) for who in people]
    waiting = messages[-1]
    shown = await people[-1].wait_for_change(waiting, lambda shown: "On hold" in shown.text)
    assert OUTAGE in shown.text
    late = await bare_stage.sana()
    assert OUTAGE in late.text
    assert {kind for kind, _ in bare_stage.ledger()} == {"reserve"}
    bare_stage.wiro.script.clear()
    assert (await bare_stage.end_of(late)).pictures
    assert log.of("line.resumed")
    for who, message in zip(people, messages, strict=True):
        assert (await bare_stage.end_of(message, who, timeout_seconds=60)).text


@pytest.mark.usefixtures("quick_progress", "quick_probes")
@pytest.mark.parametrize("outage", [NO_BALANCE, CallFault(http_status=429)], ids=["account", "service"])
async def test_a_line_on_hold_says_so_once(log: Log, quick_stage: Stage, outage: CallFault) -> None:
    """However often it is tried meanwhile, no message is edited again, nor that of the one that tries."""
    quick_stage.wiro.script.add(Rule(call="Run", do=replace(outage, delay_seconds=0.2), times=None))
    people = [quick_stage.member(name) for name in PEOPLE]
    messages = [await quick_stage.sana(who) for who in people]
    for who, message in zip(people, messages, strict=True):
        await who.wait_for_change(message, lambda shown: "On hold" in shown.text)
    tried = "line.held" if outage is NO_BALANCE else "run.refused"
    await log.wait_for(tried, len(log.of(tried)) + 1)
    edited = await edits(quick_stage)
    await log.wait_for(tried, len(log.of(tried)) + 3)
    assert await edits(quick_stage) == edited


async def test_a_line_takes_jobs_while_wiro_is_down_until_it_is_full(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands are taken on up to the limit; the next is told so, reserves nothing, and may come again."""
    monkeypatch.setattr("bot.jobs.service._OPEN_AT_MOST", 3)
    quick_stage.wiro.script.add(Rule(call="Run", do=CallFault(http_status=429), times=None))
    messages = [await quick_stage.sana() for _ in range(3)]
    refused = await quick_stage.member("booster").type("sana", channel=CHANNEL, options=quick_stage.usual)
    assert await quick_stage.note(refused, quick_stage.member("booster")) == FULL
    assert quick_stage.ledger() == [("reserve", 1)] * 3
    await quick_stage.member().click(messages[-1], label="Cancel")
    await quick_stage.closed()
    assert (await quick_stage.sana(quick_stage.member("booster"))).button("Cancel")


async def test_the_operator_is_told_at_once_and_the_first_try_is_soon(log: Log, quick_stage: Stage) -> None:
    """The log has an error that says what Wiro said, and that the line is tried within ten seconds."""
    quick_stage.wiro.set_balance(0)
    await quick_stage.sana()
    [held] = await log.wait_for("line.held")
    assert held["log_level"] == "error"
    assert "Insufficient balance." in held["error"]
    assert "top up" in held["mend"]
    assert 0 < held["next_try_seconds"] <= 10


@pytest.mark.usefixtures("quick_probes")
async def test_one_job_tries_for_all_while_the_line_is_held(log: Log, quick_stage: Stage) -> None:
    """Less and less often, and each time the operator's log says so, once."""
    quick_stage.wiro.script.add(Rule(call="Run", do=NO_BALANCE, times=None))
    messages = [await quick_stage.sana()]
    await log.wait_for("line.held")
    messages += [await quick_stage.sana() for _ in range(4)]
    await log.wait_for("line.held", 4)
    quick_stage.wiro.script.clear()
    for message in messages:
        assert (await quick_stage.end_of(message)).pictures
    held = log.of("line.held")
    assert {line["job"] for line in held} == {"S-1"}
    tries = [seen.time for seen in await quick_stage.wiro.wait_for_requests("Run", len(held) + 5)]
    for line, tried, again in zip(held, tries, tries[1:], strict=False):
        assert again - tried >= line["next_try_seconds"] - 0.05
    assert held[-1]["next_try_seconds"] > held[0]["next_try_seconds"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"wiro_api_key": "wrong"}, "Project authorization is not founded."),
        ({"wiro_api_secret": "wrong"}, "Project authorization is not valid."),
        ({"wiro_api_secret": ""}, "Project requires signature authentication."),
    ],
    ids=["key", "secret", "no secret"],
)
async def test_wrong_credentials_hold_the_line_until_they_are_mended(
    log: Log, quick_stage: Stage, setting: dict[str, str], said: str
) -> None:
    """The log says what Wiro says; a start with the right ones carries on with what waited."""
    right = {name: quick_stage.environment[name.upper()] for name in setting}
    await quick_stage.stop_bot()
    await quick_stage.start_bot(**setting)
    message = await quick_stage.sana()
    held = await log.wait_for("line.held")
    assert said in held[0]["error"]
    assert "WIRO_API_KEY" in held[0]["mend"]
    await quick_stage.stop_bot()
    await quick_stage.start_bot(**right)
    assert (await quick_stage.end_of(message)).pictures
    await quick_stage.closed()
    assert quick_stage.ledger() == PAID


@one_at_a_time
async def test_an_owner_who_sets_too_high_a_limit_is_corrected(bare_stage: Stage, log: Log) -> None:
    """Wiro allows fewer tasks than `WIRO_MAX_CONCURRENT`: one refusal, and not hundreds of Runs."""
    bare_stage.wiro.script.add(STUCK)
    await bare_stage.start_bot(wiro_max_concurrent="4")
    messages = [await bare_stage.sana() for _ in range(2)]
    await log.wait_for("run.limit")
    await a_task(bare_stage, "1")
    bare_stage.wiro.finish("1")
    await a_task(bare_stage, "2")
    bare_stage.wiro.finish("2")
    for message in messages:
        assert (await bare_stage.end_of(message)).pictures
    assert bare_stage.calls("Run") == 3


@pytest.mark.usefixtures("quick_probes")
async def test_one_request_that_wiro_forbids_does_not_hold_up_the_others(quick_stage: Stage) -> None:
    """A 403 for one prompt looks like an account in trouble: others are tried, and then it fails alone."""
    forbidden = Rule(call="Run", do=CallFault(http_status=403), times=None, prompt_contains="forbidden")
    quick_stage.wiro.script.add(forbidden)
    alone = await quick_stage.sana(prompt="something forbidden")
    others = [await quick_stage.sana(quick_stage.member(name)) for name in PEOPLE]
    for message in others:
        assert (await quick_stage.end_of(message)).pictures
    ended = await quick_stage.end_of(alone)
    assert ended.text.startswith(
        "The picture service refuses this one, although it takes others.\nYour 1 credit is back.\n"
    )
