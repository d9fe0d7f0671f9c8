"""`/metrics` of the real bot: what it counts, where it is, and where it is not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from sandbox.discord.faults import Fault
from sandbox.wiro import CallbackScript, CallFault, Rule, TaskScript
from tests.support.log import Log
from tests.support.reactions import REROLL
from tests.support.scrape import Scrape, scrape, start_with_metrics
from tests.support.stage import CHANNEL, UNLIMITED, Stage, eventually, staged

SMALL = {"width": 256, "height": 256}
NOTHING = CallFault(error="There is no task yet.", error_code=1)


@pytest.fixture
async def port(bare_stage: Stage) -> int:
    """The port of the metrics of a bot that was started on the bare stage."""
    bare_stage.usual |= SMALL
    return await start_with_metrics(bare_stage, quota_credits="10")


@pytest.fixture
async def other_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Another world in the same process, without a bot yet."""
    folder = tmp_path / "other"
    folder.mkdir()
    async with staged(folder, discord=UNLIMITED) as ready:
        ready.usual |= SMALL
        yield ready


async def until(port: int, condition: Callable[[Scrape], bool]) -> Scrape:
    """Return the first scrape of which a condition holds. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while True:
            seen = await scrape(port)
            if condition(seen):
                return seen
            await asyncio.sleep(0.05)


async def test_a_delivered_job(bare_stage: Stage, port: int) -> None:
    """It is counted once, with its credits, its cost and its time, whose parts add up to the whole."""
    await bare_stage.end_of(await bare_stage.sana(samples=2))
    await bare_stage.closed()
    seen = await scrape(port)
    assert seen.value("sana_jobs_accepted_total") == 1
    assert seen.by_label("sana_jobs_ended_total") == {"delivered": 1}
    assert seen.by_label("sana_credits_total") == {"reserved": 2, "settled": 2}
    assert seen.by_label("sana_wiro_calls_total") == {"Run": 1, "Task/Detail": 1}
    [job] = bare_stage.jobs()
    assert seen.value("sana_wiro_cost_dollars_total") == pytest.approx(float(job["cost_usd"]))
    assert seen.value("sana_job_seconds_count") == 1
    assert seen.by_label("sana_job_part_seconds_count") == dict.fromkeys(
        ("queue", "submit", "run", "deliver"), 1
    )
    whole = seen.value("sana_job_seconds_sum")
    assert whole == pytest.approx((job["closed_at"] - job["created_at"]) / 1000, abs=0.01)
    assert sum(seen.by_label("sana_job_part_seconds_sum").values()) == pytest.approx(whole, abs=0.001)
    assert seen.by_label("sana_jobs_open") == {}


@pytest.mark.usefixtures("no_socket")
async def test_a_callback_wakes_the_tracker(bare_stage: Stage, port: int) -> None:
    """Without the socket the callback is what brought the end."""
    await bare_stage.end_of(await bare_stage.sana())
    await bare_stage.closed()
    assert (await scrape(port)).by_label("sana_tracker_looks_total") == {"callback": 1}


async def test_the_socket_wakes_the_tracker(bare_stage: Stage, port: int) -> None:
    """Without the callback the socket is what brought the end."""
    bare_stage.wiro.script.add(Rule(call="callback", do=CallbackScript(lost=True), times=None))
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(seconds=0.3)))
    await bare_stage.end_of(await bare_stage.sana())
    looks = (await scrape(port)).by_label("sana_tracker_looks_total")
    assert looks["socket"] == 1
    assert "callback" not in looks


@pytest.mark.usefixtures("no_socket", "quick_retries")
async def test_a_poll_where_the_callback_is_lost(bare_stage: Stage) -> None:
    """Where nothing is heard, polls alone are counted."""
    bare_stage.usual |= SMALL
    del bare_stage.environment["CALLBACK_PUBLIC_URL"]
    port = await start_with_metrics(bare_stage)
    await bare_stage.end_of(await bare_stage.sana())
    looks = (await scrape(port)).by_label("sana_tracker_looks_total")
    assert set(looks) == {"poll"}
    assert looks["poll"] == bare_stage.calls("Task/Detail")


async def test_ends_without_pictures(bare_stage: Stage, port: int) -> None:
    """Each end is counted by its state, and its credits as refunded; its time is none of a picture's."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
    await bare_stage.end_of(await bare_stage.sana())
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await bare_stage.sana()
    await until(port, lambda seen: seen.by_label("sana_jobs_open") == {"running": 1})
    await bare_stage.member().click(message, label="Cancel")
    await bare_stage.closed(2)
    seen = await scrape(port)
    assert seen.by_label("sana_jobs_ended_total") == {"failed": 1, "cancelled": 1}
    assert seen.by_label("sana_credits_total") == {"reserved": 2, "refunded": 2}
    assert seen.by_label("sana_tracker_looks_total")["cancel"] == 1
    assert seen.value("sana_job_seconds_count") == 0


async def test_fewer_pictures_than_asked_for(bare_stage: Stage, port: int) -> None:
    """What came is settled, the rest refunded, as the ledger has it."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(fewer_outputs=1)))
    await bare_stage.end_of(await bare_stage.sana(samples=3))
    await bare_stage.closed()
    assert bare_stage.ledger() == [("reserve", 3), ("settle", 1), ("refund", 2)]
    assert (await scrape(port)).by_label("sana_credits_total") == {"reserved": 3, "settled": 1, "refunded": 2}


async def test_a_late_success_is_neither_settled_nor_refunded_again(bare_stage: Stage) -> None:
    """A job that was lost, and comes after all, ends twice, and its credits came back once."""
    bare_stage.usual |= SMALL
    port = await start_with_metrics(bare_stage, lost_after_seconds="5")
    bare_stage.wiro.script.add(Rule(call="Task/List", do=NOTHING, times=None))
    bare_stage.wiro.script.add(Rule(call="Run", do=CallFault(answer="lost_answer")))
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await bare_stage.sana()
    await bare_stage.closed(timeout_seconds=60)
    assert (await scrape(port)).by_label("sana_jobs_ended_total") == {"lost": 1}
    bare_stage.wiro.finish("1")
    await eventually(lambda: bare_stage.jobs()[0]["state"] == "delivered", 60)
    await bare_stage.closed()
    seen = await scrape(port)
    assert seen.by_label("sana_jobs_ended_total") == {"lost": 1, "delivered": 1}
    assert seen.by_label("sana_credits_total") == {"reserved": 1, "refunded": 1}
    assert seen.by_label("sana_job_part_seconds_count").keys() == {"queue", "deliver"}


async def test_refusals(bare_stage: Stage) -> None:
    """Whoever is refused is counted by the reason, whether they typed, clicked, submitted or reacted."""
    bare_stage.usual |= SMALL
    port = await start_with_metrics(bare_stage, quota_credits="1")
    member, other = bare_stage.member(), bare_stage.member("other")
    await member.type("sana", channel=CHANNEL, raw=True, prompt="", steps=99)
    result = await bare_stage.end_of(await bare_stage.sana())
    await other.click(result, label="Delete")
    opened = await member.click(result, label="Edit")
    await member.submit(opened, {"prompt": "a blue fox", "steps": "9000"}, raw=True)
    await member.type("sana", channel=CHANNEL, prompt="one more")
    await member.react(result, REROLL)
    wanted = {"InvalidParameters": 2, "NotAllowed": 1, "AllowanceExceeded": 2}
    seen = await until(port, lambda seen: sum(seen.by_label("sana_refusals_total").values()) >= 5)
    assert seen.by_label("sana_refusals_total") == wanted


@pytest.mark.usefixtures("quick_probes")
async def test_errors_of_wiro(bare_stage: Stage, port: int) -> None:
    """Each is counted by its call and its kind, those that were repeated included."""
    bare_stage.wiro.script.add(Rule(call="Run", do=CallFault(error="Balance is too low", error_code=97)))
    bare_stage.wiro.script.add(Rule(call="Task/Detail", do=CallFault(http_status=500)))
    await bare_stage.end_of(await bare_stage.sana())
    seen = await scrape(port)
    assert seen.by_label("sana_wiro_errors_total") == {"Run/Balance": 1, "Task/Detail/ServerFault": 1}
    assert seen.by_label("sana_wiro_calls_total") == {"Run": 2, "Task/Detail": 2}


async def test_errors_of_discord(bare_stage: Stage, port: int) -> None:
    """What Discord refuses, and what it does not answer, is counted, although discord.py repeats it."""
    bare_stage.discord.faults.add(Fault(kind="status", method="PATCH", route="/webhooks/.*", status=503))
    bare_stage.discord.faults.add(Fault(kind="reset", method="PATCH", route="/webhooks/.*"))
    await bare_stage.end_of(await bare_stage.sana())
    assert (await scrape(port)).by_label("sana_discord_errors_total") == {"http_503": 1, "no_answer": 1}


async def test_the_line(bare_stage: Stage) -> None:
    """Jobs that wait for a slot are the queue's length, and as many as are open in that state."""
    bare_stage.usual |= SMALL
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    port = await start_with_metrics(bare_stage, wiro_max_concurrent="1")
    for _ in range(3):
        await bare_stage.sana()
    seen = await until(port, lambda seen: seen.value("sana_queue_length") == 2)
    assert seen.by_label("sana_jobs_open") == {"running": 1, "queued": 2}


async def test_the_loops_lag_is_looked_at(port: int) -> None:
    """Looks go on by themselves, and a loop that is held is seen to be late."""
    before = (await scrape(port)).value("sana_loop_lag_seconds_count")
    seen = await until(port, lambda seen: seen.value("sana_loop_lag_seconds_count") >= before + 2)
    assert 0 <= seen.value("sana_loop_lag_seconds_sum") < 20


async def test_only_metrics_are_served_and_only_to_get(port: int) -> None:
    """Nothing else is at that address, nothing is compressed, and the connection ends with the answer."""
    origin = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/healthz", "/metrics/", "/wiro/callback/" + "k" * 43):
            async with session.get(origin + path) as response:
                assert response.status == 404
        for method in ("POST", "HEAD", "PUT", "DELETE"):
            async with session.request(method, origin + "/metrics") as response:
                assert (response.status, response.headers["Allow"]) == (405, "GET")
        async with session.get(origin + "/metrics", headers={"Accept-Encoding": "gzip"}) as response:
            assert "Content-Encoding" not in response.headers
            assert response.headers["Connection"] == "close"


async def test_nothing_on_the_public_listener(bare_stage: Stage, port: int) -> None:
    """Whoever reaches the callback address learns nothing, while the other address answers."""
    public = f"{bare_stage.callback_base}/metrics"
    async with aiohttp.ClientSession() as session, session.get(public) as response:
        assert response.status == 404
    assert "sana_build_info" in (await scrape(port)).families


async def test_off_unless_a_port_is_set(bare_stage: Stage, log: Log) -> None:
    """A bot without METRICS_PORT listens for callbacks alone; 0 asks for any port that is free."""
    await bare_stage.start_bot()
    assert [line["listener"] for line in log.of("listener.started")] == ["callbacks"]
    await bare_stage.stop_bot()
    await bare_stage.start_bot(metrics_port="0")
    assert (await scrape(log.of("listener.started")[-1]["port"])).value("sana_jobs_accepted_total") == 0


async def test_a_port_that_is_taken(bare_stage: Stage) -> None:
    """The process ends with 2, the variables' names and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bot = bare_stage.bot_process(metrics_port=str(port))
        await bot.start()
        assert await bot.wait(60) == 2
    last = bot.log.splitlines()[-1]
    assert last.startswith(f"sana-bot: METRICS_HOST and METRICS_PORT: cannot listen on 127.0.0.1:{port} (")


async def test_two_bots_in_one_process(other_stage: Stage, port: int) -> None:
    """Each counts its own jobs alone."""
    other_port = await start_with_metrics(other_stage)
    await other_stage.end_of(await other_stage.sana())
    await other_stage.closed()
    assert (await scrape(port)).value("sana_jobs_accepted_total") == 0
    assert (await scrape(other_port)).value("sana_jobs_accepted_total") == 1
