import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.page import PageServer
from sandbox.page.switches import SLOW_SECONDS, SWITCHES
from sandbox.wiro import Rule, TaskScript
from tests.sandbox.page_support import Browser, opened
from tests.sandbox.wiro_support import SMALL, Caller
from tests.support.stage import Stage, eventually

RUN = "/Run/Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"
INPUTS = {"prompt": "a red fox", **SMALL}


@pytest.fixture
async def browser(page: PageServer) -> AsyncIterator[Browser]:
    """The page, open."""
    async with opened(page) as ready:
        yield ready


@pytest.fixture
async def caller(stage: Stage) -> AsyncIterator[Caller]:
    """Somebody who calls Wiro as the bot does."""
    async with aiohttp.ClientSession() as session:
        yield Caller(stage.wiro, session)


async def turn(browser: Browser, **wanted: bool) -> None:
    """Turn switches, and look whether the page says so, at once and to everyone who watches."""
    status, shown = await browser.ask("POST", "/switches", wanted)
    assert status == 200
    assert shown == dict.fromkeys(SWITCHES, False) | {name: on for name, on in wanted.items() if on}
    assert await browser.ask("GET", "/switches") == (200, shown)
    browser.events.clear()
    await browser.until("switches", lambda event: event["switches"] == shown)


async def test_slow_and_back(stage: Stage, browser: Browser, caller: Caller) -> None:
    """A task that is run while it is on takes long; those before and after take what they took."""
    await turn(browser, slow=True)
    await caller.run()
    await turn(browser, slow=False)
    await caller.run()
    assert [task.seconds for task in stage.wiro.tasks] == [SLOW_SECONDS, 0.0]


async def test_failing_and_back(browser: Browser, caller: Caller) -> None:
    """A task that is run while it is on ends with an exit code, and the next one with a picture."""
    await turn(browser, failing=True)
    assert (await caller.finished())["pexit"] == "1"
    await turn(browser, failing=False)
    assert (await caller.finished())["pexit"] == "0"


async def test_slow_and_failing_together(stage: Stage, browser: Browser, caller: Caller) -> None:
    """Both hold at once, and each is taken away alone."""
    await turn(browser, slow=True, failing=True)
    await caller.run()
    await browser.ask("POST", "/switches", {"slow": False})
    await caller.run()
    assert [(task.seconds, task.failed) for task in stage.wiro.tasks] == [(SLOW_SECONDS, True), (0.0, True)]


async def test_refusing_and_back(browser: Browser, caller: Caller) -> None:
    """Every call is answered 503, and afterwards none."""
    await turn(browser, refusing=True)
    async with caller.session.post(
        caller.server.api_base + RUN, json=INPUTS, headers=caller.headers()
    ) as answer:
        assert answer.status == 503
    async with caller.session.post(
        caller.server.api_base + "/Task/List", json={}, headers=caller.headers()
    ) as answer:
        assert answer.status == 503
    await turn(browser, refusing=False)
    assert (await caller.call("/Task/List"))["result"] is True


async def test_losing_callbacks_and_back(stage: Stage, browser: Browser, caller: Caller) -> None:
    """The callback of a task that was run while it is on is not even tried; the next one's is."""
    await turn(browser, lose_callbacks=True)
    await caller.run(callbackUrl="http://127.0.0.1:9/lost")
    first = stage.wiro.tasks[0]
    await eventually(first.settled.is_set)
    await turn(browser, lose_callbacks=False)
    await caller.run(callbackUrl="http://127.0.0.1:9/tried")
    await stage.wiro.wait_for_requests("callback", 1, 20)
    assert {seen.taskid for seen in stage.wiro.requests if seen.call == "callback"} == {"2"}


async def test_no_balance_and_back(stage: Stage, browser: Browser, caller: Caller) -> None:
    """There is no money for a new task; what one under way cost is paid, and the rest is back in the end."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await caller.run()
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    await turn(browser, no_balance=True)
    await browser.until("account", lambda event: event["balance_usd"] == 0)
    assert (await caller.error(RUN, **INPUTS))[0] in {96, 97}
    stage.wiro.finish(task.taskid)
    await eventually(task.settled.is_set)
    assert (await caller.error(RUN, **INPUTS))[0] == 97
    await turn(browser, no_balance=False)
    assert stage.wiro.balance_usd == 999.99649
    assert (await caller.finished())["pexit"] == "0"


async def test_no_socket_and_back(stage: Stage, browser: Browser, caller: Caller) -> None:
    """Connections end, new ones are refused, and are welcome again."""
    async with caller.session.ws_connect(stage.wiro.socket_url) as socket:
        await socket.receive()
        await turn(browser, no_socket=True)
        await eventually(lambda: stage.wiro.sockets == 0)
        await socket.receive()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await caller.session.ws_connect(stage.wiro.socket_url)
    await turn(browser, no_socket=False)
    async with caller.session.ws_connect(stage.wiro.socket_url) as socket:
        assert (await socket.receive_json(timeout=20))["type"] == "connected"


async def test_other_rules_stay(stage: Stage, browser: Browser) -> None:
    """Turning everything on and off leaves the rules alone that somebody else has added."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="7"), prompt_contains="fox"))
    await turn(browser, **dict.fromkeys(SWITCHES, True))
    await turn(browser, **dict.fromkeys(SWITCHES, False))
    assert stage.wiro.script.task("a cat").pexit == "0"
    assert stage.wiro.script.task("a fox").pexit == "7"


async def test_a_switch_whose_rules_were_forgotten_is_off(browser: Browser, caller: Caller) -> None:
    """Once all rules at Wiro are forgotten, the switches say so to everyone, and can be turned on again."""
    await turn(browser, failing=True, no_balance=True)
    assert (await browser.ask("DELETE", "/wiro/script"))[0] == 200
    shown = dict.fromkeys(SWITCHES, False) | {"no_balance": True}
    assert await browser.ask("GET", "/switches") == (200, shown)
    await browser.until("switches", lambda event: event["switches"] == shown)
    await turn(browser, no_balance=False)
    assert (await caller.finished())["pexit"] == "0"
    await turn(browser, failing=True)
    assert (await caller.finished())["pexit"] == "1"


@pytest.mark.parametrize(
    "body", [{"slower": True}, {"slow": 1}, {"slow": True, "failing": None}, [], "slow", None]
)
async def test_what_is_no_switch_changes_nothing(browser: Browser, body: object) -> None:
    """A name or a value that is none is refused with a sentence, and so is what came with it."""
    status, answer = await browser.ask("POST", "/switches", body)
    assert status == 400
    assert answer["message"]
    assert await browser.ask("GET", "/switches") == (200, dict.fromkeys(SWITCHES, False))


def test_every_switch_is_documented() -> None:
    """The page of the documentation lists each switch, in their order, and none that is not there."""
    text = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    table = text.partition("| switch |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == SWITCHES
