import pytest

from tests.sandbox.wiro_support import RUN, Caller, Json, wiro


async def control(at: Caller, method: str, path: str, body: object = None) -> tuple[int, Json]:
    """Steer the server over HTTP, without any header that Wiro wants."""
    async with at.session.request(method, f"{at.server.origin}/sandbox/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def test_a_rule_comes_and_goes_over_http() -> None:
    """A rule that was posted applies as often as it says, and is gone when the script is cleared."""
    async with wiro() as at:
        rule = {"call": "Run", "do": {"error": "no luck", "error_code": 97}, "times": None}
        assert await control(at, "POST", "script", rule) == (200, {"id": 1})
        for _ in range(2):
            assert await at.error(RUN, prompt="x") == (97, "no luck")
        assert (await control(at, "DELETE", "script"))[0] == 200
        assert (await at.run())["result"] is True


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"call": "task", "do": {"pexit": "3"}}, "3"),
        ({"call": "task", "do": {"pexit": "3"}, "prompt_contains": "owl"}, "0"),
        ({"call": "task", "do": {"pexit": "3", "seconds": 0}, "times": 1, "prompt_contains": "fox"}, "3"),
    ],
)
async def test_tasks_are_scripted_over_http(rule: Json, expected: str) -> None:
    """A task's rule can be posted, with or without a prompt."""
    async with wiro() as at:
        assert (await control(at, "POST", "script", rule))[0] == 200
        assert (await at.finished())["pexit"] == expected


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ([], "object"),
        ({}, "call"),
        ({"call": "Run"}, "do"),
        ({"call": "Fly", "do": {}}, "call"),
        ({"do": {}}, "call"),
        ({"call": "Run", "do": {"pexit": "1"}}, "pexit"),
        ({"call": "Run", "do": {"http_status": "503"}}, "http_status"),
        ({"call": "Run", "do": {"http_status": True}}, "http_status"),
        ({"call": "Run", "do": {"answer": "late"}}, "answer"),
        ({"call": "Run", "do": {"delay_seconds": -1}}, "delay_seconds"),
        ({"call": "Run", "do": {}, "times": 0}, "times"),
        ({"call": "Run", "do": {}, "often": 1}, "often"),
        ({"call": "Run", "do": {}, "prompt_contains": 1}, "prompt_contains"),
        ({"call": "task", "do": {"outputs": "pdf"}}, "outputs"),
        ({"call": "callback", "do": {"lost": 1}}, "lost"),
    ],
)
async def test_wrong_rules_are_refused(rule: object, word: str) -> None:
    """A rule that cannot be meant is refused with a sentence that names what is wrong, and does nothing."""
    async with wiro() as at:
        status, answer = await control(at, "POST", "script", rule)
        assert status == 400
        assert word in answer["error"]
        assert (await at.finished())["pexit"] == "0"


async def test_tasks_and_requests_can_be_seen() -> None:
    """Tasks and requests are listed, the newest first."""
    async with wiro() as at:
        first = await at.finished()
        second = await at.finished()
        status, tasks = await control(at, "GET", "tasks")
        assert (status, tasks["total"]) == (200, 2)
        assert [task["id"] for task in tasks["tasks"]] == [second["id"], first["id"]]
        status, seen = await control(at, "GET", "requests")
        assert status == 200
        assert seen["counts"] == {"Run": 2, "Task/Detail": 2}
        newest = seen["requests"][0]
        assert (newest["call"], newest["path"]) == ("Task/Detail", "/v1/Task/Detail")
        assert (newest["taskid"], newest["status"]) == (second["id"], 200)
        assert {"x-api-key", "x-nonce", "x-signature", "user-agent"} <= set(newest["headers"])
        assert at.server.config.api_key not in str(seen)


async def test_the_balance_can_be_changed() -> None:
    """Another balance is another limit."""
    async with wiro() as at:
        answer = await control(at, "POST", "balance", {"balance_usd": 40})
        assert answer == (200, {"balance_usd": 40.0, "limit": 4})
        assert (await control(at, "POST", "balance", {"balance_usd": 0}))[0] == 200
        assert await at.error(RUN, prompt="x") == (97, "Insufficient balance.")


async def test_the_speed_can_be_changed_and_a_task_finished() -> None:
    """Tasks that are run from now on take the given seconds, unless they are finished by hand."""
    async with wiro() as at:
        assert await control(at, "POST", "speed", {"seconds": 3600}) == (200, {"seconds": 3600.0})
        run = await at.run()
        assert at.server.tasks[0].seconds == 3600
        assert (await control(at, "POST", f"tasks/{run['taskid']}/finish"))[0] == 200
        await at.reached("task_postprocess_end")
        status, answer = await control(at, "POST", "tasks/99/finish")
        assert (status, answer) == (404, {"error": "no such task"})


@pytest.mark.parametrize(
    "body", [{}, [], {"seconds": "1"}, {"seconds": -1}, {"seconds": True}, {"seconds": None}]
)
async def test_wrong_numbers_are_refused(body: object) -> None:
    """A speed or a balance must be a number from 0 up."""
    async with wiro() as at:
        for path in ("speed", "balance"):
            status, answer = await control(at, "POST", path, body)
            assert status == 400
            assert answer["error"]
