"""The log channel: every change is also posted there, and a change whose post fails says so."""

import asyncio

import pytest

from bot.errors import StorageError
from sandbox.discord.permissions import Permission
from tests.support.quotas import ask, changes, said
from tests.support.stage import Stage, eventually

POSTS = "/channels/{channel_id}/messages"
NOT_POSTED = "This could not be posted in <#"


async def posted(stage: Stage, channel: str = "general") -> list[str]:
    """Return what is in the channel."""
    return [message.text for message in await stage.member("moderator").read(channel)]


async def open_log(stage: Stage, channel: str = "general") -> str:
    """Set the log channel as the moderator, and return the answer."""
    channel_id = str(stage.members.channel_id(channel))
    return await said(stage.member("moderator"), "quota log", channel=channel_id)


async def test_every_change_is_posted(quick_stage: Stage) -> None:
    """Each kind of change is a line with who, whom, before, after and why; it pings nobody."""
    stage, owner = quick_stage, quick_stage.member("owner")
    who, role = str(stage.member().id), str(stage.members.role_id("Booster"))
    await open_log(stage)
    await said(owner, "quota default", credits="30", period="week")
    await said(owner, "quota role", role=role, credits="50")
    await said(owner, "quota member", member=who, credits="7")
    await said(owner, "quota grant", member=who, credits=2, reason="thanks")
    await said(owner, "quota reset", member=who, reason="new week")
    await said(owner, "quota block", member=who, reason="spam")
    await said(owner, "quota unblock", member=who)
    await said(owner, "quota remove", role=role, member=who)
    lines = await posted(stage)
    by, about = f"<@{owner.id}>", f"<@{who}>"
    assert lines[1:] == [
        f"{by} changed this server's allowance from the bot's own default to 30 credits a week.",
        f"{by} changed the role **Booster** from no rule to a rule of 50 credits.",
        f"{by} changed {about} from no rule to a rule of 7 credits.",
        f"{by} granted {about} 2 extra credits: 0 before, 2 now. Reason: thanks",
        f"{by} reset what {about} used: 0 credits before, none now. Reason: new week",
        f"{by} blocked {about} for good. Reason: spam",
        f"{by} ended the block of {about}, which was for good.",
        (
            f"{by} took the rule for the role **Booster** away: a rule of 50 credits before, no rule now.\n"
            f"{by} took the rule for {about} away: a rule of 7 credits before, no rule now."
        ),
    ]
    assert not any(message.pings for message in await owner.read("general"))


async def test_looking_is_not_posted(quick_stage: Stage) -> None:
    """Only changes are posted, and refused ones are none."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    await open_log(stage)
    for name in ("list", "history", "top", "export"):
        await said(moderator, f"quota {name}")
    await said(moderator, "quota unblock", member=str(stage.member().id))
    assert len(await posted(stage)) == 1


async def test_the_log_is_moved_and_closed(quick_stage: Stage) -> None:
    """The new channel hears that it is one, and the last one that there is none any more."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    general, pictures = (stage.members.channel_id(name) for name in ("general", "pictures"))
    assert f"were also posted nowhere, and now are in <#{general}>." in await open_log(stage)
    assert f"were also posted in <#{general}>, and now are in <#{pictures}>." in await open_log(
        stage, "pictures"
    )
    assert f"Changes are also posted in <#{pictures}>." in await said(moderator, "quota list")
    text = await said(moderator, "quota log")
    assert f"were also posted in <#{pictures}>, and now are nowhere." in text
    await said(moderator, "quota grant", member=str(stage.member().id), credits=1, reason="after")
    assert [line.partition("> ")[2] for line in await posted(stage)] == [
        f"let changes also be posted in <#{general}> (before: nowhere)."
    ]
    public = [message.text for message in await moderator.read("pictures") if not message.ephemeral]
    assert [line.partition("> ")[2] for line in public] == [
        f"let changes also be posted in <#{pictures}> (before: in <#{general}>).",
        f"let changes also be posted nowhere (before: in <#{pictures}>).",
    ]
    assert "Changes are also posted" not in await said(moderator, "quota list")


async def test_a_thread_can_be_the_log(quick_stage: Stage) -> None:
    """A thread takes posts as a channel does."""
    await open_log(quick_stage, "thread")
    assert len(await posted(quick_stage, "thread")) == 1


async def test_a_channel_that_the_bot_does_not_see(quick_stage: Stage) -> None:
    """The change is made, and the moderator's answer says that it could not be posted, and what to do."""
    stage = quick_stage
    text = await open_log(stage, "hidden")
    assert f"{NOT_POSTED}{stage.members.channel_id('hidden')}>" in text
    assert [action for action, _, _ in changes(stage)] == ["log"]
    who = str(stage.member().id)
    text = await said(stage.member("moderator"), "quota grant", member=who, credits=1, reason="unseen")
    assert f"<@{who}> had 0 extra credits and now has 1" in text
    assert NOT_POSTED in text


async def test_a_channel_that_was_deleted(quick_stage: Stage) -> None:
    """A log channel that is gone breaks nothing."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    guild = stage.discord.world.guild_named("Sandbox")
    channel = stage.discord.changes.add_channel(guild, "old-log")
    await stage.members.refresh()
    await open_log(stage, "old-log")
    stage.discord.changes.remove_channel(guild, channel)
    text = await said(moderator, "quota grant", member=str(stage.member().id), credits=1, reason="gone")
    assert f"{NOT_POSTED}{channel.id}>" in text
    assert changes(stage)[-1] == ("grant", "0", "1")


async def test_a_permission_taken_away_later(quick_stage: Stage) -> None:
    """Posting is tried anew for each change, so that it works again once the permission is back."""
    stage, moderator, who = quick_stage, quick_stage.member("moderator"), str(quick_stage.member().id)
    general = stage.discord.world.channel_named("general")
    await open_log(stage)
    stage.discord.world.deny(general, stage.discord.bot_user_id, Permission.SEND_MESSAGES)
    assert NOT_POSTED in await said(moderator, "quota grant", member=who, credits=1, reason="1")
    stage.discord.world.deny(general, stage.discord.bot_user_id, 0)
    assert NOT_POSTED not in await said(moderator, "quota grant", member=who, credits=1, reason="2")
    assert len(await posted(stage)) == 2


async def test_the_answer_does_not_wait_for_a_slow_log(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes in time; where the post fails later, the answer says so then."""
    monkeypatch.setattr("cogs.quota_part._POST_FIRST_SECONDS", 0.05)
    stage, moderator, who = quick_stage, quick_stage.member("moderator"), str(quick_stage.member().id)
    await open_log(stage)
    await stage.members.add_fault(kind="stall", method="POST", route=POSTS, seconds=0.5)
    answer = await ask(moderator, "quota grant", member=who, credits=1, reason="slow")
    assert NOT_POSTED not in answer.text
    assert len(await posted(stage)) == 1
    await moderator.wait_for_message("general", lambda shown: "slow" in shown.text)
    stage.discord.world.deny(
        stage.discord.world.channel_named("general"), stage.discord.bot_user_id, Permission.SEND_MESSAGES
    )
    await stage.members.add_fault(kind="stall", method="POST", route=POSTS, seconds=0.5)
    answer = await ask(moderator, "quota grant", member=who, credits=1, reason="slower")
    assert NOT_POSTED not in answer.text
    told = await moderator.wait_for_change(answer, lambda shown: NOT_POSTED in shown.text)
    assert told.text.startswith(answer.text)


async def test_a_log_channel_that_cannot_be_read(quick_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that was made is told as made, even where it is not known where to post it."""

    async def fail(*_: object) -> None:
        raise StorageError("the disk failed")

    stage, moderator, who = quick_stage, quick_stage.member("moderator"), str(quick_stage.member().id)
    monkeypatch.setattr("storage.quotas.SqliteQuotaStore.log_channel", fail)
    text = await said(moderator, "quota grant", member=who, credits=1, reason="made")
    assert f"<@{who}> had 0 extra credits and now has 1" in text
    assert "so this was posted nowhere" in text
    assert changes(stage) == [("grant", "0", "1")]


async def test_servers_have_logs_of_their_own(quick_stage: Stage) -> None:
    """What happens in another server is posted there or nowhere."""
    stage, stranger = quick_stage, quick_stage.member("moderator2", "Second server")
    await open_log(stage)
    outsider = str(stage.member("outsider", "Second server").id)
    await said(stranger, "quota grant", where="general", member=outsider, credits=1, reason="there")
    there = str(stage.members.channel_id("general", "Second server"))
    await said(stranger, "quota log", where="general", channel=there)
    await said(stranger, "quota grant", where="general", member=outsider, credits=1, reason="there")
    assert len(await posted(stage)) == 1
    public = [message for message in await stranger.read("general") if not message.ephemeral]
    assert len(public) == 2


async def test_many_changes_at_once(quick_stage: Stage) -> None:
    """Twenty changes at the same moment are twenty answers and twenty posts."""
    stage, moderator, who = quick_stage, quick_stage.member("moderator"), str(quick_stage.member().id)
    await open_log(stage)
    grants = (
        said(moderator, "quota grant", member=who, credits=1, reason=f"no. {number}") for number in range(20)
    )
    answers = await asyncio.gather(*grants)
    assert len(set(answers)) == 20
    await eventually(lambda: len(stage.discord.world.channel_named("general").messages) == 21)
    assert {after for action, _, after in changes(stage) if action == "grant"} == {
        str(number) for number in range(1, 21)
    }
