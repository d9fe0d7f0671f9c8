import asyncio
import threading
import time

import pytest

from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript, WiroConfig, WiroServer
from tests.sandbox.wiro_support import RUN, SMALL, Caller, wiro


async def test_addresses() -> None:
    """The server tells where it is, on a port of its own."""
    async with WiroServer() as one, WiroServer() as other:
        assert one.origin != other.origin
        assert one.origin == f"http://{one.host_and_port}"
        assert one.host_and_port.startswith("127.0.0.1:")
        assert one.api_base == f"{one.origin}/v1"
        assert one.socket_url == f"ws://{one.host_and_port}/socket/v1"


async def test_a_given_port_is_used_and_free_again() -> None:
    """A server takes the port it is given, tells when it is taken, and gives it back."""
    async with WiroServer() as first:
        port = int(first.host_and_port.split(":")[1])
        with pytest.raises(OSError, match="in use"):
            await WiroServer(WiroConfig(port=port)).start()
    async with wiro(port=port) as at:
        assert at.server.host_and_port == f"127.0.0.1:{port}"
        await at.run()


async def test_stopping_ends_everything() -> None:
    """Stuck tasks, drawings, slow answers and callbacks under way end with the server, within two seconds."""
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    async with wiro() as at:
        at.script("task", TaskScript(stuck=True))
        await at.run()
        at.script("callback", CallbackScript(late_seconds=3600))
        await at.run(callbackUrl="http://127.0.0.1:9/x")
        at.script("task", TaskScript(outputs="huge"))
        await at.run(width=1024, height=1024)
        at.script("Run", CallFault(delay_seconds=3600))
        pending = asyncio.ensure_future(
            at.session.post(at.server.api_base + RUN, json={}, headers=at.headers())
        )
        await at.reached("task_output")
        begun = time.monotonic()
        await at.server.stop()
        assert time.monotonic() - begun < 10
        pending.cancel()
        await asyncio.wait([pending])
    assert asyncio.all_tasks() == tasks
    assert threading.active_count() <= threads + 1  # asyncio's own executor may have started one


async def test_requests_are_written_down() -> None:
    """Every request is kept with its call, task, status and the names of its headers."""
    async with wiro() as at:
        record = await at.finished()
        await at.get(record["outputs"][0]["url"])
        await at.status("/nothing", {})
        seen = {one.call: one for one in at.server.requests}
        assert list(seen) == ["Run", "Task/Detail", "file", "unknown"]
        assert [one.status for one in seen.values()] == [200, 200, 200, 404]
        assert [one.taskid for one in seen.values()] == [record["id"]] * 3 + [None]
        assert "x-signature" in seen["Run"].headers
        assert seen["Run"].path == "/v1" + RUN
        assert abs(seen["Run"].time - time.time()) < 5


async def test_waiting_for_requests() -> None:
    """A test can wait until a call was made often enough, before or after it began to wait."""
    async with wiro() as at:
        waiting = asyncio.ensure_future(at.server.wait_for_requests("Run", 2))
        await at.run()
        assert not waiting.done()
        await at.run()
        assert len(await waiting) == 2
        assert len(await at.server.wait_for_requests("Run", 1)) == 2
        with pytest.raises(TimeoutError):
            await at.server.wait_for_requests("Run", 3, 0.05)


async def test_waiting_for_a_task() -> None:
    """A test can wait for a task and gets its own mistake back, not the server's end."""
    async with wiro() as at:
        with pytest.raises(TimeoutError):
            await at.server.wait_for_task(lambda _: True, 0.05)
        waiting = asyncio.ensure_future(at.server.wait_for_task(lambda task: bool(1 / len(task.outputs))))
        await asyncio.sleep(0)
        record = await at.finished()
        assert record["pexit"] == "0"
        with pytest.raises(ZeroDivisionError):
            await waiting


async def test_rules_are_checked_when_they_are_made() -> None:
    """A rule whose parts do not belong together is refused."""
    with pytest.raises(ValueError, match="call must be one of"):
        Rule(call="Fly", do=CallFault())
    with pytest.raises(ValueError, match="TaskScript"):
        Rule(call="task", do=CallFault())
    with pytest.raises(ValueError, match="times"):
        Rule(call="Run", do=CallFault(), times=0)


async def test_hundreds_of_tasks_a_second() -> None:
    """Three hundred tasks with a known picture run, are asked for and fetched within twenty seconds."""

    async def one(at: Caller) -> None:
        record = await at.finished()
        assert (await at.get(record["outputs"][0]["url"]))[0] == 200

    async with wiro() as at:
        await one(at)
        begun = time.monotonic()
        for _ in range(6):
            await asyncio.gather(*(one(at) for _ in range(50)))
        assert time.monotonic() - begun < 20
        assert len(at.server.tasks) == 301


async def test_bodies_survive_any_text() -> None:
    """Prompts with lone surrogates, control characters and emoji are drawn like any other."""
    async with wiro() as at:
        for prompt in ("\ud800", "\x00\x1b", "🦊" * 500):
            answer = await at.call(RUN, **SMALL, prompt=prompt)
            await at.reached("task_postprocess_end", answer["taskid"])
            assert (await at.detail(answer["taskid"]))["parameters"]["prompt"] == prompt
