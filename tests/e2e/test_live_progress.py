"""Live progress: what a member sees of a job while it waits and runs, with the socket and without it."""

import re
from itertools import pairwise

import pytest

from bot.wiro.socket import WiroSocket
from sandbox.shown import Edit, Message
from sandbox.wiro import CallbackScript, Rule, SocketScript, TaskScript
from tests.support.stage import PAID, Stage, eventually

NO_CALLBACKS = Rule(call="callback", do=CallbackScript(lost=True), times=None)
SILENT = SocketScript(silent=True)
REFUSING = SocketScript(http_status=503)
CLOSING = SocketScript(close_after=7)
BAR = re.compile(r"(?P<percentage>\d+)% · step (?P<step>\d+) of 10( · .+ left)?\n`(?P<bar>[█░]{20})`")


def scripted(stage: Stage, script: SocketScript | None = None, **task: object) -> None:
    """Have tasks go so, and the socket."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(**task), times=None))  # type: ignore[arg-type] # its fields
    if script is not None:
        stage.wiro.script.add(Rule(call="socket", do=script, times=None))


def percentages(message: Message) -> list[int]:
    """Return what the message's bars said, in their order; each fits its words."""
    found = [BAR.search(edit.text) for edit in message.edits]
    bars = [bar for bar in found if bar is not None]
    for bar in bars:
        assert int(bar["percentage"]) == 10 * int(bar["step"])
        assert bar["bar"].count("█") == 2 * int(bar["step"])
    return [int(bar["percentage"]) for bar in bars]


def progress_edits(message: Message) -> list[Edit]:
    """Return the edits between the first answer and the pictures."""
    return [edit for edit in message.edits[1:] if not edit.pictures]


async def test_the_story_of_a_job(bare_stage: Stage) -> None:
    """It waits, comes nearer, runs with a bar that grows every two and a half seconds, and is a picture."""
    await bare_stage.start_bot(wiro_max_concurrent="1")
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=2))
    scripted(bare_stage, seconds=14.0)
    others = [await bare_stage.sana(bare_stage.member(name)) for name in ("booster", "moderator")]
    message = await bare_stage.sana(steps=10, width=256, height=256)
    assert message.text.startswith("**Place 2 in line.**")
    await bare_stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    bare_stage.wiro.finish("1")
    await bare_stage.wiro.wait_for_task(lambda task: task.taskid == "2" and task.status == "task_output")
    await bare_stage.member().wait_for_change(message, lambda shown: "Next in line." in shown.text)
    bare_stage.wiro.finish("2")
    done = await bare_stage.end_of(message)
    assert (done.id, len(done.pictures)) == (message.id, 1)
    shown = percentages(done)
    assert len(shown) >= 3
    assert shown == sorted(set(shown))
    times = [edit.monotonic for edit in (done.edits[0], *progress_edits(done))]
    assert min(later - earlier for earlier, later in pairwise(times)) > 2.4
    assert all([(await bare_stage.end_of(other)).pictures for other in others])
    await bare_stage.closed(3)
    assert bare_stage.ledger().count(PAID[1]) == 3


@pytest.mark.usefixtures("quick_progress")
async def test_the_last_step_is_not_the_picture(quick_stage: Stage) -> None:
    """At a hundred per cent the message says that the picture is being finished, not that it is there."""
    scripted(quick_stage, seconds=0.6, stuck=True, stuck_at="task_postprocess_start")
    message = await quick_stage.sana(steps=10)
    shown = await quick_stage.member().wait_for_change(message, lambda shown: "100%" in shown.text)
    assert shown.text.startswith("**Your picture is being finished.**\n100% · step 10 of 10\n")
    assert "left\n" not in shown.text


@pytest.mark.usefixtures("quick_progress")
@pytest.mark.parametrize("script", [REFUSING, SILENT], ids=["refusing", "silent"])
@pytest.mark.parametrize("callbacks", [True, False], ids=["callbacks", "polling"])
async def test_without_the_socket_everything_works_as_before(
    bare_stage: Stage, script: SocketScript, *, callbacks: bool
) -> None:
    """The message says that the picture is made, without a bar, and the picture comes."""
    if not callbacks:
        del bare_stage.environment["CALLBACK_PUBLIC_URL"]
    await bare_stage.start_bot()
    scripted(bare_stage, script, seconds=0.5)
    message = await bare_stage.sana(width=256, height=256)
    running = await bare_stage.member().wait_for_change(message, lambda shown: "being made" in shown.text)
    assert "%" not in running.text
    done = await bare_stage.end_of(message)
    await bare_stage.closed()
    assert (percentages(done), len(done.pictures), bare_stage.ledger()) == ([], 1, PAID)
    assert bare_stage.calls("socket") >= 1
    assert bare_stage.calls("Task/Detail") == 1


@pytest.mark.usefixtures("quick_progress")
async def test_a_socket_that_closes_again_and_again_still_helps(quick_stage: Stage) -> None:
    """What comes between two ends of the connection is shown, nothing goes back, and the picture comes."""
    scripted(quick_stage, CLOSING, seconds=6.0)
    done = await quick_stage.end_of(await quick_stage.sana(steps=10))
    await quick_stage.closed()
    shown = percentages(done)
    assert len(shown) >= 3
    assert shown == sorted(set(shown))
    assert quick_stage.calls("socket") >= 2
    assert quick_stage.ledger() == PAID


@pytest.mark.usefixtures("quick_progress")
async def test_a_restart_goes_on_listening(quick_stage: Stage) -> None:
    """The bot that is started in the middle of a task shows how far it comes from then on."""
    scripted(quick_stage, seconds=4.0)
    message = await quick_stage.sana(steps=10)
    before = await quick_stage.member().wait_for_change(message, lambda shown: "%" in shown.text)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    done = await quick_stage.end_of(message)
    after = percentages(done)[len(percentages(before)) :]
    assert len(after) >= 2
    assert percentages(done) == sorted(set(percentages(done)))
    assert quick_stage.calls("Run") == 1


async def test_a_task_that_ended_is_followed_no_more(
    monkeypatch: pytest.MonkeyPatch, quick_stage: Stage
) -> None:
    """However its end was heard of: here by a callback, as the socket was down."""
    forgotten: list[str] = []
    monkeypatch.setattr(WiroSocket, "forget", lambda _, tasktoken: forgotten.append(tasktoken))
    scripted(quick_stage, REFUSING)
    await quick_stage.end_of(await quick_stage.sana())
    assert forgotten == [quick_stage.jobs()[0]["tasktoken"]]


async def test_the_socket_tells_of_an_end_that_no_callback_told(quick_stage: Stage) -> None:
    """It wakes the tracker as a callback does, long before a poll would: one look, and one alone."""
    quick_stage.wiro.script.add(NO_CALLBACKS)
    scripted(quick_stage, seconds=0.5)
    done = await quick_stage.end_of(await quick_stage.sana(), timeout_seconds=5)
    assert done.pictures
    assert quick_stage.calls("Task/Detail") == 1


async def test_callbacks_and_the_socket_together_cost_one_look(quick_stage: Stage) -> None:
    """Both tell of each end, Wiro is asked once, and nobody polls because the socket was quicker."""
    late = CallbackScript(late_seconds=0.5)
    quick_stage.wiro.script.add(Rule(call="callback", do=late, times=None))
    scripted(quick_stage, seconds=2.5)
    for _ in range(2):
        messages = [await quick_stage.sana() for _ in range(3)]
        assert all([(await quick_stage.end_of(message)).pictures for message in messages])
    await eventually(lambda: quick_stage.calls("callback") == 6)
    assert quick_stage.calls("Task/Detail") == 6


async def test_an_end_is_not_believed(quick_stage: Stage) -> None:
    """The socket says "postprocess_end" of a task that failed: Task/Detail decides, and credits come back."""
    scripted(quick_stage, seconds=0.3, pexit="1")
    done = await quick_stage.end_of(await quick_stage.sana())
    assert not done.pictures
    assert "Your 1 credit is back." in done.text
