"""`/quota top`, `export` and `list`: what was used and set, within Discord's limits however much it is."""

import asyncio
import csv
import gzip
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from PIL import Image

from bot.errors import StorageError
from sandbox.member import Member, Option
from sandbox.members import Interaction, Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from storage.database import Database
from tests.support.quotas import ask, said
from tests.support.stage import CHANNEL, Stage

SMALL = {"width": 256, "height": 256}
ROWS = 100_000
UPLOAD_LIMIT_BYTES = 10 * 1024 * 1024
HEADINGS = ["entry", "time_utc", "member_id", "kind", "credits", "job", "moderator_id", "why"]


async def exported(stage: Stage, who: Member, **options: Option) -> list[list[str]]:
    """Ask for the ledger and return its rows, after the headings."""
    answer = await ask(who, "quota export", options)
    (file,) = answer.files
    content = await stage.members.download(file)
    content = gzip.decompress(content) if file.filename.endswith(".gz") else content
    rows = list(csv.reader(StringIO(content.decode("utf-8"), newline="")))
    assert rows[0] == HEADINGS
    return rows[1:]


async def fill(stage: Stage, rows: int) -> None:
    """Let the ledger hold so many entries of 500 members in the last 20 days, before the first start."""
    guild_id, chance = stage.members.guild_id("Sandbox"), random.Random(1)  # noqa: S311 - no secret
    async with Database.open(stage.environment["DATABASE_URL"]):
        pass
    start = int((datetime.now(UTC) - timedelta(days=20)).timestamp() * 1000)
    jobs = [
        (number, guild_id, 10**18 + chance.randrange(500), start + number * 30_000)
        for number in range(1, rows // 2 + 1)
    ]
    with closing(sqlite3.connect(stage.database)) as connection, connection:
        connection.executemany(
            "INSERT INTO jobs (id, state, guild_id, channel_id, member_id, upload_limit_bytes, parameters,"
            " credits, created_at, closed_at) VALUES (?1, 'delivered', ?2, 1, ?3, 1, '{}', 1, ?4, ?4)",
            jobs,
        )
        connection.executemany(
            "INSERT INTO ledger (guild_id, member_id, job_id, kind, credits, allowance_credits,"
            " grant_credits, counts_at, at)"
            " SELECT guild_id, member_id, id, column1, 1, column2, 0, created_at, created_at"
            " FROM jobs, (VALUES ('reserve', 1), ('settle', 0)) WHERE id = ?",
            [(job[0],) for job in jobs],
        )


class TestTop:
    """`/quota top`."""

    async def test_a_chart_with_its_figures(self, quick_stage: Stage) -> None:
        """A picture with alt text, the figures beside it, the most first; refunds do not count."""
        stage, moderator = quick_stage, quick_stage.member("moderator")
        member, booster = stage.member(), stage.member("booster")
        await stage.end_of(await stage.sana(size="square-2k"))
        await stage.end_of(await stage.sana(booster, options=SMALL), booster)
        stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
        await stage.end_of(await stage.sana(booster, size="square-4k"), booster)
        await stage.closed(3)
        answer = await ask(moderator, "quota top", period="day")
        (chart,) = answer.pictures
        assert (
            chart.description == "A bar chart: Credits used in the last 24 hours. The text has the figures."
        )
        image = Image.open(BytesIO(await stage.members.download(chart)))
        assert image.size == (1000, 336)
        assert answer.text.split("\n")[0] == "**Credits used in the last 24 hours**"
        lines = answer.text.split("\n")[1:]
        assert lines[0] == f"1\\. <@{member.id}>: **4 credits** in 1 job"
        assert lines[1].startswith(f"2\\. <@{booster.id}>: **1 credit** in ")

    async def test_nobody_used_anything(self, quick_stage: Stage) -> None:
        """An empty chart is no chart."""
        answer = await ask(quick_stage.member("moderator"), "quota top")
        assert answer.text == "Nobody used any credits in the last 30 days."
        assert not answer.pictures

    @pytest.mark.parametrize("name", ["日本語の名前", "عضو", "🦊🦊🦊", "\u202egnorw", "@everyone"])
    async def test_names_of_any_script(self, quick_stage: Stage, name: str) -> None:
        """Whatever somebody is called, there is a chart, and the text pings nobody."""
        stage = quick_stage
        guild = stage.discord.world.guild_named("Sandbox")
        user = stage.discord.world.new_user(name)
        stage.discord.changes.add_member(guild, user)
        await stage.members.refresh()
        someone = stage.members.of(user.id)
        await stage.end_of(await stage.sana(someone, options=SMALL), someone)
        answer = await ask(stage.member("moderator"), "quota top")
        assert f"<@{user.id}>: **1 credit** in 1 job" in answer.text
        assert len(answer.pictures) == 1

    async def test_members_who_left(self, quick_stage: Stage) -> None:
        """Somebody who left keeps their place, by id."""
        stage, member = quick_stage, quick_stage.member()
        await stage.end_of(await stage.sana(options=SMALL))
        world = stage.discord.world
        stage.discord.changes.remove_member(world.guild_named("Sandbox"), world.users[member.id])
        text = await said(stage.member("moderator"), "quota top")
        assert f"1\\. <@{member.id}> (`{member.id}`, not in this server): **1 credit** in 1 job" in text


class TestExport:
    """`/quota export`."""

    async def test_all_kinds_of_entries(self, quick_stage: Stage) -> None:
        """Every entry is a row, oldest first, with its job or its moderator and reason, safe to open."""
        stage, moderator, who = quick_stage, quick_stage.member("moderator"), str(quick_stage.member().id)
        reason = '=HYPERLINK("x"), "quoted"'
        await said(moderator, "quota grant", member=who, credits=5, reason=reason)
        await said(moderator, "quota grant", member=who, credits=-2, reason="-2")
        await stage.end_of(await stage.sana(options=SMALL))
        stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
        await stage.end_of(await stage.sana(options=SMALL))
        await stage.closed(2)
        await said(moderator, "quota reset", member=who, reason="två 日本")
        rows = await exported(stage, moderator)
        by = str(moderator.id)
        assert [row[2:] for row in rows] == [
            [who, "grant", "5", "", by, f"'{reason}"],
            [who, "take back", "2", "", by, "'-2"],
            [who, "reserve", "1", "S-1", "", "delivered"],
            [who, "settle", "1", "S-1", "", "delivered"],
            [who, "reserve", "1", "S-2", "", "failed"],
            [who, "refund", "1", "S-2", "", "failed"],
            [who, "reset", "0", "", by, "två 日本"],
        ]
        times = [datetime.fromisoformat(row[1]) for row in rows]
        assert times == sorted(times)
        assert all(datetime.now(UTC) - time < timedelta(minutes=1) for time in times)

    async def test_a_period(self, bare_stage: Stage) -> None:
        """Only what happened within the period is in the file."""
        stage = bare_stage
        await fill(stage, 40)
        await stage.start_bot()
        await stage.end_of(await stage.sana(options=SMALL))
        await stage.closed(21)
        moderator = stage.member("moderator")
        assert [row[5] for row in await exported(stage, moderator, period="day")] == ["S-21", "S-21"]
        assert len(await exported(stage, moderator, period="month")) == 42
        assert len(await exported(stage, moderator)) == 42


class TestList:
    """`/quota list`."""

    async def test_more_rules_than_a_message_holds(self, bare_stage: Stage) -> None:
        """What has no room is counted, and the whole list goes along as a file."""
        stage = bare_stage
        async with Database.open(stage.environment["DATABASE_URL"]):
            pass
        guild_id = stage.members.guild_id("Sandbox")
        with closing(sqlite3.connect(stage.database)) as connection, connection:
            connection.executemany(
                "INSERT INTO quota_rules (guild_id, kind, target_id, credits) VALUES (?, 'member', ?, ?)",
                [(guild_id, 10**18 + number, number) for number in range(500)],
            )
        await stage.start_bot()
        answer = await ask(stage.member("moderator"), "quota list")
        assert "more, in the file" in answer.text
        content = (await stage.members.download(answer.files[0])).decode()
        rows = list(csv.reader(StringIO(content)))
        assert answer.files[0].filename == "rules.csv"
        assert rows[0] == ["kind", "id", "name", "credits"]
        assert len(rows) == 501


async def answered(stage: Stage, typed: Interaction) -> Message:
    """Return the answer of a deferred command once it is there."""
    moderator = stage.member("moderator")
    loading = await moderator.message(CHANNEL, typed.message_id)
    return await moderator.wait_for_change(loading, lambda shown: not shown.loading, 30)


def seconds_to_answer(typed: Interaction) -> float:
    """Return how long Discord waited for the first answer."""
    times = {step.name: step.monotonic for step in typed.steps}
    return times["callback"] - times["sent"]


async def test_a_hundred_thousand_entries_hold_nobody_up(bare_stage: Stage) -> None:
    """Top, history and export answer in time and fit; meanwhile others get their answers as ever."""
    stage = bare_stage
    await fill(stage, ROWS)
    await stage.start_bot()
    moderator = stage.member("moderator")
    reports = [
        asyncio.create_task(moderator.type(f"quota {name}", channel=CHANNEL))
        for name in ("export", "top", "history")
    ]
    waited = []
    for _ in range(10):
        typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", options=SMALL)
        waited.append(seconds_to_answer(typed))
    begun = await asyncio.gather(*reports)
    assert max(map(seconds_to_answer, begun)) < 3
    assert max(waited) < 2
    export, top, history = [await answered(stage, typed) for typed in begun]
    (file,) = export.files
    assert file.size_bytes <= UPLOAD_LIMIT_BYTES
    content = await stage.members.download(file)
    content = gzip.decompress(content) if file.filename.endswith(".gz") else content
    assert content.count(b"\r\n") >= ROWS + 1
    assert "cut" not in export.text
    assert len(top.pictures) == 1
    assert top.text.count("\n") == 25
    assert history.text.count("\n") == 10


async def failing(*_: object) -> None:
    """Read nothing."""
    raise StorageError("the disk failed")


class TestAStoreThatFails:
    """Where the database cannot be read after Discord was told to wait, the answer says so all the same."""

    @pytest.mark.parametrize("name", ["top", "history"])
    async def test_a_command(self, quick_stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """The answer that Discord shows as being thought about becomes the note."""
        monkeypatch.setattr(f"storage.reports.SqliteReports.{name}", failing)
        text = await said(quick_stage.member("moderator"), f"quota {name}")
        assert text.startswith("I cannot take new pictures or change anything right now.")

    async def test_a_click(self, quick_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """The page stays as it was, and the note comes beside it."""
        stage, moderator = quick_stage, quick_stage.member("moderator")
        for _ in range(11):
            await said(moderator, "quota grant", member=str(stage.member().id), credits=1, reason="one")
        shown = await ask(moderator, "quota history")
        monkeypatch.setattr("storage.reports.SqliteReports.history", failing)
        await moderator.click(shown, label="Older")
        note = await moderator.wait_for_message(CHANNEL, lambda message: "I cannot take" in message.text)
        assert note.ephemeral
        assert (await moderator.message(CHANNEL, shown.id)).text == shown.text
