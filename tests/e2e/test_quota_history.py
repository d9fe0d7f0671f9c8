"""`/quota history` in pages: whose buttons work for moderators alone, and after a restart."""

from collections.abc import Callable

import pytest

from sandbox.members import Message
from tests.support.quotas import ask, changes, said
from tests.support.stage import CHANNEL, Stage

SMALL = {"width": 256, "height": 256}


async def grants(stage: Stage, count: int) -> None:
    """Let a moderator make so many changes, numbered from 1 by their reasons."""
    for number in range(1, count + 1):
        await said(
            stage.member("moderator"),
            "quota grant",
            member=str(stage.member().id),
            credits=1,
            reason=f"no. {number}",
        )


def numbers(shown: Message) -> list[int]:
    """Return the numbers of the changes on a page, as they stand there."""
    return [int(line.rpartition("no. ")[2]) for line in shown.text.split("\n")[1:]]


def usable(shown: Message) -> list[str]:
    """Return the labels of the buttons that can be clicked."""
    return [button.label for button in shown.buttons if not button.disabled]


async def turn(stage: Stage, shown: Message, label: str) -> Message:
    """Click a button as the moderator, and return the message once it shows another page."""
    moderator = stage.member("moderator")
    clicked = await moderator.click(shown, label=label)
    assert clicked.shown == "answered", clicked
    return await moderator.wait_for_change(shown, lambda now: now.text != shown.text)


def shows(words: str) -> Callable[[Message], bool]:
    """Return what tells whether a message has these words."""
    return lambda message: words in message.text


def forge(stage: Stage, shown: Message, custom_id: str) -> None:
    """Put another custom_id on the first button of a message, as a bot of another version might have."""
    real = stage.discord.world.channels[shown.channel_id].messages[shown.id]
    rows = (each for each in real.body.components[0]["components"] if "components" in each)
    button = next(rows)["components"][0]
    button["custom_id"], button["disabled"] = custom_id, False


async def test_pages_there_and_back(quick_stage: Stage) -> None:
    """Older and Newer walk through everything once, in one message, and end where there is no more."""
    stage = quick_stage
    await grants(stage, 25)
    first = await ask(stage.member("moderator"), "quota history")
    assert numbers(first) == list(range(25, 15, -1))
    assert usable(first) == ["Older"]
    second = await turn(stage, first, "Older")
    assert second.id == first.id
    assert numbers(second) == list(range(15, 5, -1))
    assert usable(second) == ["Newer", "Older"]
    third = await turn(stage, second, "Older")
    assert numbers(third) == list(range(5, 0, -1))
    assert usable(third) == ["Newer"]
    again = await turn(stage, third, "Newer")
    assert numbers(again) == list(range(15, 5, -1))
    back = await turn(stage, again, "Newer")
    assert numbers(back) == list(range(25, 15, -1))
    assert usable(back) == ["Older"]
    assert back.ephemeral


async def test_pages_of_one_member(quick_stage: Stage) -> None:
    """The buttons keep whose history it is."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    await grants(stage, 12)
    await said(moderator, "quota grant", member=str(stage.member("booster").id), credits=1, reason="no. 99")
    shown = await ask(moderator, "quota history", member=str(stage.member().id))
    assert numbers(shown) == list(range(12, 2, -1))
    older = await turn(stage, shown, "Older")
    assert older.text.startswith(f"**History of <@{stage.member().id}>**")
    assert numbers(older) == [2, 1]


async def test_pages_from_before_a_restart(quick_stage: Stage) -> None:
    """The buttons hold all that they need, so that another process answers them."""
    stage = quick_stage
    await grants(stage, 12)
    shown = await ask(stage.member("moderator"), "quota history")
    await stage.stop_bot()
    await stage.start_bot()
    assert numbers(await turn(stage, shown, "Older")) == [2, 1]


async def test_jobs_and_changes_stand_together(quick_stage: Stage) -> None:
    """Entries of the ledger and changes are in one order; what a change entered stands there once."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    await grants(stage, 1)
    await stage.end_of(await stage.sana(options=SMALL))
    await stage.closed()
    await said(moderator, "quota reset", member=str(stage.member().id), reason="no. 2")
    lines = (await said(moderator, "quota history")).split("\n")[1:]
    assert [line.split("> ", 1)[1] for line in lines] == [
        f"<@{moderator.id}> reset what <@{stage.member().id}> used: 1 credit before, none now. Reason: no. 2",
        f"<@{stage.member().id}>: paid 1, picture posted (S-1)",
        f"<@{stage.member().id}>: reserved 1, settled since (S-1)",
        f"<@{moderator.id}> granted <@{stage.member().id}> 1 extra credit: 0 before, 1 now. Reason: no. 1",
    ]


@pytest.mark.parametrize(
    "custom_id",
    [
        "sana:history::",
        "sana:history::end-newer",
        "sana:history::<x.1.5",
        "sana:history:abc:<1.1.5",
        "sana:history:0:<1.1.5",
        "sana:history:99999999999999999999:<1.1.5",
        "sana:history::<1.2.5",
        "sana:history::<1.1.5 OR 1=1",
        "sana:history::<" + "9" * 80,
    ],
)
async def test_forged_buttons_get_a_polite_no(quick_stage: Stage, custom_id: str) -> None:
    """What this bot never wrote on a button is answered with a sentence, and the page stays."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    shown = await ask(moderator, "quota history")
    forge(stage, shown, custom_id)
    clicked = await moderator.click(shown, custom_id=custom_id)
    assert "does not say where the history goes on" in await stage.note(clicked, moderator)
    assert (await moderator.message(CHANNEL, shown.id)).text == shown.text


async def test_a_place_beyond_everything(quick_stage: Stage) -> None:
    """A well-formed place at which nothing is shows an empty page, or the newest, and breaks nothing."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    await grants(stage, 1)
    shown = await ask(moderator, "quota history")
    for place, words in (("<1.1.1", "Nothing happened"), (">999999999999999.1.1", "no. 1")):
        forge(stage, shown, f"sana:history::{place}")
        await moderator.click(shown, custom_id=f"sana:history::{place}")
        shown = await moderator.wait_for_change(shown, shows(words))


async def test_members_cannot_click(quick_stage: Stage) -> None:
    """A member who sends the click of a moderator's button, or lost the role meanwhile, is refused."""
    stage, moderator, member = quick_stage, quick_stage.member("moderator"), quick_stage.member()
    await grants(stage, 12)
    shown = await ask(moderator, "quota history")
    theirs = await ask(member, "inspire")
    older = next(button.custom_id for button in shown.buttons if button.label == "Older")
    assert older is not None
    stage.discord.world.channels[theirs.channel_id].messages[theirs.id].body.components[0]["components"][1][
        "accessory"
    ]["custom_id"] = older
    clicked = await member.click(theirs, custom_id=older)
    assert "**Moderate Members**" in await stage.note(clicked, member)
    guild = stage.discord.world.guild_named("Sandbox")
    stage.discord.changes.set_roles(guild, guild.members[moderator.id], set())
    clicked = await moderator.click(shown, label="Older")
    assert "**Moderate Members**" in await stage.note(clicked, moderator)
    assert numbers(await moderator.message(CHANNEL, shown.id)) == list(range(12, 2, -1))


async def test_another_servers_moderator_gets_their_own(quick_stage: Stage) -> None:
    """A button's place is looked up in the server of the click, so that one carried over shows nothing."""
    stage, stranger = quick_stage, quick_stage.member("moderator2", "Second server")
    await grants(stage, 12)
    mine = await ask(stage.member("moderator"), "quota history")
    theirs = await ask(stranger, "quota history", where="general")
    older = next(button.custom_id for button in mine.buttons if button.label == "Older")
    assert older is not None
    forge(stage, theirs, older)
    await stranger.click(theirs, custom_id=older)
    turned = await stranger.wait_for_change(theirs, lambda now: now.revision > theirs.revision)
    assert "Nothing happened yet." in turned.text
    assert len(changes(stage)) == 12


async def test_people_who_left_are_told_by_id(quick_stage: Stage) -> None:
    """A member and a moderator who left stand in the history by their ids, and break nothing."""
    stage = quick_stage
    await grants(stage, 1)
    guild, world = stage.discord.world.guild_named("Sandbox"), stage.discord.world
    member, moderator = stage.member(), stage.member("moderator")
    for who in (member, moderator):
        stage.discord.changes.remove_member(guild, world.users[who.id])
    text = await said(stage.member("owner"), "quota history")
    assert f"<@{moderator.id}> (`{moderator.id}`, not in this server) granted" in text
    assert f"<@{member.id}> (`{member.id}`, not in this server) 1 extra credit" in text
    shown = await said(stage.member("owner"), "quota show", member=str(member.id))
    assert shown.startswith(f"**Credits of <@{member.id}> (`{member.id}`, not in this server)**")
    assert "Extra credits: **1**." in shown


async def test_without_names_the_page_comes_all_the_same(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Discord does not tell who is in the server, nobody is taken for gone."""
    monkeypatch.setattr("cogs.people._ASK_SECONDS", 0.0)
    await grants(quick_stage, 1)
    text = await said(quick_stage.member("moderator"), "quota history")
    assert f"granted <@{quick_stage.member().id}> 1 extra credit" in text
    assert "not in this server" not in text
