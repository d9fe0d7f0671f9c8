"""The listener of the real bot, a process of its own, under every flood at once."""

import asyncio
import gzip
import itertools
import socket
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.wiro import Rule, TaskScript
from tests.listener.attacks import Attacker, Targets
from tests.listener.raw import dial, exchange, head, post
from tests.support.stage import PAID, UNLIMITED, Stage, eventually, staged

SEED = 7
COUNT = 1_000
CALLBACKS = 200
GROWTH_MB = 64
HEARD_MS = 1000
"""What all connections together may hold: 256 times 48 headers of 2 KiB, kept twice, and some."""

Flood = Callable[[int], Awaitable[object]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Both servers, where tasks never end by themselves, and no bot yet."""
    async with staged(tmp_path, discord=UNLIMITED) as ready:
        ready.usual |= {"width": 256, "height": 256}
        ready.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
        yield ready


@pytest.fixture
async def bot(stage: Stage) -> AsyncIterator[BotProcess]:
    """The bot, ready."""
    async with stage.working_process() as process:
        yield process


async def guess(port: int) -> None:
    """Call with a token that nobody has."""
    await exchange(port, post("u" * 43))


async def be_silent(port: int, start: bytes = b"") -> None:
    """Take a place, and do nothing with it for as long as it is left."""
    transport, caller = await dial(port)
    try:
        transport.write(start)
        await caller.wait_until_ended()
    finally:
        transport.abort()


async def never_end_the_headers(port: int) -> None:
    """Send as many headers as are taken, and more."""
    lines = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 2000) for number in range(47))
    await be_silent(port, head("u" * 43)[:-2] + lines)


_BOMB = gzip.compress(bytes(20_000_000))


async def bomb(port: int) -> None:
    """Send what unpacks to a thousand times its size."""
    await exchange(port, head("u" * 43, b"Content-Encoding: gzip", b"Content-Length: %d" % len(_BOMB)), _BOMB)


async def break_a_rule(port: int) -> None:
    """Say at the start of a quarter of a megabyte what no server accepts."""
    await exchange(port, b"POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\n" + bytes(250_000))


@asynccontextmanager
async def flooding(port: int) -> AsyncIterator[None]:
    """Have many strangers do all of this at once, over and over."""

    async def go_on(flood: Flood) -> None:
        while True:
            with suppress(OSError):
                await flood(port)
            await asyncio.sleep(0.1)  # some thousand connections a second in all, as from far away

    strangers = {guess: 20, be_silent: 200, never_end_the_headers: 100, break_a_rule: 30, bomb: 5}
    tasks = [asyncio.create_task(go_on(flood)) for flood, count in strangers.items() for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def open_files(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def call_back(port: int, token: str) -> float:
    """Send a callback as Wiro does, up to three times, and return the milliseconds until it was heard."""
    began = time.perf_counter()
    for _ in range(3):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(post(token))
            if connection.recv(100).startswith(b"HTTP/1.1 200 "):
                return 1000 * (time.perf_counter() - began)
    raise AssertionError("the callback was not heard")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process holds")
async def test_the_bot_works_on_under_every_flood_at_once(stage: Stage, bot: BotProcess) -> None:
    """Callbacks are heard within a second, memory and sockets stay bounded, and the bot stops cleanly."""
    port = int(stage.environment["CALLBACK_PORT"])
    message = await stage.sana()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    token = str(task.inputs.callback_url).rpartition("/")[2]
    attacks = Attacker(SEED, Targets(known=[token], hidden="h" * 43, taskids=["1", "2"])).attacks(COUNT)
    for attack in itertools.islice(attacks, 100):
        await exchange(port, *attack.pieces, ending=attack.ending)
    memory, files = peak_megabytes(bot.pid), open_files(bot.pid)

    async with flooding(port):
        took = []
        for _ in range(CALLBACKS):
            took.append(await asyncio.to_thread(call_back, port, token))
            await asyncio.sleep(0.01)  # so that the flood goes on for seconds
    assert statistics.median(took) < HEARD_MS
    assert peak_megabytes(bot.pid) - memory < GROWTH_MB
    await eventually(lambda: open_files(bot.pid) <= files + 2)

    assert await bot.is_ready()
    stage.wiro.finish(task.taskid)
    assert len((await stage.end_of(message)).pictures) == 1
    await stage.closed()
    assert stage.ledger() == PAID
    async with flooding(port):
        assert await bot.stop(timeout_seconds=10) == 0
    assert "Traceback" not in bot.log
    assert token not in bot.log
