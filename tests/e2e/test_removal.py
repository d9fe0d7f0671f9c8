"""Deleting a result: whose right it is, and that message and files go, whatever fails or stops in between."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import pytest

from sandbox.bot_process import BotProcess
from sandbox.members import Member, Message, Refused
from sandbox.wiro import CallFault
from sandbox.wiro.script import Rule
from tests.support.clock import Clock
from tests.support.log import Log
from tests.support.stage import CHANNEL, PAID, PATIENCE_SECONDS, Stage, eventually

DELETE = "❌"
MESSAGE_ROUTE = "/channels/{channel_id}/messages/{message_id}"
DELETE_FILES = "Task/InputOutputDelete"
REFUSED = (
    "Only moderators and the member who asked for this picture can do that. Nothing was changed or charged."
    " You can ask for a picture of your own with `/sana`."
)


@pytest.fixture(autouse=True)
def _quick_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a removal that failed be tried again at once."""
    monkeypatch.setattr("bot.jobs.removal._FIRST_RETRY_SECONDS", 0.05)
    monkeypatch.setattr("bot.jobs.removal._DELIVERY_LOOK_SECONDS", 0.05)
    monkeypatch.setattr("bot.wiro.retries.ATTEMPTS", 1)


@pytest.fixture
async def bot(bare_stage: Stage) -> AsyncIterator[BotProcess]:
    """A bot in a process of its own, ready."""
    async with bare_stage.working_process() as process:
        yield process


async def a_result(stage: Stage, who: Member | None = None, *, channel: str = CHANNEL) -> Message:
    """Return a message with a picture, whose job is closed."""
    jobs = len(stage.jobs())
    message = await stage.end_of(await stage.sana(who, channel=channel))
    await stage.closed(jobs + 1)
    return message


async def ask(someone: Member, message: Message, way: str) -> None:
    """Ask for a result's removal, by the reaction or by the button."""
    if way == "reaction":
        await someone.react(message, DELETE)
    else:
        await someone.click(message, label="Delete")


async def files_are_there(stage: Stage) -> bool:
    """Tell whether the first job's files can still be had from Wiro."""
    statuses = set()
    for output in json.loads(stage.jobs()[0]["outputs"]):
        async with stage.members.session.get(output["url"]) as answer:
            statuses.add(answer.status)
    [status] = statuses
    return status == HTTPStatus.OK


async def gone(stage: Stage, message: Message) -> dict[str, object]:
    """Wait until nothing of the first result is left, and return its job."""
    with pytest.raises(Refused):
        await stage.member().wait_for_change(message, lambda _: False, PATIENCE_SECONDS)
    await eventually(lambda: stage.jobs()[0]["removed_at"] is not None)
    assert not await files_are_there(stage)
    return stage.jobs()[0]


async def is_there(stage: Stage, message: Message) -> bool:
    """Tell whether a message is still in its channel."""
    return message.id in {each.id for each in await stage.member().read(message.channel_id)}


@pytest.mark.parametrize("who", ["member", "moderator"])
@pytest.mark.parametrize("way", ["reaction", "button"])
async def test_owner_and_moderator_delete_a_result(quick_stage: Stage, who: str, way: str) -> None:
    """Message and files go; who asked is stored; the picture was paid for and stays charged."""
    message = await a_result(quick_stage)
    assert await files_are_there(quick_stage)
    someone = quick_stage.member(who)
    await ask(someone, message, way)
    job = await gone(quick_stage, message)
    assert (job["state"], job["removed_by"]) == ("delivered", someone.id)
    assert quick_stage.ledger() == PAID


async def test_somebody_elses_reaction_is_refused_in_a_short_reply(quick_stage: Stage) -> None:
    """The result stays, nothing is stored, and the reply pings the one who reacted alone."""
    message = await a_result(quick_stage)
    someone = quick_stage.member("newcomer")
    await someone.react(message, DELETE)
    reply = await someone.wait_for_message(CHANNEL, lambda shown: shown.reply_to == message.id)
    assert reply.text == f"<@{someone.id}> {REFUSED}"
    assert reply.pings == (str(someone.id),)
    assert await is_there(quick_stage, message)
    assert quick_stage.jobs()[0]["removed_by"] is None
    assert await files_are_there(quick_stage)


async def test_somebody_elses_click_is_refused_for_their_eyes_alone(quick_stage: Stage) -> None:
    """The result stays, nothing is stored."""
    message = await a_result(quick_stage)
    someone = quick_stage.member("newcomer")
    clicked = await someone.click(message, label="Delete")
    assert await quick_stage.note(clicked, someone) == REFUSED
    assert await is_there(quick_stage, message)
    assert quick_stage.jobs()[0]["removed_by"] is None


@pytest.mark.parametrize(
    "fault", [CallFault(http_status=503), CallFault(answer="reset"), CallFault(answer="cut_off")]
)
async def test_wiros_troubles_pass(quick_stage: Stage, fault: CallFault, log: Log) -> None:
    """The message goes at once, the files when Wiro works again; the message is not deleted again."""
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=fault, times=3))
    message = await a_result(quick_stage)
    await quick_stage.member().react(message, DELETE)
    await gone(quick_stage, message)
    deletions = [
        call
        for call in await quick_stage.members.requests()
        if (call["method"], call["route"]) == ("DELETE", MESSAGE_ROUTE)
    ]
    assert len(deletions) == 1
    assert [line["job"] for line in log.of("remove.failed")] == ["S-1"] * 3


async def test_an_account_in_trouble_is_asked_again(quick_stage: Stage) -> None:
    """What the owner has to mend first is tried again until it is."""
    fault = CallFault(http_status=401, error="Project authorization is not valid.")
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=fault, times=2))
    message = await a_result(quick_stage)
    await quick_stage.member().react(message, DELETE)
    await gone(quick_stage, message)


async def test_files_that_wiro_does_not_know_are_gone(quick_stage: Stage, log: Log) -> None:
    """Wiro forgot the task, so there is nothing to delete: it is asked once."""
    fault = CallFault(error="There is no task yet.", error_code=1)
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=fault, times=None))
    message = await a_result(quick_stage)
    await quick_stage.member().react(message, DELETE)
    await eventually(lambda: quick_stage.jobs()[0]["removed_at"] is not None)
    assert not await is_there(quick_stage, message)
    assert quick_stage.calls(DELETE_FILES) == 1
    assert [line["job"] for line in log.of("remove.no_files")] == ["S-1"]


async def test_discords_troubles_pass(quick_stage: Stage) -> None:
    """The files go at once, the message when Discord works again."""
    message = await a_result(quick_stage)
    await quick_stage.members.add_fault(
        kind="status", method="DELETE", route=MESSAGE_ROUTE, status=503, times=None
    )
    await quick_stage.member().react(message, DELETE)
    await eventually(lambda: quick_stage.calls(DELETE_FILES) == 1)
    assert await is_there(quick_stage, message)
    await quick_stage.members.clear_faults()
    await gone(quick_stage, message)
    assert quick_stage.calls(DELETE_FILES) == 1


async def test_a_message_that_was_deleted_by_hand_still_loses_its_files(quick_stage: Stage) -> None:
    """Somebody is quicker than the bot: Discord does not know the message, and the files go all the same."""
    message = await a_result(quick_stage)
    await quick_stage.members.add_fault(
        kind="status", method="DELETE", route=MESSAGE_ROUTE, status=503, times=None
    )
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=CallFault(http_status=503), times=2))
    await quick_stage.member().react(message, DELETE)
    await eventually(lambda: quick_stage.calls(DELETE_FILES) > 0)
    await quick_stage.member("moderator").delete(message)
    await quick_stage.members.clear_faults()
    await gone(quick_stage, message)


async def test_asking_again_is_harmless(quick_stage: Stage) -> None:
    """Owner and moderator ask at once and twice: one removal, by the one who was first."""
    message = await a_result(quick_stage)
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=CallFault(http_status=503), times=2))
    await quick_stage.members.add_fault(
        kind="status", method="DELETE", route=MESSAGE_ROUTE, status=503, times=2
    )
    await quick_stage.member().react(message, DELETE)
    await eventually(lambda: quick_stage.jobs()[0]["removed_by"] is not None)
    await quick_stage.member("moderator").react(message, DELETE)
    job = await gone(quick_stage, message)
    assert job["removed_by"] == quick_stage.member().id
    assert quick_stage.ledger() == PAID


async def test_a_result_from_before_a_restart_is_deleted(quick_stage: Stage) -> None:
    """The bot was stopped and started since: reaction and button work as before."""
    first = await a_result(quick_stage)
    second = await a_result(quick_stage)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    await quick_stage.member().react(first, DELETE)
    await gone(quick_stage, first)
    await quick_stage.member().click(second, label="Delete")
    await eventually(lambda: quick_stage.jobs()[1]["removed_at"] is not None)
    assert not await is_there(quick_stage, second)


async def test_a_removal_waits_for_the_delivery(quick_stage: Stage) -> None:
    """Asked for while the bot does not know yet that its pictures arrived: settled first, then deleted."""
    await quick_stage.members.add_fault(
        kind="stall", method="PATCH", route="/webhooks/.*", after_effect=True, seconds=1.0
    )
    message = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.member().react(message, DELETE)
    await eventually(lambda: quick_stage.jobs()[0]["removed_by"] is not None)
    assert quick_stage.jobs()[0]["state"] == "finished"
    assert await is_there(quick_stage, message)
    job = await gone(quick_stage, message)
    assert job["state"] == "delivered"
    assert quick_stage.ledger() == PAID


async def test_killed_between_asking_and_deleting(bare_stage: Stage, bot: BotProcess) -> None:
    """SIGKILL before Discord or Wiro was told: the next start deletes both."""
    message = await a_result(bare_stage)
    await bare_stage.members.add_fault(kind="stall", method="DELETE", route=MESSAGE_ROUTE, seconds=30.0)
    await bare_stage.member().react(message, DELETE)
    await eventually(lambda: bare_stage.jobs()[0]["removed_by"] is not None)
    await bot.kill()
    await bare_stage.members.clear_faults()
    assert await is_there(bare_stage, message)
    assert await files_are_there(bare_stage)
    await bot.start()
    await gone(bare_stage, message)
    assert bare_stage.ledger() == PAID


async def test_killed_between_message_and_files(bare_stage: Stage, bot: BotProcess) -> None:
    """SIGKILL when the message is gone and the files are not: the next start deletes them."""
    bare_stage.wiro.script.add(Rule(call=DELETE_FILES, do=CallFault(delay_seconds=30.0)))
    message = await a_result(bare_stage)
    await bare_stage.member().react(message, DELETE)
    with pytest.raises(Refused):
        await bare_stage.member().wait_for_change(message, lambda _: False, PATIENCE_SECONDS)
    await bot.kill()
    bare_stage.wiro.script.clear()
    assert bare_stage.jobs()[0]["removed_at"] is None
    assert await files_are_there(bare_stage)
    await bot.start()
    await gone(bare_stage, message)


async def test_a_jump_of_the_clock_ends_no_removal(clock: Clock, log: Log, quick_stage: Stage) -> None:
    """Wiro fails to delete the files before the clock jumps by days, and a few times after that."""
    message = await a_result(quick_stage)
    quick_stage.wiro.script.add(Rule(call=DELETE_FILES, do=CallFault(http_status=500), times=5))
    await ask(quick_stage.member(), message, "button")
    await log.wait_for("remove.failed")
    clock.wrong_by = timedelta(days=3)
    await gone(quick_stage, message)
