import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.page import PageServer
from sandbox.page.jobs import Jobs
from sandbox.wiro import Rule, TaskScript
from tests.sandbox.page_support import Browser, Json, opened, paged
from tests.support.stage import Stage


@pytest.fixture
async def served(stage: Stage) -> AsyncIterator[tuple[PageServer, BotProcess]]:
    """The page of both servers, and a bot that has not started."""
    async with paged(stage) as page_and_bot:
        yield page_and_bot


async def do(browser: Browser, deed: str, state: str) -> Json:
    """Do something to the bot, and wait until the page shows this state; return it."""
    browser.events.clear()
    status, shown = await browser.ask("POST", "/bot", {"do": deed})
    assert status == 200, shown
    return await browser.until("bot", lambda event: event["state"] == state)


async def test_killed_and_started_again(stage: Stage, served: tuple[PageServer, BotProcess]) -> None:
    """A person kills the bot in the middle of a job and starts it again: the picture comes, charged once."""
    page, bot = served
    async with opened(page) as browser:
        assert (await browser.until("bot"))["state"] == "never"
        assert (await do(browser, "start", "ready"))["pid"] == bot.pid
        await stage.members.wait_until_ready()
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        message = await stage.sana(width=256, height=256)
        task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output", 20)
        killed = await do(browser, "kill", "ended")
        assert (killed["exit_code"], killed["pid"]) == (-9, None)
        assert (await browser.ask("GET", "/bot"))[1]["state"] == "ended"
        stage.wiro.finish(task.taskid)
        await do(browser, "start", "ready")
        assert (await stage.end_of(message)).pictures
        await browser.until("jobs", lambda event: any(job["closed_at"] for job in event["jobs"]))
        assert stage.calls("Run") == 1


async def test_restarted_and_stopped(served: tuple[PageServer, BotProcess]) -> None:
    """A restart makes another process; a stop is clean."""
    page, _ = served
    async with opened(page) as browser:
        first = await do(browser, "start", "ready")
        browser.events.clear()
        await browser.ask("POST", "/bot", {"do": "restart"})
        second = await browser.until(
            "bot", lambda event: event["state"] == "ready" and event["pid"] != first["pid"]
        )
        assert second["since"] > first["since"]
        assert (await do(browser, "stop", "ended"))["exit_code"] == 0


async def test_what_cannot_be_done_is_said(served: tuple[PageServer, BotProcess]) -> None:
    """Nothing is killed that does not run, nothing started twice, and nothing done that nobody knows."""
    page, bot = served
    async with opened(page) as browser:
        for deed in ("kill", "stop"):
            status, answer = await browser.ask("POST", "/bot", {"do": deed})
            assert (status, answer) == (409, {"message": "The bot does not run."})
        await do(browser, "start", "starting")
        pid = bot.pid
        status, answer = await browser.ask("POST", "/bot", {"do": "start"})
        assert (status, answer, bot.pid) == (409, {"message": "The bot runs already."}, pid)
        bodies: tuple[object, ...] = ({"do": "sing"}, {}, [], None)
        for body in bodies:
            assert (await browser.ask("POST", "/bot", body))[0] == 400


async def test_a_bot_that_dies_by_itself_is_shown(served: tuple[PageServer, BotProcess]) -> None:
    """A bot with a wrong setting ends at once; the page stays and shows how."""
    page, bot = served
    bot.environment["DISCORD_TOKEN"] = "wrong"
    async with opened(page) as browser:
        assert (await do(browser, "start", "ended"))["exit_code"] == 2
        assert (await browser.ask("GET", "/discord/world"))[0] == 200


async def test_jobs_are_read_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    """No file, no table, a job that goes back in line, a broken file: what was known stays, and no error."""
    path = tmp_path / "sana.db"
    jobs = Jobs(path)
    try:
        await jobs.look()
        assert jobs.records == []
        with closing(sqlite3.connect(path)) as connection:
            await jobs.look()
            connection.executescript((Path(__file__).parents[2] / "storage" / "schema.sql").read_text())
            insert = (
                "INSERT INTO jobs (state, guild_id, channel_id, member_id, upload_limit_bytes, parameters,"
                " credits, created_at) VALUES ('queued', 1, 2, 3, 4, '{\"prompt\": \"a fox\"}', 5, 1000)"
            )
            connection.execute(insert)
            connection.commit()
            for change in (
                "state = 'submitting', submitted_at = 2000",
                "state = 'queued'",
                "state = 'submitting', submitted_at = 3000",
                "state = 'running', accepted_at = 4000, taskid = '9'",
                "state = 'failed', ended_at = 5000, closed_at = 6000, refunded = 1, reason = 'no'",
            ):
                await jobs.look()
                connection.execute(f"UPDATE jobs SET {change}")  # noqa: S608 - this test's own text
                connection.commit()
            await jobs.look()
        [job] = jobs.records
        assert [step["state"] for step in job["steps"]] == [
            "queued",
            "submitting",
            "queued",
            "submitting",
            "running",
            "failed",
        ]
        assert job["steps"][-1]["at"] == "1970-01-01T00:00:05+00:00"
        assert (job["prompt"], job["refunded"], job["reason"], job["member_id"]) == ("a fox", True, "no", "3")
        path.write_bytes(b"no database")
        await jobs.look()
        assert jobs.records == [job]
    finally:
        jobs.close()


async def test_the_history_is_told_from_the_jobs_times(tmp_path: Path) -> None:
    """A job that is first seen when it is over has its history all the same."""
    path = tmp_path / "sana.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parents[2] / "storage" / "schema.sql").read_text())
        connection.execute(
            "INSERT INTO jobs (state, guild_id, channel_id, member_id, upload_limit_bytes, parameters,"
            " credits, created_at, submitted_at, accepted_at, ended_at, closed_at, outputs)"
            " VALUES ('delivered', 1, 2, 3, 4, '{}', 5, 1000, 2000, 3000, 4000, 5000, '[{}]')"
        )
        connection.commit()
    jobs = Jobs(path)
    try:
        await jobs.look()
    finally:
        jobs.close()
    [job] = jobs.records
    assert [(step["state"], step["at"][17:19]) for step in job["steps"]] == [
        ("queued", "01"),
        ("submitting", "02"),
        ("running", "03"),
        ("finished", "04"),
        ("delivered", "05"),
    ]
