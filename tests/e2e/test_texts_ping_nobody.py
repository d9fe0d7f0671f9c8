"""Whatever members, moderators and role names say pings nobody and links nowhere, wherever it is shown."""

import re

import pytest

from sandbox.discord.model import MessageFlag
from sandbox.discord.permissions import Permission
from sandbox.members import Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.quotas import said
from tests.support.reactions import DELETE, MAIL, REROLL
from tests.support.stage import CHANNEL, Stage

LIVE = re.compile(r"(?<!\\)(?:@everyone|@here|<@&|<#|<:|<a:|\[|://|```)")


@pytest.fixture
async def loud(bare_stage: Stage) -> Stage:
    """A server where the bot may ping everybody, and where everything is said in the nastiest way."""
    stage = bare_stage
    await stage.start_bot(quota_credits="1000")
    stage.usual |= {
        "width": 256,
        "height": 256,
        "prompt": nasty(stage)[:400],
        "negative_prompt": nasty(stage),
    }
    for channel in (CHANNEL, "general"):
        await stage.members.set_overwrite(channel, allow=Permission.MENTION_EVERYONE)
    return stage


def nasty(stage: Stage) -> str:
    """Return a text that pings, links and breaks out wherever it can."""
    other, role = stage.member("other").id, stage.members.role_id("Moderator")
    return (
        f"@everyone @here <@{other}> <@!{other}> <@&{role}> <#{stage.members.channel_id('general')}>"
        " <:a:123456789012345678> [b](https://example.org) https://discord.gg/c ```\n``` `x` \\"
    )


def assert_silent(message: Message, *, but: int | None = None) -> None:
    """Nobody was pinged, or only the one whom a reply is for, and nothing typed became a construct."""
    assert message.pings == (() if but is None else (str(but),))
    whole = re.sub(r"```\n/sana prompt:.*?\n```", "", message.text)  # the line to copy, which is code
    ours = re.sub(r"\[(?:S-\d+|The (?:message|original)[^]]*)\]\(https?://[^)]*\)", "", whole)
    ours = re.sub(r"in <#\d+>", "", ours)
    assert not LIVE.search(ours), LIVE.search(ours)


async def test_a_prompt_in_every_message_that_shows_it(loud: Stage) -> None:
    """In line, made, failed, rolled again, in Details, and by direct message."""
    stage, member = loud, loud.member()
    stage.wiro.script.add(Rule(call="task", do=TaskScript(pexit="1")))
    failed = await stage.end_of(await stage.sana())
    done = await stage.end_of(await stage.sana())
    await stage.closed(2)
    assert done.pictures
    await member.react(done, MAIL)
    await member.react(done, REROLL)
    letter = await member.wait_for_dm(lambda shown: bool(shown.pictures))
    reply = await member.wait_for_message(
        CHANNEL, lambda shown: shown.reply_to == done.id and bool(shown.pictures)
    )
    clicked = await member.click(done, label="Details")
    shown = await member.message(CHANNEL, clicked.message_id)
    for message in (failed, done, letter, reply, shown):
        assert "example.org" in message.text
        assert_silent(message)


async def test_a_reason_in_every_message_that_shows_it(loud: Stage) -> None:
    """In the moderator's answer, the log channel, the history, the member's refusal and the notice."""
    stage, member, moderator = loud, loud.member(), loud.member("moderator")
    general, reason, who = stage.members.channel_id("general"), nasty(stage), str(loud.member().id)
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    told = [await said(moderator, "quota log", channel=str(general))]
    told.append(await said(moderator, "quota grant", member=who, credits=5, reason=reason))
    told.append(await said(moderator, "quota block", member=who, reason=reason))
    told.append(await said(moderator, "quota history"))
    told.append(await said(moderator, "quota show", member=who))
    refused = await member.type("sana", channel=CHANNEL, prompt="a red fox")
    told.append(await stage.note(refused))
    await member.react(done, REROLL)
    notice = await member.wait_for_message(CHANNEL, lambda shown: shown.reply_to == done.id)
    logged = [each for each in await moderator.read("general") if each.author_id == stage.discord.bot_user_id]
    assert len(logged) == 3
    for message in logged:
        assert_silent(message)
        assert posted_flags(stage, message) & MessageFlag.SUPPRESS_EMBEDS
    assert_silent(notice, but=member.id)
    assert posted_flags(stage, notice) & MessageFlag.SUPPRESS_EMBEDS
    assert all("example.org" in text for text in told[1:])
    assert [LIVE.search(re.sub(r"in <#\d+>", "", text)) for text in told] == [None] * len(told)


async def test_the_name_of_a_role_in_every_message_that_shows_it(loud: Stage) -> None:
    """In the moderator's answer, the rules, the history, the log channel and the member's own page."""
    stage, owner = loud, loud.member("owner")
    role = stage.discord.world.role_named("Booster")
    role.name = nasty(stage)[:100]
    await stage.stop_bot()
    await stage.start_bot()
    told = [await said(owner, "quota log", channel=str(stage.members.channel_id("general")))]
    told.append(await said(owner, "quota role", role=str(role.id), credits="50"))
    told += [await said(owner, command) for command in ("quota list", "quota history")]
    told.append(await said(stage.member("booster"), "usage"))
    for message in await owner.read("general"):
        assert_silent(message)
    assert all("everyone" in text for text in told[1:])
    assert [LIVE.search(re.sub(r"in <#\d+>", "", text)) for text in told] == [None] * len(told)


async def test_only_the_one_who_reacted_is_pinged(loud: Stage) -> None:
    """A notice pings its reader and not the owner of the picture it replies to."""
    stage, other = loud, loud.member("other")
    done = await stage.end_of(await stage.sana())
    await stage.closed()
    await other.react(done, DELETE)
    notice = await other.wait_for_message(CHANNEL, lambda shown: shown.reply_to == done.id)
    assert_silent(notice, but=other.id)


def posted_flags(stage: Stage, message: Message) -> int:
    """Return the flags with which a message was posted."""
    return stage.discord.world.channels[message.channel_id].messages[message.id].body.flags
