"""Discord archives a thread in which nobody wrote for an hour: what is promised there comes all the same."""

from bot.present.messenger import TOKEN_WAY_LASTS
from sandbox.wiro import Rule, TaskScript
from tests.support.clock import Clock
from tests.support.stage import PAID, Stage


async def test_a_thread_that_was_archived_is_opened_again(clock: Clock, quick_stage: Stage) -> None:
    """Discord takes no edit in it; it is opened as a message would, and has its pictures."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana(channel="thread")
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    stage.discord.world.channel_named("thread").archived = True
    clock.ahead += TOKEN_WAY_LASTS
    stage.wiro.finish(task.taskid)
    assert (await stage.end_of(message)).pictures
    await stage.closed()
    assert stage.ledger() == PAID
