import json
from decimal import Decimal

import pytest

from sandbox.wiro import TaskScript
from sandbox.wiro.account import Account
from sandbox.wiro.envelope import CallError
from tests.sandbox.wiro_support import RUN, SMALL, Caller, wiro

STUCK = TaskScript(stuck=True)
QUEUED = TaskScript(stuck=True, stuck_at="task_queue")


async def stuck_task(at: Caller, how: TaskScript = STUCK) -> str:
    """Start a task that stays where it is, and give its number."""
    at.script("task", how)
    taskid = str((await at.run())["taskid"])
    return await at.reached(how.stuck_at, taskid)


async def test_run_answers_with_text() -> None:
    """Run answers with taskid and token, both text, and different for every task."""
    async with wiro() as at:
        first, second = await at.run(), await at.run()
        assert set(first) == {"errors", "taskid", "socketaccesstoken", "result"}
        assert first["errors"] == []
        assert first["taskid"].isdigit()
        assert len(first["socketaccesstoken"]) == 30
        assert first["taskid"] != second["taskid"]
        assert first["socketaccesstoken"] != second["socketaccesstoken"]


async def test_another_tool_does_not_exist() -> None:
    """Run and Tool/Detail know one tool only."""
    expected = (1, "slug-owner-project-not-exist")
    async with wiro() as at:
        assert await at.error("/Run/Efficient-Large-Model/another", prompt="x") == expected
        assert await at.error("/Tool/Detail", slugowner="another", slugproject="x") == expected
        assert await at.error("/Tool/Detail") == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/Task/Other"), ("GET", "/v1/Task/Detail"), ("PUT", "/"), ("POST", "/v1/Run/one")],
)
async def test_unknown_paths(method: str, path: str) -> None:
    """A path or method that is not there is a 404 in the usual envelope."""
    async with (
        wiro() as at,
        at.session.request(method, at.server.origin + path, headers=at.headers()) as answer,
    ):
        assert answer.status == 404
        body = await answer.json()
        assert body["result"] is False
        assert body["errors"][0]["code"] == 1


async def test_task_detail_shows_everything() -> None:
    """A finished task's record has every documented field, numbers as text, and the price of its pictures."""
    async with wiro() as at:
        sent = {"prompt": "a red fox", "seed": "7", "scale": "3.5", "samples": 2, "width": 256, "height": 288}
        record = await at.finished(**sent)
        assert record["parameters"] == sent
        assert record["status"] == "task_postprocess_end"
        assert record["pexit"] == "0"
        assert record["totalcost"] == "0.007020000000"
        assert record["canceltime"] == "0"
        times = ["create", "accept", "assign", "preprocessstart", "preprocessend", "start", "end"]
        times += ["postprocessstart", "postprocessend"]
        stamps = [int(record[f"{name}time"]) for name in times]
        assert stamps == sorted(stamps)
        assert stamps[0] > 1_700_000_000
        assert len(record["elapsedseconds"].partition(".")[2]) == 4
        assert record["debugerror"] == ""
        assert isinstance(record["debugoutput"], str)
        assert len(record["uuid"]) == 36
        assert [output["name"] for output in record["outputs"]] == ["0.png", "1.png"]
        for output in record["outputs"]:
            fields = {"id", "name", "contenttype", "parentid", "uuid", "size", "addedtime", "modifiedtime"}
            assert set(output) == fields | {"accesskey", "url"}
            assert all(isinstance(value, str) for value in output.values())
            assert output["contenttype"] == "image/png"
            assert output["parentid"] == record["id"]
        assert record["size"] == str(sum(int(output["size"]) for output in record["outputs"]))


async def test_a_running_task_has_no_result() -> None:
    """While a task runs it has no outputs, no end, no cost and no pexit."""
    async with wiro() as at:
        record = await at.detail(await stuck_task(at))
        assert record["status"] == "task_output"
        assert record["outputs"] == []
        assert (record["totalcost"], record["endtime"], record["elapsedseconds"]) == ("0", "0", "0.0000")
        assert int(record["starttime"]) > 0
        assert "pexit" not in record


@pytest.mark.parametrize("name", ["tasktoken", "socketaccesstoken"])
async def test_a_task_is_found_by_its_token(name: str) -> None:
    """The token finds a task under both of its names, and taskid as a number too."""
    async with wiro() as at:
        run = await at.run()
        answer = await at.call("/Task/Detail", **{name: run["socketaccesstoken"]})
        assert answer["tasklist"][0]["id"] == run["taskid"]
        assert (await at.detail(int(run["taskid"])))["id"] == run["taskid"]


@pytest.mark.parametrize("call", ["/Task/Detail", "/Task/Cancel", "/Task/Kill", "/Task/InputOutputDelete"])
async def test_calls_want_a_task(call: str) -> None:
    """A call for a task must name one, and one that exists."""
    async with wiro() as at:
        assert await at.error(call) == (0, "taskid or socketaccesstoken is required")
        assert await at.error(call, taskid="99") == (1, "There is no task yet.")
        assert await at.error(call, tasktoken="nonsense") == (1, "There is no task yet.")


async def test_the_callback_address_is_echoed_or_not() -> None:
    """The parameters of a task hold its callbackUrl unless the server is told to hide it."""
    sent = {"callbackUrl": "http://127.0.0.1:9/never"}
    for echo in (True, False):
        async with wiro(echo_callback_url=echo) as at:
            at.script("task", STUCK)
            taskid = (await at.run(**sent))["taskid"]
            record = await at.detail(taskid)
            listed = (await at.call("/Task/List"))["tasklist"][0]
            assert ("callbackUrl" in record["parameters"]) is echo
            assert ("callbackUrl" in listed["parameters"]) is echo


async def test_task_list_goes_page_by_page() -> None:
    """Task/List gives the newest tasks first, as many and from where it is asked, and the number of all."""
    async with wiro() as at:
        ids = [(await at.run())["taskid"] for _ in range(5)]
        query = {"type": "model", "sort": "id", "order": "DESC", "start": "1", "limit": "2"}
        page = await at.call("/Task/List", **query)
        assert page["total"] == "5"
        assert [task["id"] for task in page["tasklist"]] == [ids[3], ids[2]]
        everything = await at.call("/Task/List")
        assert [task["id"] for task in everything["tasklist"]] == ids[::-1]
        ascending = await at.call("/Task/List", order="ASC", limit=1)
        assert [task["id"] for task in ascending["tasklist"]] == ids[:1]
        mine = await at.call("/Task/List", modelName=RUN.removeprefix("/Run/"))
        assert len(mine["tasklist"]) == 5
        others = await at.call("/Task/List", modelName="another/model")
        assert (others["total"], others["tasklist"]) == ("0", [])
        assert (await at.call("/Task/List", start="5"))["tasklist"] == []


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_task_list_is_limited(limit: str) -> None:
    """A page holds between 1 and 100 tasks."""
    async with wiro() as at:
        code, message = await at.error("/Task/List", limit=limit)
        assert code == 0
        assert "[limit]" in message


async def test_cancel_is_for_queued_tasks() -> None:
    """A queued task is cancelled at no cost; it cannot be cancelled twice."""
    async with wiro() as at:
        taskid = await stuck_task(at, QUEUED)
        assert (await at.call("/Task/Cancel", taskid=taskid))["result"] is True
        record = await at.detail(taskid)
        assert (record["status"], record["totalcost"], record["outputs"]) == ("task_cancel", "0", [])
        assert int(record["canceltime"]) > 0
        assert await at.error("/Task/Cancel", taskid=taskid) == (1, "Task is not in a cancellable state.")


async def test_kill_is_for_running_tasks() -> None:
    """A running task is killed at no cost and not cancelled; a queued or ended one cannot be killed."""
    async with wiro() as at:
        queued = await stuck_task(at, QUEUED)
        running = await stuck_task(at)
        assert await at.error("/Task/Cancel", taskid=running) == (1, "Task is not in a cancellable state.")
        assert (await at.call("/Task/Kill", taskid=running))["result"] is True
        record = await at.detail(running)
        assert (record["status"], record["totalcost"]) == ("task_cancel", "0")
        for taskid in (queued, running):
            code, message = await at.error("/Task/Kill", taskid=taskid)
            assert code == 1
            assert message.startswith("Task could not be killed: ")


async def test_a_killed_task_stays_killed() -> None:
    """A task that is killed while it draws has no outputs and costs nothing."""
    async with wiro() as at:
        at.script("task", TaskScript(outputs="huge"))
        run = await at.run(width=2048, height=2048)
        await at.reached("task_postprocess_start")
        await at.call("/Task/Kill", taskid=run["taskid"])
        await at.settled(run["taskid"])
        record = await at.detail(run["taskid"])
        assert (record["status"], record["outputs"], record["totalcost"]) == ("task_cancel", [], "0")


async def test_files_are_deleted() -> None:
    """InputOutputDelete takes an ended task's files away, may be repeated, and refuses a running task."""
    async with wiro() as at:
        record = await at.finished()
        token = record["socketaccesstoken"]
        url = record["outputs"][0]["url"]
        assert (await at.get(url))[0] == 200
        for _ in range(2):
            assert (await at.call("/Task/InputOutputDelete", tasktoken=token))["result"] is True
            assert (await at.get(url))[0] == 404
        running = await stuck_task(at)
        expected = (0, "Task must be completed or cancelled before deleting files")
        assert await at.error("/Task/InputOutputDelete", taskid=running) == expected


async def test_tool_detail_tells_inputs_and_price() -> None:
    """Tool/Detail lists every input under its wire name with type and default, and the price as JSON text."""
    owner, project = RUN.removeprefix("/Run/").split("/")
    async with wiro() as at:
        answer = await at.call("/Tool/Detail", slugowner=owner, slugproject=project)
        (tool,) = answer["tool"]
        items = {item["id"]: item for group in tool["parameters"] for item in group["items"]}
        names = ["prompt", "negativePrompt", "steps", "scale", "samples", "seed", "width", "height"]
        assert list(items) == names
        kinds = ["textarea", "textarea", "number", "float", "number", "text", "number", "number"]
        assert [items[name]["type"] for name in names] == kinds
        assert items["prompt"]["required"] is True
        assert (items["scale"]["default"], items["seed"]["default"]) == ("3.5", "0")
        assert (items["width"]["min"], items["width"]["max"], items["width"]["step"]) == ("256", "4096", "32")
        assert json.loads(tool["dynamicprice"]) == [{"inputs": {}, "price": 0.00351, "priceMethod": "cpr"}]


@pytest.mark.parametrize(
    ("balance", "limit"), [(0.5, 1), (10, 1), (19.99, 1), (20, 2), (39, 3), (250, 25), (250.01, None)]
)
async def test_the_balance_limits_tasks(balance: float, limit: int | None) -> None:
    """Up to 250 dollars a tenth of the balance, at least one, runs at once; above there is no limit."""
    async with wiro(balance_usd=balance) as at:
        at.script("task", QUEUED, times=None)
        for _ in range(limit or 30):
            await at.run()
        if limit is None:
            return
        expected = (96, f"you can run up to {limit} tasks at the same time")
        assert await at.error(RUN, prompt="x", **SMALL) == expected
        assert len(at.server.tasks) == limit
        await at.call("/Task/Cancel", taskid=at.server.tasks[0].taskid)
        await at.run()


async def test_the_balance_pays() -> None:
    """A finished task is taken from the balance, a failed one is not, and what cannot be paid is refused."""
    async with wiro(balance_usd=0.01) as at:
        await at.finished()
        assert at.server.balance_usd == pytest.approx(0.00649)
        at.script("task", TaskScript(pexit="1"))
        assert (await at.finished())["totalcost"] == "0"
        assert at.server.balance_usd == pytest.approx(0.00649)
        assert await at.error(RUN, prompt="x", samples=2) == (97, "Insufficient balance.")
        assert (await at.finished())["totalcost"] == "0.003510000000"
        assert await at.error(RUN, prompt="x") == (97, "Insufficient balance.")


def test_open_tasks_hold_their_price() -> None:
    """What open tasks will cost cannot be spent on another before one of them ends unpaid."""
    account = Account(300)
    account.open(Decimal(200))
    with pytest.raises(CallError) as error:
        account.open(Decimal(200))
    assert error.value.code == 97
    account.close(Decimal(200), pay=False)
    account.open(Decimal(200))
    assert account.balance_usd == 300
