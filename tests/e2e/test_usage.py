"""`/usage`: members see what they used, what is left, and why."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.members import Refused
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.quotas import ask, said
from tests.support.stage import Stage, eventually

SMALL = {"width": 256, "height": 256}


async def test_a_newcomer_has_everything_left(quick_stage: Stage) -> None:
    """Before anything was used the page says so, for the member's eyes alone, and pings nobody."""
    text = await said(quick_stage.member("newcomer"), "usage")
    assert f"`{'░' * 20}`" in text
    assert "**0 of 20** used in the last 24 hours, **20 left**." in text
    assert "Allowance: 20 credits a day, the bot's own default." in text
    assert "Jobs under way: none." in text
    assert "None yet." in text


async def test_what_was_used_and_when_it_returns(quick_stage: Stage) -> None:
    """Credits of a running job count, it is named, and the moment of their return is told."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    before = datetime.now(UTC)
    await stage.sana(size="square-2k")
    await eventually(lambda: stage.jobs()[0]["state"] == "running")
    text = await said(stage.member(), "usage")
    assert f"`{'█' * 4}{'░' * 16}`" in text
    assert "**4 of 20** used in the last 24 hours, **16 left**." in text
    assert "Jobs under way: **1** (S-1 being made)." in text
    assert "reserved 4, being made (S-1)" in text
    found = re.search(r"Next to return: 4 credits <t:(\d+):R> \(<t:\1:f>\)\.", text)
    assert found is not None
    returns = datetime.fromtimestamp(int(found[1]), UTC)
    assert timedelta(hours=24) <= returns - before < timedelta(hours=24, seconds=10)


async def test_the_ledger_in_plain_words(quick_stage: Stage) -> None:
    """A failed job's refund and a posted picture's price are told as people say it, newest first."""
    stage = quick_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
    await stage.end_of(await stage.sana(size="square-2k"))
    await stage.closed()
    await stage.end_of(await stage.sana(options=SMALL))
    await stage.closed(2)
    text = await said(stage.member(), "usage")
    entries = [line.split("> ", 1)[1] for line in text.partition("**Last entries**\n")[2].split("\n")]
    assert entries == [
        "paid 1, picture posted (S-2)",
        "reserved 1, settled since (S-2)",
        "refunded 4, task failed (S-1)",
        "reserved 4, failed (S-1)",
    ]
    assert "**1 of 20** used" in text


async def test_no_more_than_ten_entries(quick_stage: Stage) -> None:
    """The page shows the last ten entries, however many there are."""
    stage = quick_stage
    for _ in range(6):
        await stage.end_of(await stage.sana(options=SMALL))
    await stage.closed(6)
    text = await said(stage.member(), "usage")
    lines = text.partition("**Last entries**\n")[2].split("\n")
    assert len(lines) == 10
    assert lines[0].endswith("(S-6)")
    assert lines[-1].endswith("(S-2)")


async def test_why_the_allowance_is_what_it_is(quick_stage: Stage) -> None:
    """A booster learns that the role gives it; an ordinary member has the server's default."""
    stage = quick_stage
    owner = stage.member("owner")
    role = str(stage.members.role_id("Booster"))
    await said(owner, "quota default", credits="30", period="week")
    await said(owner, "quota role", role=role, credits="50")
    assert "Allowance: 50 credits a week, from the role **Booster**." in await said(
        stage.member("booster"), "usage"
    )
    assert "Allowance: 30 credits a week, this server's default." in await said(stage.member(), "usage")
    await said(owner, "quota member", member=str(stage.member().id), credits="unlimited")
    text = await said(stage.member(), "usage")
    assert "Allowance: unlimited credits, from a rule for you alone." in text
    assert "there is no limit to what is left" in text


async def test_a_role_that_was_deleted_gives_nothing(quick_stage: Stage) -> None:
    """Once a role is gone its rule counts for nobody and breaks nothing."""
    stage = quick_stage
    role_id = stage.members.role_id("Booster")
    await said(stage.member("owner"), "quota role", role=str(role_id), credits="50")
    guild = stage.discord.world.guild_named("Sandbox")
    stage.discord.changes.remove_role(guild, guild.roles[role_id])
    booster = stage.member("booster")
    assert "Allowance: 20 credits a day, the bot's own default." in await said(booster, "usage")
    assert f"- a deleted role (`{role_id}`): 50 credits" in await said(
        stage.member("moderator"), "quota list"
    )
    assert f"changed a deleted role (`{role_id}`)" in await said(stage.member("moderator"), "quota history")


async def test_the_cap_is_told(bare_stage: Stage) -> None:
    """A rule from before the owner set a cap gives no more than the cap, and the page says why."""
    stage = bare_stage
    await stage.start_bot()
    await said(stage.member("owner"), "quota default", credits="100", period="day")
    await stage.stop_bot()
    await stage.start_bot(quota_max_credits="40")
    text = await said(stage.member(), "usage")
    assert "**0 of 40** used" in text
    assert "cut to what the bot's owner allows (`QUOTA_MAX_CREDITS`)" in text


async def test_moderators_open_it_on_a_member(quick_stage: Stage) -> None:
    """The context menu shows a moderator the same as `/quota show`; members are not offered it."""
    stage = quick_stage
    moderator, member = stage.member("moderator"), stage.member()
    opened = await moderator.open_menu("Sana usage", member, channel="pictures")
    shown = await moderator.message("pictures", opened.message_id)
    assert shown.ephemeral
    assert shown.text.startswith(f"**Credits of <@{member.id}>**\n")
    assert shown.text == await said(moderator, "quota show", member=str(member.id))
    with pytest.raises(Refused):
        await member.open_menu("Sana usage", moderator, channel="pictures")


async def test_the_menu_checks_permissions_itself(quick_stage: Stage) -> None:
    """Where a server's owner shows the menu to everybody, the bot still refuses members."""
    stage = quick_stage
    for command in stage.discord.commands.all_of(None):
        command["default_member_permissions"] = None
    opened = await stage.member().open_menu("Sana usage", stage.member("booster"), channel="pictures")
    assert "**Moderate Members**" in await stage.note(opened)
    assert "Moderate Members" in await said(stage.member(), "quota list")
    answer = await ask(stage.member(), "usage")
    assert "20 left" in answer.text
