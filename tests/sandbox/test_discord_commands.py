import pytest

from sandbox.members import Refused
from tests.sandbox.discord_support import GO, Json, scene


def option(name: str, kind: int = 3, **more: object) -> Json:
    """Return an option of a command."""
    return {"name": name, "description": "an option", "type": kind, **more}


def command(*options: Json, **more: object) -> Json:
    """Return the command "go" with options."""
    return {**GO, "options": list(options), **more}


DRAW = command(
    option("prompt", required=True, min_length=1, max_length=5),
    option("size", choices=[{"name": "Square", "value": "1024"}]),
    option("steps", 4, min_value=1, max_value=50),
    option("scale", 10, min_value=1.5),
    option("spoiler", 5),
    option("who", 6),
)


LONG_CHOICES = [{"name": "x" * 100, "value": f"{n:0100}"} for n in range(20)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompt": ""},
        {"prompt": "a fox is long"},
        {"prompt": 5},
        {"prompt": "fox", "unknown": 1},
        {"prompt": "fox", "size": "512"},
        {"prompt": "fox", "steps": 0},
        {"prompt": "fox", "steps": 51},
        {"prompt": "fox", "steps": 2.5},
        {"prompt": "fox", "steps": "2"},
        {"prompt": "fox", "steps": True},
        {"prompt": "fox", "scale": 1},
        {"prompt": "fox", "spoiler": 1},
        {"prompt": "fox", "who": "5"},
        {"prompt": "fox", "who": "member"},
    ],
)
async def test_the_client_holds_what_is_registered(options: Json) -> None:
    """What breaks a registered type, range, length or choice is never sent, but can be forced through."""
    async with scene(None, DRAW) as at:
        with pytest.raises(Refused):
            await at.member.type("go", channel="general", options=options)
        assert await at.members.interactions() == []
        if "who" not in options:
            sent = await at.typed(options, raw=True)
            assert {each["name"]: each["value"] for each in sent["data"]["options"]} == options


@pytest.mark.parametrize("wrong", ["512", 1024, True])
async def test_a_wrong_choice_is_told_the_right_ones(wrong: str | float) -> None:
    """Whoever sends something else than a choice, of whatever type, reads all of the choices."""
    choices = [{"name": f"{side} pixels", "value": str(side)} for side in range(100, 2600, 100)]
    async with scene(None, command(option("size", choices=choices))) as at:
        with pytest.raises(Refused) as refused:
            await at.member.type("go", channel="general", options={"size": wrong})
        listed = ", ".join(f"'{choice['value']}'" for choice in choices)
        assert str(refused.value) == f"{wrong!r} is no choice of the option 'size'. Its choices: {listed}"


async def test_long_choices_are_cut() -> None:
    """Twenty-five choices of a hundred characters do not make a page of a refusal."""
    choices = [{"name": f"{number}", "value": f"{number:0100}"} for number in range(25)]
    async with scene(None, command(option("size", choices=choices))) as at:
        with pytest.raises(Refused) as refused:
            await at.member.type("go", channel="general", options={"size": "x"})
        assert 500 < len(str(refused.value)) < 1100
        assert str(refused.value).endswith("…")


async def test_what_is_sent() -> None:
    """Options arrive with their types, and members with what is known of them."""
    async with scene(None, DRAW) as at:
        other = at.members.of("booster")
        options = {"prompt": "fox", "size": "1024", "steps": 50, "scale": 1.5, "spoiler": False}
        sent = await at.typed({**options, "who": str(other.id)})
        found = {each["name"]: (each["type"], each["value"]) for each in sent["data"]["options"]}
        assert found == {
            "prompt": (3, "fox"),
            "size": (3, "1024"),
            "steps": (4, 50),
            "scale": (10, 1.5),
            "spoiler": (5, False),
            "who": (6, str(other.id)),
        }
        resolved = sent["data"]["resolved"]
        assert resolved["users"][str(other.id)]["username"] == "booster"
        assert resolved["members"][str(other.id)]["roles"] == [str(at.members.role_id("Booster"))]


async def test_roles_channels_and_mentionables() -> None:
    """Roles and channels are resolved, and what is not in this server is refused."""
    options = (option("channel", 7), option("role", 8), option("any", 9))
    async with scene(None, command(*options)) as at:
        role, channel = str(at.members.role_id("Booster")), str(at.members.channel_id("pictures"))
        sent = await at.typed({"channel": channel, "role": role, "any": str(at.member.id)})
        resolved = sent["data"]["resolved"]
        assert resolved["channels"][channel]["name"] == "pictures"
        assert resolved["roles"][role]["name"] == "Booster"
        assert list(resolved["users"]) == [str(at.member.id)]
        elsewhere = at.members.channel_id("general", "Second server")
        for wrong in ({"channel": str(elsewhere)}, {"role": str(at.member.id)}, {"any": "5"}):
            with pytest.raises(Refused):
                await at.typed(wrong)


async def test_subcommands() -> None:
    """Groups and subcommands are typed with spaces and nested in what is sent."""
    show = option("show", 1, options=[option("who", 6)])
    quota = {**command(option("member", 2, options=[show])), "name": "quota"}
    async with scene(None, quota) as at:
        await at.member.type("quota member show", channel="general", who=str(at.member.id), wait=False)
        (group,) = (await at.bot.event("INTERACTION_CREATE"))["data"]["options"]
        (subcommand,) = group["options"]
        assert (group["type"], group["name"], subcommand["type"]) == (2, "member", 1)
        assert subcommand["options"][0]["value"] == str(at.member.id)
        for wrong in ("quota", "quota member", "quota show", "quota member hide"):
            with pytest.raises(Refused):
                await at.member.type(wrong, channel="general")


async def test_who_may_use_a_command() -> None:
    """Permissions, server-only commands and hidden channels keep people out, unless forced."""
    moderators = {**command(), "name": "mod", "default_member_permissions": 1 << 40, "contexts": [0]}
    nobody = {**command(), "name": "closed", "default_member_permissions": 0}
    async with scene(None, moderators, nobody) as at:
        with pytest.raises(Refused, match="may not use"):
            await at.member.type("mod", channel="general")
        await at.member.type("mod", channel="general", raw=True, wait=False)
        moderator, owner = at.members.of("moderator"), at.members.of("owner")
        await moderator.type("mod", channel="general", wait=False)
        with pytest.raises(Refused):
            await moderator.type("closed", channel="general")
        await owner.type("closed", channel="general", wait=False)
        with pytest.raises(Refused, match="no command"):
            await moderator.type("mod", channel=await moderator.dm())
        outsider = at.members.of("outsider", "Second server")
        with pytest.raises(Refused):
            await outsider.type("mod", channel=at.members.channel_id("general"))


async def test_commands_of_one_guild() -> None:
    """A guild's commands are seen there alone, before global ones of their name, and can be deleted."""
    async with scene() as at:
        base = f"/applications/{at.server.application_id}"
        guild = f"{base}/guilds/{at.members.guild_id()}"
        (own,) = await at.bot.ok("PUT", f"{guild}/commands", [GO])
        assert own["guild_id"] == str(at.members.guild_id())
        assert (await at.typed())["data"]["id"] == own["id"]
        outsider = at.members.of("outsider", "Second server")
        await outsider.type("go", channel="general", wait=False)
        assert (await at.bot.event("INTERACTION_CREATE"))["data"]["id"] != own["id"]
        assert await at.bot.call("DELETE", f"{guild}/commands/{own['id']}") == (204, None)
        assert await at.bot.refused("GET", f"{guild}/commands/{own['id']}") == (404, 10063)
        assert await at.bot.ok("GET", f"{guild}/commands/permissions") == []
        assert await at.bot.refused("PUT", f"{base}/guilds/5/commands", []) == (404, 10004)


async def test_registering_again_keeps_identifiers() -> None:
    """A bulk overwrite and a create of the same name keep the command's identifier; others are new."""
    async with scene() as at:
        path = f"/applications/{at.server.application_id}/commands"
        (first,) = await at.bot.ok("GET", path)
        (again, new) = await at.bot.register(GO, {**GO, "name": "new"})
        assert (again["id"] == first["id"], new["id"] == first["id"]) == (True, False)
        status, created = await at.bot.call("POST", path, {**GO, "description": "changed"})
        assert (status, created["id"]) == (200, first["id"])
        status, other = await at.bot.call("POST", path, {**GO, "name": "other"})
        assert status == 201
        edited = await at.bot.ok("PATCH", f"{path}/{other['id']}", {"description": "edited"})
        assert (edited["name"], edited["description"]) == ("other", "edited")
        listed = await at.members.call("GET", f"/channels/{at.members.channel_id('general')}/commands")
        assert {each["name"] for each in listed} == {"go", "new", "other"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({**GO, "name": "Big"}, "0.name"),
        ({**GO, "name": "two words"}, "0.name"),
        ({**GO, "name": ""}, "0.name"),
        ({**GO, "description": "x" * 101}, "0.description"),
        ({**GO, "type": 9}, "0.type"),
        (command(option("a"), option("a")), "0.options"),
        (command(option("a"), option("b", required=True)), "0.options"),
        (command(*[option(f"o{n}") for n in range(26)]), "0.options"),
        (command(option("a", max_length=6001)), "0.options.0.max_length"),
        (command(option("a", 4, max_value="x")), "0.options.0.max_value"),
        (command(option("a", choices=[{"name": "", "value": "1"}])), "0.options.0.choices.0.name"),
        (command(option("a", choices=[{"name": "x", "value": "x" * 101}])), "0.options.0.choices.0.value"),
        (command(option("a", choices=[{"name": "x", "value": 1}])), "0.options.0.choices.0.value"),
        (command(option("a", 4, choices=[{"name": "x", "value": "1"}])), "0.options.0.choices.0.value"),
        (command(option("a", 10, choices=[{"name": "x"}])), "0.options.0.choices.0.value"),
        (command(*[option(f"o{n}", choices=LONG_CHOICES) for n in range(2)]), "0"),
        (5, "0"),
    ],
)
async def test_wrong_commands_are_refused(wrong: object, where: str) -> None:
    """A command that breaks a limit is refused under its place, and what was registered stays."""
    async with scene() as at:
        path = f"/applications/{at.server.application_id}/commands"
        status, body = await at.bot.call("PUT", path, [wrong])
        assert (status, body["code"]) == (400, 50035)
        errors = body["errors"]
        for step in where.split("."):
            errors = errors[step]
        assert errors["_errors"]
        assert [each["name"] for each in await at.bot.ok("GET", path)] == ["go"]


async def test_too_many_commands() -> None:
    """There are at most a hundred commands, five menus of a kind, and no name twice."""
    async with scene() as at:
        path = f"/applications/{at.server.application_id}/commands"
        many = [{**GO, "name": f"go{number}"} for number in range(101)]
        await at.bot.ok("PUT", path, many[:100])
        assert await at.bot.refused("PUT", path, many) == (400, 30032)
        menus = [{"name": f"Menu {number}", "type": 2} for number in range(6)]
        assert await at.bot.refused("PUT", path, menus) == (400, 30032)
        assert await at.bot.refused("PUT", path, [GO, GO]) == (400, 50035)


async def test_autocompletion() -> None:
    """What is being typed arrives as it is, focused, and the choices come back."""
    words = command(option("word", autocomplete=True, required=True), option("n", 4))
    async with scene(None, words) as at:
        query = {"options": {"n": 5, "word": "fo"}, "focused": "word", "wait": False}
        body = at.member.command("go", "general", query)
        asked = await at.members.call("POST", "/commands", body)
        sent = await at.bot.event("INTERACTION_CREATE")
        focused = [each for each in sent["data"]["options"] if each.get("focused")]
        assert (sent["type"], focused[0]["value"]) == (4, "fo")
        many = [{"name": str(n), "value": str(n)} for n in range(26)]
        assert (await at.bot.answer(sent, 8, {"choices": many}))[0] == 400
        assert (await at.bot.answer(sent, 8, {"choices": many[:2]}))[0] == 200
        found = await at.members.call("GET", f"/interactions/{asked['id']}")
        assert [choice["value"] for choice in found["choices"]] == ["0", "1"]
