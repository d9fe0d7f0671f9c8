"""The token in a callback's address: nobody guesses it, nothing reveals it, and it opens one job alone."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.wiro import Rule, TaskScript
from tests.listener.raw import ask, post
from tests.support.stage import UNLIMITED, Stage, eventually, staged

ENTROPY_BYTES = 16  # Source: issue 5, the listener: at least 128 bits


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot whose tasks never end by themselves."""
    async with staged(tmp_path, discord=UNLIMITED) as ready:
        ready.usual |= {"width": 256, "height": 256}
        ready.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
        await ready.start_bot()
        yield ready


def tokens(stage: Stage) -> list[str]:
    """Return the token of each task's address, oldest first."""
    return [str(task.inputs.callback_url).rpartition("/")[2] for task in stage.wiro.tasks]


async def running(stage: Stage, count: int) -> None:
    """Have so many jobs run."""
    for _ in range(count):
        await stage.sana()
    await eventually(lambda: [job["state"] for job in stage.jobs()] == ["running"] * count)


async def test_each_job_has_a_token_that_cannot_be_guessed(stage: Stage) -> None:
    """Tokens are long enough, no part of them stays the same, and none comes twice."""
    await running(stage, 8)
    raw = [base64.urlsafe_b64decode(token + "=") for token in tokens(stage)]
    assert all(len(token) >= ENTROPY_BYTES for token in raw)
    assert len(set(raw)) == 8
    assert all(len(set(column)) > 1 for column in zip(*raw, strict=True))


async def test_what_is_stored_reveals_no_token(stage: Stage) -> None:
    """The database, its log included, holds the hash that a token is looked up by, and no address."""
    await running(stage, 2)
    files = [path.read_bytes() for path in stage.folder.glob("sana.db*")]
    for token, job in zip(tokens(stage), stage.jobs(), strict=True):
        assert not [content for content in files if token.encode() in content]
        assert job["callback_hash"] == hashlib.sha256(token.encode()).digest()


async def test_a_hash_opens_nothing(stage: Stage) -> None:
    """Whoever reads the database cannot call: a hash is no token, however it is written."""
    await running(stage, 1)
    [job] = stage.jobs()
    port = int(stage.environment["CALLBACK_PORT"])
    written = base64.urlsafe_b64encode(job["callback_hash"]).decode().rstrip("=")
    for guess in (written, job["callback_hash"].hex()[:43], job["callback_hash"].hex()):
        assert (await ask(port, post(guess))).status == 404
    assert stage.calls("Task/Detail") == 0
