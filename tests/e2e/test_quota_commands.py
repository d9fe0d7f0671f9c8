"""Every `/quota` command by a moderator, by a member and across servers: to each what is theirs."""

from collections.abc import Mapping

import pytest

from sandbox.member import Option
from sandbox.members import Member, Refused
from tests.support.quotas import ask, changes, said
from tests.support.stage import CHANNEL, Stage

SECOND = "Second server"
SMALL = {"width": 256, "height": 256}
Options = Mapping[str, Option]


def commands(stage: Stage) -> dict[str, Options]:
    """Return every command of `/quota`, about the first server's member and role."""
    member, role = str(stage.member().id), str(stage.members.role_id("Booster"))
    return {
        "default": {"credits": "30", "period": "week"},
        "role": {"role": role, "credits": "50"},
        "member": {"member": member, "credits": "7"},
        "remove": {"member": member},
        "list": {},
        "show": {"member": member},
        "grant": {"member": member, "credits": 10, "reason": "a reason"},
        "reset": {"member": member, "reason": "a reason"},
        "block": {"member": member, "duration": "2d", "reason": "a reason"},
        "unblock": {"member": member},
        "history": {},
        "top": {},
        "export": {},
        "log": {"channel": str(stage.members.channel_id("general"))},
    }


async def test_every_command_by_someone_with_manage_server(quick_stage: Stage) -> None:
    """Each answers with what it did, or shows what there is; every change is recorded."""
    stage, owner = quick_stage, quick_stage.member("owner")
    await stage.end_of(await stage.sana(options=SMALL))
    member = stage.member()
    expected = {
        "default": "was the bot's own default and is now 30 credits a week",
        "role": "For the role **Booster** there was no rule; now there is a rule of 50 credits.",
        "member": f"For <@{member.id}> alone there was no rule; now there is a rule of 7 credits.",
        "remove": f"For <@{member.id}> alone there was a rule of 7 credits; now there is no rule.",
        "list": "- the role **Booster**: 50 credits",
        "show": f"**Credits of <@{member.id}>**",
        "grant": f"<@{member.id}> had 0 extra credits and now has 10",
        "reset": f"1 credit counted as used for <@{member.id}>, and now nothing does",
        "block": f"<@{member.id}> was not blocked and is now blocked until <t:",
        "unblock": f"<@{member.id}> was blocked until <t:",
        "history": "**History**, newest first",
        "top": f"1\\. <@{member.id}>: **1 credit** in 1 job",
        "export": "This server's ledger from the beginning: 4 entries",
        "log": "Changes by moderators were also posted nowhere, and now are in <#",
    }
    for name, options in commands(stage).items():
        assert expected[name] in await said(owner, f"quota {name}", options), name
    made = changes(stage)
    assert made[:6] == [
        ("default", "", "30 week"),
        ("role", "", "50"),
        ("member", "", "7"),
        ("remove", "7", ""),
        ("grant", "0", "10"),
        ("reset", "1", "0"),
    ]
    assert [action for action, _, _ in made[6:]] == ["block", "unblock", "log"]
    assert made[7][1:] == (made[6][2], "")


async def test_every_command_by_a_moderator(quick_stage: Stage) -> None:
    """Moderate Members is enough for all that does not concern the moderator's own credits."""
    stage, moderator = quick_stage, quick_stage.member("moderator")
    for name, options in commands(stage).items():
        text = await said(moderator, f"quota {name}", options)
        assert ("**Manage Server**" in text) is (name == "default"), text
        assert ("holds for you as well" in text) is (name == "default"), text
    assert [action for action, _, _ in changes(stage)] == [
        "role",
        "member",
        "remove",
        "grant",
        "reset",
        "block",
        "unblock",
        "log",
    ]


async def test_no_command_is_offered_to_members(quick_stage: Stage) -> None:
    """Discord's client does not let a member send any of them."""
    for name, options in commands(quick_stage).items():
        with pytest.raises(Refused):
            await quick_stage.member().type(f"quota {name}", channel=CHANNEL, options=options)


async def test_every_command_by_a_member_is_refused(quick_stage: Stage) -> None:
    """Where a server's owner shows the commands to everybody, the bot refuses each, and changes nothing."""
    stage = quick_stage
    for name, options in commands(stage).items():
        for who in (stage.member(), stage.member("booster")):
            text = await said(who, f"quota {name}", options, raw=True)
            assert text.startswith("Only those with the permission **Moderate Members**"), name
    assert changes(stage) == []
    assert stage.ledger() == []
    assert stage.rows("SELECT * FROM blocks") == stage.rows("SELECT * FROM quota_rules") == []


@pytest.fixture
async def two_servers(quick_stage: Stage) -> Stage:
    """Let the first server have rules, use, grants, a block and a history."""
    stage, owner = quick_stage, quick_stage.member("owner")
    await stage.end_of(await stage.sana(options=SMALL))
    await stage.closed()
    for name, options in commands(stage).items():
        if name not in {"remove", "unblock"}:
            await said(owner, f"quota {name}", options)
    return stage


async def test_another_servers_moderator_sees_nothing(two_servers: Stage) -> None:
    """What reads tells another server's moderator nothing of the first, not even of a member by id."""
    stage = two_servers
    stranger = stage.member("moderator2", SECOND)
    member = str(stage.member().id)
    assert "20 credits a day, the bot's own default" in await said(stranger, "quota list", where="general")
    shown = await said(stranger, "quota show", where="general", member=member)
    assert f"**Credits of <@{member}> (`{member}`, not in this server)**" in shown
    assert "**0 of 20** used" in shown
    assert "Extra credits: none." in shown
    assert "blocked" not in shown
    assert "None yet." in shown
    assert "Nothing happened yet." in await said(stranger, "quota history", where="general")
    whose = await said(stranger, "quota history", where="general", member=member)
    assert "Nothing happened yet." in whose
    assert "Nobody used any credits" in await said(stranger, "quota top", where="general")
    exported = await ask(stranger, "quota export", where="general")
    assert ": 0 entries" in exported.text
    content = await stage.members.download(exported.files[0])
    assert content.decode().splitlines() == ["entry,time_utc,member_id,kind,credits,job,moderator_id,why"]


async def test_another_servers_moderator_changes_nothing(two_servers: Stage) -> None:
    """What changes something changes it in the moderator's own server, whoever is named."""
    stage = two_servers
    first, moderator = stage.members.guild_id("Sandbox"), stage.member("moderator")
    stranger = stage.member("moderator2", SECOND)
    before = [await said(moderator, f"quota {name}") for name in ("list", "history", "top")]
    shown = await said(moderator, "quota show", member=str(stage.member().id))
    for name in ("member", "grant", "reset", "block", "unblock", "remove"):
        options = commands(stage)[name]
        text = await said(stranger, f"quota {name}", options, where="general")
        assert "not in this server" in text, text
    assert [await said(moderator, f"quota {name}") for name in ("list", "history", "top")] == before
    assert await said(moderator, "quota show", member=str(stage.member().id)) == shown
    of_second = stage.rows("SELECT action FROM quota_changes WHERE guild_id <> ? ORDER BY id", first)
    assert [row["action"] for row in of_second] == [
        "member",
        "grant",
        "reset",
        "block",
        "unblock",
        "remove",
    ]


async def test_members_of_another_server_are_refused_as_well(two_servers: Stage) -> None:
    """An ordinary member of the second server can use none of the commands there."""
    stage = two_servers
    outsider = stage.member("outsider", SECOND)
    named = {"member": str(outsider.id), "credits": "5"}
    tried: dict[str, Options] = {"member": named, "list": {}, "history": {}, "top": {}, "export": {}}
    for name, options in tried.items():
        text = await said(outsider, f"quota {name}", options, where="general", raw=True)
        assert text.startswith("Only those with the permission **Moderate Members**")
    assert "**0 of 20** used" in await said(outsider, "usage", where="general")


async def test_a_member_of_both_servers_has_two_accounts(two_servers: Stage) -> None:
    """A block, a rule and use in the first server are nothing in the second."""
    stage = two_servers
    world = stage.discord.world
    stage.discord.changes.add_member(world.guild_named(SECOND), world.users[stage.member().id])
    await stage.members.refresh()
    there = stage.member("member", SECOND)
    assert "**0 of 20** used" in await said(there, "usage", where="general")
    assert (await stage.end_of(await stage.sana(there, channel="general", options=SMALL), there)).pictures
    blocked = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox")
    assert "A moderator blocked you" in await stage.note(blocked)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("member", {"credits": "500"}),
        ("grant", {"credits": 5, "reason": "mine"}),
        ("reset", {"reason": "mine"}),
        ("role", {"credits": "500"}),
        ("default", {"credits": "500", "period": "day"}),
    ],
)
async def test_moderators_do_not_help_themselves(quick_stage: Stage, name: str, more: Options) -> None:
    """Whatever changes a moderator's own credits takes Manage Server; an owner may."""
    stage = quick_stage

    def about(who: Member) -> dict[str, Option]:
        if name == "default":
            return dict(more)
        if name == "role":
            return {"role": str(stage.members.role_id("Moderator")), **more}
        return {"member": str(who.id), **more}

    moderator, owner = stage.member("moderator"), stage.member("owner")
    assert "**Manage Server**" in await said(moderator, f"quota {name}", about(moderator))
    assert changes(stage) == []
    assert "**Manage Server**" not in await said(owner, f"quota {name}", about(owner))
    assert [action for action, _, _ in changes(stage)] == [name]


async def test_unlimited_takes_manage_server(quick_stage: Stage) -> None:
    """A moderator cannot let anybody have unlimited credits, an owner can, by the word alone."""
    stage = quick_stage
    named = {"member": str(stage.member().id), "credits": "Unlimited"}
    assert "**Manage Server**" in await said(stage.member("moderator"), "quota member", named)
    text = await said(stage.member("owner"), "quota member", named)
    assert "now there is a rule of unlimited credits" in text
    answer = await stage.sana(size="square-4k")
    assert "· unlimited credits left" in answer.text
    done = await stage.end_of(answer)
    assert "16 credits · unlimited credits left" in done.text


async def test_the_owner_of_the_bot_sets_the_cap(bare_stage: Stage) -> None:
    """Rules and grants beyond QUOTA_MAX_CREDITS, and unlimited, are refused with the cap and its name."""
    stage = bare_stage
    await stage.start_bot(quota_max_credits="40")
    owner, member = stage.member("owner"), str(stage.member().id)
    refused: dict[str, Options] = {
        "default": {"credits": "41", "period": "day"},
        "role": {"role": str(stage.members.role_id("Booster")), "credits": "unlimited"},
        "member": {"member": member, "credits": "1000000"},
        "grant": {"member": member, "credits": 41, "reason": "more"},
    }
    for name, options in refused.items():
        text = await said(owner, f"quota {name}", options)
        assert "more than 40 credits, or unlimited ones (`QUOTA_MAX_CREDITS`)" in text, name
    assert changes(stage) == []
    assert "now has 40" in await said(owner, "quota grant", member=member, credits=40, reason="all")
    assert "QUOTA_MAX_CREDITS" in await said(owner, "quota grant", member=member, credits=1, reason="more")
    assert "a rule of 40 credits" in await said(owner, "quota member", member=member, credits="40")
    assert "gives more than" not in await said(owner, "quota list")
    assert "lets no rule give more than 40 credits (`QUOTA_MAX_CREDITS`)" in await said(owner, "quota list")


async def test_servers_that_are_not_served(bare_stage: Stage) -> None:
    """Where the owner serves other servers only, each command says so and does nothing."""
    stage = bare_stage
    await stage.start_bot()  # registers the commands everywhere
    await stage.stop_bot()
    registered = {each["name"]: dict(each) for each in stage.discord.commands.all_of(None)}
    await stage.start_bot(discord_guild_ids=str(stage.members.guild_id(SECOND)))
    scope = stage.discord.commands._scopes.setdefault(None, {})  # noqa: SLF001 - a client that has not loaded anew
    scope |= {int(each["id"]): each for each in registered.values()}
    for name, options in {**commands(stage), "": {}}.items():
        command = f"quota {name}" if name else "usage"
        text = await said(stage.member("owner"), command, options)
        assert "do not serve this server" in text
    assert changes(stage) == []
