"""Twenty thousand requests that nobody should send, at a bot with jobs under way."""

import asyncio
import gc
import itertools
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.callbacks import Hears, Listener
from sandbox.wiro import CallFault, Rule, TaskScript
from tests.listener.attacks import ANY, Attack, Attacker, Targets
from tests.listener.raw import answers, exchange
from tests.support.stage import PAID, UNLIMITED, Stage, eventually, staged

SEED = 5
WARM_UP = 2_000
COUNT = 20_000
AT_ONCE = 100
TRIES = 20
JOBS = 4
BLOCKS_AT_MOST = 2 * COUNT
"""How much more of Python's memory may be in use afterwards; a connection that stays is fifty and more."""
_TOO_LARGE = 413
_TOO_MANY = 429


@dataclass
class Overheard:
    """Stands between the listener and the jobs, and notes what passes."""

    jobs: Hears
    heard: Counter[str] = field(default_factory=Counter)

    def knows_callback(self, token: str) -> bool:
        """Ask the jobs."""
        return self.jobs.knows_callback(token)

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Note the token, and tell the jobs."""
        self.heard[token] += 1
        return await self.jobs.hear_callback(token, body)


@dataclass
class Scene:
    """A bot with jobs under way, its listener's port, and what the listener passes on."""

    stage: Stage
    overheard: list[Overheard]

    @property
    def port(self) -> int:
        """The listener's."""
        return int(self.stage.environment["CALLBACK_PORT"])

    @property
    def heard(self) -> Counter[str]:
        """How often the listener heard of each token."""
        [overheard] = self.overheard
        return overheard.heard


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Start a bot whose listener is overheard, and loses its patience in tenths of a second."""
    overheard: list[Overheard] = []

    def listen(jobs: Hears, missing: Callable[[], Sequence[str]]) -> Listener:
        overheard.append(Overheard(jobs))
        return Listener(overheard[-1], missing)

    monkeypatch.setattr("bot.app.Listener", listen)
    monkeypatch.setattr("bot.serving._CONNECTION_SECONDS", 0.8)
    monkeypatch.setattr("bot.callbacks._BODY_SECONDS", 0.3)
    monkeypatch.setattr("bot.serving._LINGER_SECONDS", 0.1)
    monkeypatch.setattr("bot.jobs.search._MOST_SECONDS", 0.5)
    async with staged(tmp_path, discord=UNLIMITED) as stage:
        stage.usual |= {"width": 256, "height": 256}
        await stage.start_bot()
        yield Scene(stage, overheard)


@pytest.fixture
async def mishaps() -> list[str]:
    """What this event loop complains of from now on: exceptions that nobody has taken."""
    found: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: found.append(str(context)))
    return found


@pytest.fixture
def quiet() -> Iterator[None]:
    """Have the libraries' logs as the bot itself has them: see `bot.logs`."""
    library = logging.getLogger("aiohttp.server")
    before = library.level
    library.setLevel(logging.CRITICAL)
    yield
    library.setLevel(before)


async def jobs_under_way(stage: Stage) -> list[str]:
    """Have some jobs run and one more in doubt, and return their callback tokens, oldest first."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    for _ in range(JOBS):
        await stage.sana()
    await eventually(lambda: [job["state"] for job in stage.jobs()] == ["running"] * JOBS)
    stage.wiro.script.add(Rule(call="Task/List", do=CallFault(http_status=503), times=None))
    stage.wiro.script.add(Rule(call="Run", do=CallFault(answer="lost_answer")))
    await stage.sana()
    await stage.wiro.wait_for_requests("Task/List", 1)
    await stage.wiro.wait_for_task(lambda task: task.taskid == str(JOBS + 1) and task.status == "task_output")
    return [str(task.inputs.callback_url).rpartition("/")[2] for task in stage.wiro.tasks]


@dataclass
class Findings:
    """What came of attacks."""

    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def judge(self, attack: Attack, received: bytes, *, may_repeat: bool) -> bool:
        """Look at what an attack was answered; return whether to repeat it, as it was owed an answer.

        A machine that is busy elsewhere lets the time of a connection run out.
        """
        try:
            statuses = [answer.status for answer in answers(received, to_head=attack.to_head)]
        except ValueError as error:
            self.wrong.append(f"{error}, to {attack}")
            return False
        self.statuses.update(statuses)
        is_sound = len(statuses) <= 1 and attack.allowed.issuperset(statuses)
        # A refusal that is sent while the body still comes can be lost: TCP resets what nobody reads.
        is_silent = attack.must_answer and not statuses and _TOO_LARGE not in attack.allowed
        if is_silent and may_repeat:
            return True
        if not is_sound or is_silent:
            self.wrong.append(f"{statuses}, to {attack}")
        return False


async def carry_out(port: int, attacks: Iterator[Attack], findings: Findings) -> None:
    """Carry out attacks, some at a time."""

    async def carry_on() -> None:
        for attack in attacks:
            for tries_left in reversed(range(TRIES)):
                received = await exchange(port, *attack.pieces, ending=attack.ending)
                if not findings.judge(attack, received, may_repeat=tries_left > 0):
                    break

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(carry_on())


def blocks_in_use() -> int:
    """Return how much of Python's memory is in use, in its smallest units."""
    gc.collect()
    return sys.getallocatedblocks()


def connections_left() -> int:
    """Return how many of the listener's connections are still in memory."""
    gc.collect()
    kinds = ((type(thing).__module__, type(thing).__qualname__) for thing in gc.get_objects())
    return sum(kind == ("bot.serving", "_Connection") for kind in kinds)


def tasks_under_way() -> Counter[str]:
    """Return what this loop is busy with; connections between the sandbox and the bot may stay open."""
    names = (str(getattr(task.get_coro(), "__qualname__", "")) for task in asyncio.all_tasks())
    return Counter(name for name in names if name != "RequestHandler.start")


@pytest.mark.usefixtures("quiet")
async def test_no_request_breaks_anything(scene: Scene, mishaps: list[str]) -> None:
    """Each is answered once or not at all, and never with an error; no job is touched, and nothing stays."""
    stage = scene.stage
    tokens = await jobs_under_way(stage)
    jobs, ledger, tasks = stage.jobs(), stage.ledger(), tasks_under_way()
    hidden = tokens.pop(JOBS - 1)
    taskids = [str(job["taskid"]) for job in jobs if job["taskid"]]
    attacks = Attacker(SEED, Targets(known=tokens, hidden=hidden, taskids=taskids)).attacks(COUNT)

    findings = Findings()
    await carry_out(scene.port, itertools.islice(attacks, WARM_UP), findings)
    blocks = blocks_in_use()
    await carry_out(scene.port, attacks, findings)

    wrong = findings.wrong
    assert not wrong, f"seed {SEED}: {len(wrong)} wrong, among them {wrong[:5]}"
    assert findings.statuses.keys() | {_TOO_MANY} == ANY  # a slow machine sends no flood
    assert scene.heard.keys() >= set(tokens)
    assert hidden not in scene.heard
    assert stage.jobs() == jobs
    assert stage.ledger() == ledger
    await eventually(lambda: connections_left() == 0)
    assert not mishaps
    await eventually(lambda: tasks_under_way() <= tasks)
    assert blocks_in_use() - blocks < BLOCKS_AT_MOST

    stage.wiro.script.clear()
    for task in stage.wiro.tasks:
        stage.wiro.finish(task.taskid)
    await stage.closed(JOBS + 1)
    assert [(job["state"], job["taskid"]) for job in stage.jobs()] == [
        ("delivered", task.taskid) for task in stage.wiro.tasks
    ]
    assert Counter(stage.ledger()) == Counter(PAID * (JOBS + 1))
    assert stage.calls("Run") == JOBS + 1


def test_the_same_seed_gives_the_same_requests() -> None:
    """What went wrong once can be sent again; another seed gives others."""
    targets = Targets(known=["k" * 43], hidden="h" * 43, taskids=["1"])
    first, again, other = (list(Attacker(seed, targets).attacks(500)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
