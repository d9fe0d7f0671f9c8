"""The judge itself: it accepts a run in which all went well, and each lie is found out."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from faults.stage import Stage, staged
from faults.verdict import judge
from sandbox.wiro import Rule, TaskScript

LIES_IN_THE_BOOKS = {
    "UPDATE jobs SET closed_at = NULL WHERE id = 1": "S-1 (delivered): it is still open",
    "UPDATE jobs SET message_id = message_id + 1 WHERE id = 1": "S-1 (delivered): its message is",
    "UPDATE jobs SET state = 'failed' WHERE id = 1": "S-1 (failed): its message shows pictures",
    "UPDATE jobs SET state = 'delivered' WHERE id = 2": "S-2 (delivered): it was delivered without a task",
    "UPDATE jobs SET parameters = replace(parameters, 'a red fox', 'no fox')": "a task that is no job's",
    "UPDATE jobs SET id = 7 WHERE id = 2": "a message of S-2, which is not in the books",
    "DELETE FROM ledger WHERE kind = 'settle'": "S-1 (delivered): of 2 credits () were settled",
    "DELETE FROM ledger WHERE kind = 'refund'": "S-2 (failed): of 1 credits () were settled",
    "UPDATE ledger SET credits = 1 WHERE kind = 'settle'": "2 pictures were delivered, and (1,) credits",
}
LIES_IN_THE_LOG = {
    "Traceback (most recent call last):": "a traceback in the log",
    "Segmentation fault": "a line in the log that is no event",
    '{"event": "store.refused", "level": "error"}': "an error in the log",
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Two pictures that were delivered, one job that failed, and a bot that has stopped."""
    async with staged(tmp_path) as ready:
        ready.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1"), prompt_contains="owl"))
        await ready.start()
        person = ready.person("member")
        for prompt, samples in (("a red fox", 2), ("an owl", 1)):
            typed = await person.type(
                "sana", channel="pictures", prompt=prompt, samples=samples, width=256, height=256
            )
            message = await person.message("pictures", typed.message_id)
            await person.wait_for_change(
                message, lambda shown: bool(shown.pictures) or not shown.buttons, 20.0
            )
        assert await ready.bot.stop() == 0
        yield ready


async def test_a_lie_is_found_out(stage: Stage) -> None:
    """Whatever does not agree with what the servers saw is named, in the books as in the log."""
    assert judge(stage) == []
    for lie, found in LIES_IN_THE_BOOKS.items():
        told = replace(stage, database=_forged(stage.database, lie))
        assert any(found in problem for problem in judge(told)), (lie, judge(told))
    sound = stage.bot.log
    for lie, found in LIES_IN_THE_LOG.items():
        stage.bot.log_path.write_text(f"{sound}{lie}\n")
        assert any(found in problem for problem in judge(stage)), lie


async def test_a_secret_in_the_log_is_found(stage: Stage) -> None:
    """Tokens of tasks, callbacks, interactions and the owner's own are all looked for."""
    sound = stage.bot.log
    [task, _] = stage.wiro.tasks
    secrets = (
        stage.discord.config.token,
        stage.wiro.config.api_key,
        task.token,
        str(task.sent["callbackUrl"]).rpartition("/")[2],
        stage.discord.interactions.all()[0].token,
    )
    for secret in secrets:
        stage.bot.log_path.write_text(f'{sound}{{"event": "{secret}", "level": "info"}}\n')
        assert any("was written" in problem for problem in judge(stage)), secret


async def test_what_happens_to_a_message_is_found(stage: Stage) -> None:
    """A message that is gone although nobody deleted it, and one that lost its pictures again."""
    [[delivered], [_]] = stage.witness.of_jobs().values()
    delivered.edits.append(delivered.edits[0])
    assert any("shows pending" in problem for problem in judge(stage))
    delivered.edits.pop()
    del stage.discord.world.channels[delivered.channel_id].messages[delivered.id]
    assert "S-1 (delivered): its message is gone" in judge(stage)
    stage.witness.taken_away(delivered.id)
    assert judge(stage) == []


def _forged(database: Path, lie: str) -> Path:
    """Return a copy of the books with a lie in it."""
    forged = database.with_name("forged.db")
    shutil.copyfile(database, forged)
    with closing(sqlite3.connect(forged)) as connection, connection:
        connection.execute("DROP TRIGGER ledger_is_never_changed")
        connection.execute("DROP TRIGGER ledger_is_never_shortened")
        connection.execute(lie)
    return forged
