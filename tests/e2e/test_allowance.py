"""The allowance: reserved with the job, settled or refunded by its end, and refused politely."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.member import Option
from sandbox.members import Member, Typing
from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.script import Rule
from storage.database import Database
from tests.support.quotas import ask
from tests.support.reactions import REROLL
from tests.support.stage import CHANNEL, Stage, eventually

SMALL = {"width": 256, "height": 256}


async def refusal(stage: Stage, who: Member | None = None, **options: Option) -> str:
    """Type `/sana` and return the note that refuses it."""
    someone = who or stage.member()
    typed = await someone.type("sana", channel=CHANNEL, options={"prompt": "a red fox", **options})
    return await stage.note(typed, someone)


def promised(note: str) -> datetime:
    """Return the moment for which a refusal promises enough credits."""
    seconds = re.findall(r"<t:(\d+):[Rf]>", note)
    assert len(seconds) == 2
    assert len(set(seconds)) == 1
    return datetime.fromtimestamp(int(seconds[0]), UTC)


def is_about(promise: datetime, moment: datetime) -> bool:
    """Tell whether a promise is for a moment, or for the seconds that the test took after it."""
    return timedelta(0) <= promise - moment < timedelta(seconds=10)


async def prepare(stage: Stage, *used: tuple[int, timedelta]) -> None:
    """Let the member have used so many credits so long ago, oldest first, before the bot's first start."""
    member_id, guild_id = stage.member().id, stage.members.guild_id("Sandbox")
    async with Database.open(stage.environment["DATABASE_URL"]):
        pass
    with closing(sqlite3.connect(stage.database)) as connection, connection:
        for number, (credits_, ago) in enumerate(used, start=1):
            at = int((datetime.now(UTC) - ago).timestamp() * 1000)
            connection.execute(
                "INSERT INTO jobs (id, state, guild_id, channel_id, member_id, upload_limit_bytes,"
                " parameters, credits, created_at, closed_at)"
                " VALUES (?, 'delivered', ?, 1, ?, 1, '{}', ?, ?, ?)",
                (number, guild_id, member_id, credits_, at, at),
            )
            for kind, allowance in (("reserve", credits_), ("settle", 0)):
                connection.execute(
                    "INSERT INTO ledger (guild_id, member_id, job_id, kind, credits, allowance_credits,"
                    " grant_credits, counts_at, at) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                    (guild_id, member_id, number, kind, credits_, allowance, at, at),
                )


async def test_twenty_one_at_once_are_twenty_pictures_and_one_refusal(stage: Stage) -> None:
    """A member with 20 credits sends 21 commands at the same moment: the ledger lets 20 through."""
    member = stage.member()
    options: dict[str, Option] = {"prompt": "a red fox", **SMALL}
    typing = Typing(member=member, command="sana", channel=CHANNEL, options=options)
    typed = [
        await stage.members.wait_for_answer(each) for each in await stage.members.type_many([typing] * 21)
    ]
    messages = [await member.message(CHANNEL, each.message_id) for each in typed]
    [refused] = [message for message in messages if message.ephemeral]
    accepted = [message for message in messages if not message.ephemeral]
    assert refused.text.startswith(
        "This would cost 1 credit, and you have 0 of 20 left. Nothing was charged."
    )
    assert refused.text.endswith(":f>).")  # nothing cheaper is to be had, and none is promised
    for message in accepted:
        assert len((await stage.end_of(message)).pictures) == 1
    jobs = await stage.closed(20)
    assert [job["state"] for job in jobs] == ["delivered"] * 20
    assert sorted(stage.ledger()) == [("reserve", 1)] * 20 + [("settle", 1)] * 20
    first = stage.rows("SELECT min(counts_at) AS at FROM ledger")[0]["at"] / 1000
    assert 0 <= promised(refused.text).timestamp() - (first + 24 * 3600) < 1


async def test_a_refusal_says_what_it_costs_what_is_left_and_when(bare_stage: Stage) -> None:
    """Too little for now: nothing is begun, and something cheaper is still to be had."""
    stage = bare_stage
    await stage.start_bot(quota_credits="5", quota_period="week")
    before = datetime.now(UTC)
    first = await stage.sana(size="square-2k")
    note = await refusal(stage, size="square", samples=2)
    assert note.startswith(
        "This would cost 2 credits, and you have 1 of 5 left. Nothing was charged. Enough are"
    )
    assert note.endswith("; until then, a 1024 × 1024 picture would fit.")
    assert is_about(promised(note), before + timedelta(days=7))
    assert [job["credits"] for job in stage.jobs()] == [4]
    assert (await stage.end_of(await stage.sana(options=SMALL))).pictures
    assert (await stage.end_of(first)).pictures


@pytest.mark.parametrize(
    ("options", "cost"),
    [({"size": "square-4k", "samples": 2}, 32), ({"width": 4096, "height": 4064, "samples": 3}, 48)],
)
async def test_what_can_never_be_afforded_is_not_promised(
    stage: Stage, options: dict[str, Option], cost: int
) -> None:
    """What costs more than the whole allowance gets no time, but advice."""
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", options=options)
    assert await stage.note(typed) == (
        f"This would cost {cost} credits, more than your whole allowance of 20, so waiting would not help."
        " You have 20 left, and nothing was charged. Please choose a smaller size or fewer pictures; a"
        " 4096 × 4096 picture would fit now."
    )
    assert await stage.nothing_happened()


async def test_an_allowance_of_nothing_refuses_everything(bare_stage: Stage) -> None:
    """`QUOTA_CREDITS=0` lets nobody make anything."""
    await bare_stage.start_bot(quota_credits="0")
    assert "There is no allowance for you in this server" in await refusal(bare_stage)
    assert await bare_stage.nothing_happened()


@pytest.mark.parametrize(
    ("options", "cost"),
    [
        ({"width": 1024, "height": 1024}, 1),
        ({"width": 1024, "height": 1056}, 2),
        ({"width": 256, "height": 256}, 1),
        ({"width": 2048, "height": 2048, "samples": 3}, 12),
        ({"size": "square-4k"}, 16),
    ],
)
async def test_a_picture_costs_a_credit_for_every_started_megapixel(
    stage: Stage, options: dict[str, Option], cost: int
) -> None:
    """What is reserved is what the answer says, times the samples."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    answer = await stage.sana(options=options)
    words = "1 credit" if cost == 1 else f"{cost} credits"
    assert f"-# {words}, charged only if a picture comes · {20 - cost} credits left" in answer.text
    assert stage.ledger() == [("reserve", cost)]


ENDS = {
    "delivered": (TaskScript(), [("settle", 4)]),
    "one fewer": (TaskScript(fewer_outputs=3), [("settle", 3), ("refund", 1)]),
    "failed": (TaskScript(pexit="1"), [("refund", 4)]),
    "failed before it ran": (TaskScript(task_error=True), [("refund", 4)]),
    "no outputs": (TaskScript(no_outputs=True), [("refund", 4)]),
    "no pictures": (TaskScript(outputs="html"), [("refund", 4)]),
}


@pytest.mark.parametrize(("script", "entries"), ENDS.values(), ids=ENDS)
async def test_every_end_settles_or_refunds(
    bare_stage: Stage, script: TaskScript, entries: list[tuple[str, int]]
) -> None:
    """What did not become a picture can be used again at once, and not more than that."""
    stage = bare_stage
    await stage.start_bot(quota_credits="4")
    stage.wiro.script.add(Rule(call="task", do=script))
    await stage.end_of(await stage.sana(samples=4, options=SMALL))
    await stage.closed()
    assert stage.ledger() == [("reserve", 4), *entries]
    left = sum(credits_ for kind, credits_ in entries if kind == "refund")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    if left:
        await stage.sana(samples=left, options=SMALL)
    assert "and you have 0 of 4 left" in await refusal(stage)


async def test_a_cancelled_job_frees_its_credits(bare_stage: Stage) -> None:
    """A member who cancelled their last credits' picture can ask for another one."""
    stage = bare_stage
    await stage.start_bot(quota_credits="1", wiro_max_concurrent="1")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana()
    assert "0 of 1 left" in await refusal(stage)
    await stage.member().click(message, label="Cancel")
    await stage.end_of(message)
    assert (await stage.end_of(await stage.sana(options=SMALL))).pictures


async def test_a_parameter_that_wiro_refuses_costs_nothing(bare_stage: Stage) -> None:
    """What was never run is refunded like what failed."""
    stage = bare_stage
    await stage.start_bot(quota_credits="1")
    error = "Request parameter [steps] must be between 1 and 50"
    stage.wiro.script.add(Rule(call="Run", do=CallFault(error=error, error_code=0)))
    assert "Your 1 credit is back." in (await stage.end_of(await stage.sana())).text
    assert (await stage.end_of(await stage.sana(options=SMALL))).pictures


async def test_the_period_rolls(bare_stage: Stage) -> None:
    """What was used longer than the period ago is free again, at the moment that the refusal names."""
    stage, now = bare_stage, datetime.now(UTC)
    minutes = [timedelta(minutes=number) for number in (61, 50, 20)]
    await prepare(stage, *zip((9, 6, 4), minutes, strict=True))
    await stage.start_bot(quota_credits="10", quota_period="hour")
    note = await refusal(stage)
    assert "you have 0 of 10 left" in note
    assert is_about(promised(note), now - minutes[1] + timedelta(hours=1))


@pytest.mark.parametrize(("samples", "frees"), [(1, 0), (2, 1), (3, 2)])
async def test_what_costs_more_waits_longer(bare_stage: Stage, samples: int, frees: int) -> None:
    """The moment is the one at which enough is free for this very request."""
    stage, now = bare_stage, datetime.now(UTC)
    uses = [(4, timedelta(minutes=number)) for number in (55, 40, 25)]
    await prepare(stage, *uses)
    await stage.start_bot(quota_credits="12", quota_period="hour")
    note = await refusal(stage, size="square-2k", samples=samples)
    assert is_about(promised(note), now - uses[frees][1] + timedelta(hours=1))


async def test_what_is_old_enough_is_free(bare_stage: Stage) -> None:
    """Used up a little more than an hour ago, the whole allowance of an hour is there again."""
    stage = bare_stage
    await prepare(stage, (20, timedelta(minutes=60, seconds=1)))
    await stage.start_bot(quota_period="hour")
    answer = await stage.sana(options=SMALL)
    assert "· 19 credits left" in answer.text


async def test_everybody_has_an_allowance_of_their_own(bare_stage: Stage) -> None:
    """One member's use is nobody else's, and the same member begins anew in another server."""
    stage = bare_stage
    second = stage.discord.world.guild_named("Second server")
    stage.discord.changes.add_member(second, stage.discord.world.users[stage.member().id])
    await stage.members.refresh()
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    await stage.start_bot(quota_credits="1")
    for who, channel in (
        (stage.member(), CHANNEL),
        (stage.member("other"), CHANNEL),
        (stage.member("member", "Second server"), "general"),
        (stage.member("outsider", "Second server"), "general"),
    ):
        assert "0 credits left" in (await stage.sana(who, channel=channel)).text
    assert "0 of 1 left" in await refusal(stage)
    assert "0 of 1 left" in await refusal(stage, stage.member("other"))


async def test_a_reserve_outlives_a_restart(bare_stage: Stage) -> None:
    """What a running job has reserved is still reserved after a new start, and settled once."""
    stage = bare_stage
    await stage.start_bot(quota_credits="1")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    message = await stage.sana(options=SMALL)
    await eventually(lambda: stage.jobs()[0]["state"] == "running")
    await stage.stop_bot()
    await stage.start_bot()
    assert "0 of 1 left" in await refusal(stage)
    stage.wiro.finish("1")
    assert (await stage.end_of(message)).pictures
    await stage.closed()
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


@pytest.mark.parametrize("by_reaction", [False, True], ids=["command", "reaction"])
async def test_a_roles_allowance_holds_before_discord_told_of_the_server(
    quick_stage: Stage, *, by_reaction: bool
) -> None:
    """After a start, commands and reactions can be there before the server's roles and channels are."""
    stage, booster = quick_stage, quick_stage.member("booster")
    message = await stage.end_of(await stage.sana())
    owner = stage.member("owner")
    await ask(owner, "quota default", credits="0", period="day")
    await ask(owner, "quota role", role=str(stage.members.role_id("Booster")), credits="5")
    await stage.stop_bot()
    await stage.members.trouble_gateway(withholds_guilds=True)
    await stage.start_bot()
    if by_reaction:
        await booster.react(message, REROLL)
    else:
        await stage.sana(booster)
    _, job = await stage.closed(2)
    assert (job["member_id"], job["state"]) == (booster.id, "delivered")
