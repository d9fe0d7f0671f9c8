import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import (
    AuthenticationError,
    NotFoundError,
    RefusedError,
    UnreadableAnswerError,
    WiroUnreachableError,
)
from bot.wiro.client import CALLS_AT_ONCE, WiroClient
from bot.wiro.wire import Verdict
from sandbox.wiro import CallFault, Rule, TaskScript, WiroConfig, WiroServer

MakeClient = Callable[..., WiroClient]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]

INPUTS: dict[str, str | int] = {
    "prompt": "a red fox",
    "negativePrompt": "bad",
    "steps": 5,
    "scale": "3.5",
    "samples": 2,
    "seed": "7",
    "width": 256,
    "height": 256,
}
ACCEPTED = {"result": True, "errors": [], "taskid": "1", "socketaccesstoken": "token-1"}
RUNNING = {"id": "1", "socketaccesstoken": "token-1", "status": "task_start"}
LISTED = {"result": True, "errors": [], "total": "1", "tasklist": [RUNNING]}


async def test_a_task_is_run_and_followed_to_its_pictures(wiro: WiroServer, client: WiroClient) -> None:
    """Run, Task/Detail by token and by id, and Task/List tell of the same task."""
    accepted = await client.run(INPUTS, "http://127.0.0.1:9/callback")
    await wiro.wait_for_task(lambda task: task.taskid == accepted.taskid and task.ended)
    task = await client.task_detail(tasktoken=accepted.tasktoken)
    assert task.verdict is Verdict.SUCCEEDED
    assert (task.taskid, task.tasktoken) == (accepted.taskid, accepted.tasktoken)
    assert [output.name for output in task.outputs] == ["0.png", "1.png"]
    assert all(output.url.startswith(wiro.origin) and output.size_bytes for output in task.outputs)
    assert task.parameters["callbackUrl"] == "http://127.0.0.1:9/callback"
    assert {name: str(value) for name, value in INPUTS.items()}.items() <= task.parameters.items()
    assert await client.task_detail(taskid=accepted.taskid) == task
    assert await client.task_list(start=0, limit=20) == [task]


async def test_a_listing_is_read_page_by_page(client: WiroClient) -> None:
    """Task/List gives the newest first, from where it is asked to begin, and in the end nothing."""
    taskids = [(await client.run(INPUTS, None)).taskid for _ in range(3)]
    first = await client.task_list(start=0, limit=2)
    second = await client.task_list(start=2, limit=2)
    assert [task.taskid for task in first + second] == taskids[::-1]
    assert await client.task_list(start=4, limit=2) == []


@pytest.mark.parametrize("answer", ["data_wrapped", "numbers", "extra"])
async def test_other_shapes_of_the_answer(wiro: WiroServer, client: WiroClient, answer: Any) -> None:  # noqa: ANN401 - one of the sandbox's literals
    """Fields under `data`, numbers in place of text and unknown fields change nothing."""
    wiro.script.add(Rule(call="Run", do=CallFault(answer=answer)))
    accepted = await client.run(INPUTS, None)
    await wiro.wait_for_task(lambda task: task.ended)
    plain = await client.task_detail(tasktoken=accepted.tasktoken)
    assert plain.taskid == accepted.taskid
    if answer != "data_wrapped":  # published for Run alone
        wiro.script.add(Rule(call="Task/Detail", do=CallFault(answer=answer)))
        shaped = await client.task_detail(tasktoken=accepted.tasktoken)
        assert (shaped.verdict, shaped.outputs) == (plain.verdict, plain.outputs)


async def test_a_running_task_is_killed(wiro: WiroServer, client: WiroClient) -> None:
    """Kill stops a task that runs; killing it again says that it does not run."""
    wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    accepted = await client.run(INPUTS, None)
    await wiro.wait_for_task(lambda task: task.status == "task_output")
    with pytest.raises(NotFoundError):
        await client.cancel(taskid=accepted.taskid, tasktoken=accepted.tasktoken)
    await client.kill(taskid=accepted.taskid, tasktoken=accepted.tasktoken)
    task = await client.task_detail(taskid=accepted.taskid)
    assert (task.verdict, task.cost_usd) == (Verdict.CANCELLED, "0")
    with pytest.raises(NotFoundError):
        await client.kill(taskid=accepted.taskid, tasktoken=accepted.tasktoken)


async def test_a_queued_task_is_cancelled(wiro: WiroServer, client: WiroClient) -> None:
    """Cancel takes a task out of Wiro's own queue."""
    wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, stuck_at="task_queue")))
    accepted = await client.run(INPUTS, None)
    await client.cancel(taskid=accepted.taskid, tasktoken=accepted.tasktoken)
    assert (await client.task_detail(taskid=accepted.taskid)).verdict is Verdict.CANCELLED


async def test_files_are_deleted(wiro: WiroServer, client: WiroClient) -> None:
    """A task that has ended loses its files, and asking again is harmless."""
    accepted = await client.run(INPUTS, None)
    await wiro.wait_for_task(lambda task: task.ended)
    await client.delete_files(accepted.tasktoken)
    await client.delete_files(accepted.tasktoken)
    wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    running = await client.run(INPUTS, None)
    with pytest.raises(RefusedError):
        await client.delete_files(running.tasktoken)


async def test_the_tool_is_described(client: WiroClient) -> None:
    """The tool's inputs come as they are published."""
    published = await client.tool_parameters()
    assert {"prompt", "steps", "scale", "seed"} <= {parameter.name for parameter in published}


async def test_an_unknown_task_is_not_found(client: WiroClient) -> None:
    """A task that does not exist is told from one that cannot be read."""
    with pytest.raises(NotFoundError):
        await client.task_detail(taskid="123456")


@pytest.mark.parametrize(
    ("project_secret", "key", "secret"),
    [
        ("sandbox-wiro-secret", "another", "sandbox-wiro-secret"),
        ("sandbox-wiro-secret", "sandbox-wiro-key", "another"),
        ("sandbox-wiro-secret", "sandbox-wiro-key", None),
        (None, "another", None),
    ],
)
async def test_wrong_credentials_are_an_authentication_error(
    make_client: MakeClient, project_secret: str | None, key: str, secret: str | None
) -> None:
    """Unknown key, wrong signature and a missing one are the owner's business, and nothing is started."""
    async with WiroServer(WiroConfig(api_secret=project_secret)) as wiro:
        client = make_client(wiro.api_base, key=key, secret=secret)
        with pytest.raises(AuthenticationError):
            await client.run(INPUTS, None)
        assert not wiro.tasks


async def test_a_key_only_project_is_called_without_a_signature(make_client: MakeClient) -> None:
    """Without a secret the key alone is sent, and it does."""
    async with WiroServer(WiroConfig(api_secret=None)) as wiro:
        await make_client(wiro.api_base, secret=None).run(INPUTS, None)
        headers = wiro.requests[-1].headers
    assert "x-api-key" in headers
    assert "x-signature" not in headers


async def test_requests_are_what_the_reference_says(serve: Serve, make_client: MakeClient) -> None:
    """Each call has its path, its body, its content type, a user agent, and a nonce that signs it."""
    seen: list[tuple[str, dict[str, Any]]] = []
    nonces: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.path, await request.json()))
        nonce = request.headers["x-nonce"]
        signed = hmac.new(b"key", f"secret{nonce}".encode(), hashlib.sha256).hexdigest()
        assert request.headers["x-signature"] == signed
        assert request.headers["x-api-key"] == "key"
        assert request.content_type == "application/json"
        assert request.headers["User-Agent"] == "sana-bot/0 (+tests)"
        nonces.append(nonce)
        return web.json_response({**ACCEPTED, **LISTED, "tool": [{}]})

    client = make_client(await serve(answer) + "/", key="key", secret="secret")
    await client.run({"prompt": "fox \ud83d 🦊", "steps": 25, "scale": "3.5"}, "https://bot.test/cb")
    await client.run({"prompt": "fox"}, None)
    await client.task_detail(tasktoken="token-1")
    await client.task_detail(taskid="1")
    await client.task_list(start=20, limit=100)
    await client.cancel(taskid="1", tasktoken="token-1")
    await client.kill(taskid="1", tasktoken="token-1")
    await client.delete_files("token-1")
    await client.tool_parameters()
    tool = "/v1/Run/Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"
    listing = {"type": "model", "sort": "id", "order": "DESC", "start": "20", "limit": "100"}
    assert seen == [
        (
            tool,
            {"prompt": "fox \ud83d 🦊", "steps": 25, "scale": "3.5", "callbackUrl": "https://bot.test/cb"},
        ),
        (tool, {"prompt": "fox"}),
        ("/v1/Task/Detail", {"tasktoken": "token-1"}),
        ("/v1/Task/Detail", {"taskid": "1"}),
        ("/v1/Task/List", listing),
        ("/v1/Task/Cancel", {"taskid": "1", "tasktoken": "token-1"}),
        ("/v1/Task/Kill", {"taskid": "1", "tasktoken": "token-1", "socketaccesstoken": "token-1"}),
        ("/v1/Task/InputOutputDelete", {"tasktoken": "token-1"}),
        (
            "/v1/Tool/Detail",
            {"slugowner": "Efficient-Large-Model", "slugproject": "Sana_1600M_2Kpx_BF16_diffusers"},
        ),
    ]
    assert len(set(nonces)) == len(nonces)


@pytest.mark.parametrize(
    "tasklist",
    [[], [RUNNING | {"id": "2"}], [RUNNING | {"socketaccesstoken": "token-2"}], [RUNNING | {"status": None}]],
)
async def test_another_task_than_asked_for_is_unreadable(
    serve: Serve, make_client: MakeClient, tasklist: list[object]
) -> None:
    """An answer about somebody else's task is believed for neither."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({**LISTED, "tasklist": tasklist})

    client = make_client(await serve(answer))
    with pytest.raises(UnreadableAnswerError):
        await client.task_detail(taskid="1", tasktoken="token-1")


async def test_no_task_yet_is_an_empty_listing(serve: Serve, make_client: MakeClient) -> None:
    """Where Wiro refuses to list nothing, nothing is listed; where it knows no listing, that is an error."""
    answers = [
        web.json_response({"result": False, "errors": [{"code": 1, "message": "There is no task yet."}]}),
        web.Response(status=404, text="<html>not found</html>"),
    ]

    async def answer(_: web.Request) -> web.Response:
        return answers.pop(0)

    client = make_client(await serve(answer))
    assert await client.task_list(start=0, limit=20) == []
    with pytest.raises(NotFoundError):
        await client.task_list(start=0, limit=20)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(serve: Serve, make_client: MakeClient, status: int) -> None:
    """A redirect, which could carry a billed call anywhere, leaves the outcome open."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=status, headers={"Location": "/v1/elsewhere"})

    client = make_client(await serve(answer))
    with pytest.raises(UnreadableAnswerError):
        await client.run(INPUTS, None)
    assert len(paths) == 1


async def test_calls_at_once_are_bounded(serve: Serve, make_client: MakeClient) -> None:
    """More calls than the bound wait for their turn, and all are answered."""
    open_calls = most = 0
    full = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        nonlocal open_calls, most
        open_calls += 1
        most = max(most, open_calls)
        if open_calls == CALLS_AT_ONCE:
            full.set()
        await full.wait()
        await asyncio.sleep(0)
        open_calls -= 1
        return web.json_response(LISTED)

    client = make_client(await serve(answer), session=aiohttp.ClientSession())
    calls = [client.task_list(start=0, limit=1) for _ in range(CALLS_AT_ONCE * 3)]
    answers = await asyncio.wait_for(asyncio.gather(*calls), 5)
    assert len(answers) == CALLS_AT_ONCE * 3
    assert most == CALLS_AT_ONCE


async def test_a_cancelled_call_is_over_at_once(serve: Serve, make_client: MakeClient) -> None:
    """Cancelling the caller ends the call; it is neither translated nor tried again, and its slot is free."""
    calls = 0
    arrived = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        arrived.set()
        if calls == 1:
            await asyncio.Event().wait()
        return web.json_response(LISTED)

    client = make_client(await serve(answer))
    call = asyncio.create_task(client.task_list(start=0, limit=1))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert calls == 1
    assert len(await client.task_list(start=0, limit=1)) == 1


async def test_a_stopped_server_is_unreachable(make_client: MakeClient) -> None:
    """Where nobody listens, nothing was started."""
    async with WiroServer() as wiro:
        client = make_client(wiro.api_base)
        await client.tool_parameters()
    with pytest.raises(WiroUnreachableError):
        await client.run(INPUTS, None)
