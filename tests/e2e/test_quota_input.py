"""What moderators type wrongly, or to do harm: each gets a sentence, and nothing is changed."""

import pytest

from sandbox.member import Option
from tests.support.quotas import ask, changes, said
from tests.support.stage import Stage

RANGE = "a whole number from 0 to 1,000,000"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("-1", f"`credits` was -1; {RANGE} would do."),
        ("1000001", f"`credits` was 1,000,001; {RANGE} would do."),
        ("many", f"`credits` was “many”; {RANGE}, or the word `unlimited`, would do."),
        ("3.5", rf"`credits` was “3\.5”; {RANGE}, or the word `unlimited`, would do."),
        ("٣", f"`credits` was “٣”; {RANGE}, or the word `unlimited`, would do."),
        ("9" * 500, "`credits` was “9999"),
        ("@everyone <@1>", r"`credits` was “\@everyone \<\@1>”"),
        ("", "`credits` was “”"),
    ],
)
async def test_credits_that_are_none(quick_stage: Stage, typed: str, words: str) -> None:
    """Out of range is answered with the range, what is no number with what would do."""
    stage, who = quick_stage, str(quick_stage.member().id)
    assert words in await said(stage.member("owner"), "quota member", member=who, credits=typed)
    assert words in await said(stage.member("owner"), "quota default", credits=typed, period="day")
    assert changes(stage) == []


@pytest.mark.parametrize("typed", ["50", " 50 ", "+50", "0,050", 50])
async def test_credits_as_people_write_them(quick_stage: Stage, typed: Option) -> None:
    """Spaces, signs, separators and a client that sends a number instead of a text do no harm."""
    stage, who = quick_stage, str(quick_stage.member().id)
    text = await said(stage.member("moderator"), "quota member", raw=True, member=who, credits=typed)
    assert "now there is a rule of 50 credits" in text


@pytest.mark.parametrize(
    "typed", ["soon", "2 fortnights", "0m", "-2d", "99999999999d", "11y", "", "`x`" * 50]
)
async def test_durations_that_are_none(quick_stage: Stage, typed: str) -> None:
    """What cannot be read as a length of time is answered with examples."""
    stage, who = quick_stage, str(quick_stage.member().id)
    text = await said(stage.member("moderator"), "quota block", member=who, duration=typed, reason="spam")
    assert "cannot be read as a length of time" in text
    assert "`30m`, `12h`, `2d`, `1w`" in text
    assert changes(stage) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (0, "`credits` was 0; a whole number from 1 to 1,000,000, or a negative one to take some"),
        (1_000_001, "`credits` was 1,000,001"),
        (-1_000_001, "a whole number from -1,000,000 to 1,000,000 would do."),
        ("lots", "`credits` was “lots”; a whole number from -1,000,000 to 1,000,000 would do."),
        (-5, "There is nothing like that to take away."),
    ],
)
async def test_grants_that_cannot_be(quick_stage: Stage, typed: Option, words: str) -> None:
    """Nothing, too much, no number, and taking back what is not there are refused."""
    stage, who = quick_stage, str(quick_stage.member().id)
    moderator = stage.member("moderator")
    text = await said(moderator, "quota grant", raw=True, member=who, credits=typed, reason="x")
    assert words in text
    assert changes(stage) == []


async def test_no_more_is_taken_back_than_there_is(quick_stage: Stage) -> None:
    """A negative grant stops at zero, and the answer says how many were taken."""
    stage, who = quick_stage, str(quick_stage.member().id)
    moderator = stage.member("moderator")
    await said(moderator, "quota grant", member=who, credits=4, reason="here")
    text = await said(moderator, "quota grant", member=who, credits=-10, reason="sorry")
    assert f"<@{who}> had 4 extra credits and now has 0: 4 were taken back." in text
    assert changes(stage)[-1] == ("grant", "4", "0")


@pytest.mark.parametrize("name", ["grant", "reset", "block"])
@pytest.mark.parametrize(("reason", "length"), [("   ", 0), ("x" * 201, 201), ("\u200b", 0)])
async def test_reasons_have_a_length(quick_stage: Stage, name: str, reason: str, length: int) -> None:
    """A reason that is empty, invisible or too long is refused with the lengths that would do."""
    stage = quick_stage
    options: dict[str, Option] = {"member": str(stage.member().id), "reason": reason}
    options |= {"credits": 5} if name == "grant" else {}
    text = await said(stage.member("moderator"), f"quota {name}", options, raw=True)
    assert f"The `reason` has {length} characters; 1 to 200 would do." in text
    assert changes(stage) == []


@pytest.mark.parametrize("name", ["default", "top", "export"])
async def test_a_period_that_is_none(quick_stage: Stage, name: str) -> None:
    """A period past Discord's choices is answered with the choices."""
    options = {"credits": "5", "period": "year"} if name == "default" else {"period": "year"}
    text = await said(quick_stage.member("owner"), f"quota {name}", options, raw=True)
    assert "`period` was “year”; one of `hour`, `day`, `week`, `month` would do." in text
    assert changes(quick_stage) == []


async def test_nothing_to_take_away(quick_stage: Stage) -> None:
    """Rules and blocks that are not there are said not to be there."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    who, role = str(stage.member().id), str(stage.members.role_id("Booster"))
    nothing = "There is nothing like that to take away. Nothing was changed or charged."
    await said(moderator, "quota role", role=role, credits="5")
    for name, options in (
        ("remove", {"member": who}),
        ("remove", {"member": who, "role": role}),
    ):
        assert nothing in await said(moderator, f"quota {name}", options)
    not_blocked = await said(moderator, "quota unblock", member=who)
    assert not_blocked.startswith(f"<@{who}> is not blocked. Nothing was changed or charged.")
    assert [action for action, _, _ in changes(stage)] == ["role"]
    assert nothing in await said(stage.member("owner"), "quota remove")


async def test_a_bot_has_no_credits(quick_stage: Stage) -> None:
    """Nothing is set for a bot, this one or another, for none asks for pictures."""
    stage, owner = quick_stage, quick_stage.member("owner")
    bot = str(stage.discord.bot_user_id)
    named: dict[str, dict[str, Option]] = {
        "member": {"credits": "5"},
        "grant": {"credits": 5, "reason": "why"},
        "reset": {"reason": "why"},
        "block": {"reason": "why"},
    }
    for name, options in named.items():
        assert "is a bot" in await said(owner, f"quota {name}", {"member": bot, **options})
    assert changes(stage) == []


async def test_two_rules_are_taken_away_at_once(quick_stage: Stage) -> None:
    """A role and a member named together are both told of."""
    stage, owner = quick_stage, quick_stage.member("owner")
    who, role = str(stage.member().id), str(stage.members.role_id("Booster"))
    await said(owner, "quota role", role=role, credits="5")
    await said(owner, "quota member", member=who, credits="6")
    lines = (await said(owner, "quota remove", role=role, member=who)).split("\n")
    assert lines[0].startswith(
        "For the role **Booster** there was a rule of 5 credits; now there is no rule."
    )
    assert lines[1].startswith(f"For <@{who}> alone there was a rule of 6 credits; now there is no rule.")


NASTY = "@everyone @here <@1> <@&2> ||x|| **y** `z` [a](https://example.com) # h\n> q \u202e"


@pytest.mark.parametrize("name", ["grant", "reset", "block"])
async def test_what_moderators_type_does_nothing(quick_stage: Stage, name: str) -> None:
    """A reason full of mentions and Markdown pings nobody, and is shown as it was typed."""
    stage, moderator, member = quick_stage, quick_stage.member("moderator"), quick_stage.member()
    await said(moderator, "quota log", channel=str(stage.members.channel_id("general")))
    options: dict[str, Option] = {"member": str(member.id), "reason": NASTY}
    options |= {"credits": 5} if name == "grant" else {}
    shown = [
        await ask(moderator, f"quota {name}", options),
        await ask(moderator, "quota history"),
        await ask(moderator, "quota show", member=str(member.id)),
        await ask(member, "usage"),
        (await moderator.read("general"))[-1],
    ]
    harmless = (
        r"\@everyone \@here \<\@1> \<\@&2> \|\|x\|\| \*\*y\*\* \`z\` \[a](https\://example.com) \# h > q"
    )
    for message in shown:
        assert harmless in message.text
        assert message.pings == ()


async def test_names_of_roles_do_nothing(quick_stage: Stage) -> None:
    """A role that is called like a mention is shown by that name, and pings nobody."""
    stage = quick_stage
    guild = stage.discord.world.guild_named("Sandbox")
    role = stage.discord.changes.add_role(guild, "@everyone **x** <@1>")
    answer = await ask(stage.member("moderator"), "quota role", role=str(role.id), credits="5")
    assert r"For the role **\@everyone \*\*x\*\* \<\@1>** there was no rule" in answer.text
