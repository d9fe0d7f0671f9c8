import pytest

from sandbox.discord import DiscordConfig
from sandbox.discord.identity import BOT_TOKEN
from sandbox.discord.sessions import Intent
from tests.sandbox.discord_support import Json, scene

GUILDS_AND_MESSAGES = Intent.GUILDS | Intent.GUILD_MESSAGES


async def test_a_login() -> None:
    """HELLO comes first, a heartbeat is answered before IDENTIFY, READY and the guilds follow it."""
    async with scene(connect=False) as at:
        await at.bot.open()
        hello = await at.bot.frame()
        assert (hello["op"], hello["s"], hello["t"]) == (10, None, None)
        await at.bot.send(1, None)
        assert await at.bot.frame() == {"op": 11, "d": None, "s": None, "t": None}
        await at.bot.send(2, {"token": at.server.config.token, "intents": 1})
        ready = await at.bot.event("READY")
        assert ready["user"]["id"] == str(at.server.bot_user_id)
        guild = await at.bot.event("GUILD_CREATE")
        assert guild["name"] == "Sandbox"
        assert {role["id"] for role in guild["roles"]} >= {guild["id"]}
        assert [member["user"]["id"] for member in guild["members"]] == [str(at.server.bot_user_id)]
        assert [thread["name"] for thread in guild["threads"]] == ["thread"]


async def test_a_heartbeat_is_answered_as_late_as_over_a_network() -> None:
    """The answer lets a client note its own sending first, and holds up no other frame."""
    async with scene() as at:
        await at.bot.event("GUILD_CREATE")
        await at.bot.event("GUILD_CREATE")
        await at.bot.send(1, None)
        await at.bot.send(8, {"guild_id": str(at.members.guild_id()), "query": "", "limit": 0})
        assert [(await at.bot.frame())["op"] for _ in "12"] == [0, 11]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 1}}, 4004),
        ({"op": 2, "d": {"token": BOT_TOKEN, "shard": [2, 2]}}, 4010),
        ({"op": 2, "d": {"token": BOT_TOKEN, "shard": "x"}}, 4010),
        ({"op": 2, "d": None}, 4002),
        ({"op": 99, "d": None}, 4001),
        ({"op": 8, "d": {}}, 4003),
        ([], 4002),
        ({}, 4002),
    ],
)
async def test_wrong_frames_close_the_connection(frame: object, code: int) -> None:
    """Each mistake closes the connection with Discord's own code."""
    async with scene(connect=False) as at:
        await at.bot.open()
        assert at.bot.socket is not None
        await at.bot.socket.send_json(frame)
        assert await at.bot.closed() == code


async def test_a_second_login_on_one_connection() -> None:
    """IDENTIFY twice on a connection closes it."""
    async with scene() as at:
        await at.bot.send(2, {"token": at.server.config.token, "intents": 1})
        assert await at.bot.closed() == 4005


async def test_resume_replays_what_was_missed() -> None:
    """Events of the time without a connection come in order after a RESUME, and then RESUMED."""
    async with scene() as at:
        ready = at.bot.seen[-1]["d"]
        await at.bot.event("GUILD_CREATE")
        await at.bot.event("GUILD_CREATE")
        sequence = at.bot.seen[-1]["s"]
        await at.members.trouble_gateway(drop=4000)
        assert await at.bot.closed() == 4000
        await at.member.write("one", channel="general")
        await at.member.write("two", channel="general")
        await at.bot.open(ready["resume_gateway_url"])
        resume = {"token": at.server.config.token, "session_id": ready["session_id"], "seq": sequence}
        await at.bot.send(6, resume)
        assert [(await at.bot.event("MESSAGE_CREATE"))["content"] for _ in "12"] == ["one", "two"]
        await at.bot.event("RESUMED")
        assert [frame["s"] for frame in at.bot.seen[-3:]] == [sequence + 1, sequence + 2, sequence + 3]


@pytest.mark.parametrize("change", [{"session_id": "unknown"}, {"seq": 10_000}, {"seq": None}])
async def test_a_resume_that_cannot_be(change: Json) -> None:
    """An unknown session or sequence is answered with op 9, not resumable."""
    async with scene() as at:
        session_id = at.bot.seen[-1]["d"]["session_id"]
        resume = {"token": at.server.config.token, "session_id": session_id, "seq": 1, **change}
        await at.bot.open()
        await at.bot.send(6, resume)
        assert (await at.bot.frame())["op"] == 10
        assert await at.bot.frame() == {"op": 9, "d": False, "s": None, "t": None}


async def test_events_are_filtered_by_intents() -> None:
    """Without the intent for reactions none arrive, without that for content words are hidden."""
    async with scene(connect=False) as at:
        await at.bot.connect(GUILDS_AND_MESSAGES)
        message = await at.member.write("secret", channel="general")
        received = await at.bot.event("MESSAGE_CREATE")
        assert (received["content"], received["author"]["username"]) == ("", "member")
        await at.member.react(message, "🔁")
        await at.member.write(f"hello <@{at.server.bot_user_id}>", channel="general")
        assert "hello" in (await at.bot.event("MESSAGE_CREATE"))["content"]
        assert not any(frame.get("t") == "MESSAGE_REACTION_ADD" for frame in at.bot.seen)


async def test_nothing_comes_out_of_a_hidden_channel() -> None:
    """The bot hears nothing of a channel that it does not see."""
    async with scene() as at:
        await at.member.write("behind its back", channel="hidden")
        await at.member.write("in the open", channel="general")
        assert (await at.bot.event("MESSAGE_CREATE"))["content"] == "in the open"


async def test_events_go_to_their_shard() -> None:
    """Of two shards each hears of its own guild alone, and the first hears direct messages."""
    async with scene(DiscordConfig(shards=2), connect=False) as at:
        guilds = {(guild.id >> 22) % 2: guild for guild in at.server.world.guilds.values()}
        assert len(guilds) == 2
        for shard, guild in guilds.items():
            ready = await at.bot.connect(shard=[shard, 2])
            assert [each["id"] for each in ready["guilds"]] == [str(guild.id)]
            assert (await at.bot.event("GUILD_CREATE"))["id"] == str(guild.id)


async def test_members_are_sent_on_request() -> None:
    """Op 8 is answered with the members asked for, by name and by identifier, in chunks of a thousand."""
    async with scene() as at:
        guild_id = str(at.members.guild_id())
        await at.bot.send(8, {"guild_id": guild_id, "query": "mod", "limit": 5, "nonce": "n"})
        chunk = await at.bot.event("GUILD_MEMBERS_CHUNK")
        assert [each["user"]["username"] for each in chunk["members"]] == ["moderator"]
        assert chunk["nonce"] == "n"
        await at.bot.send(8, {"guild_id": guild_id, "user_ids": [str(at.member.id)], "limit": 0})
        (found,) = (await at.bot.event("GUILD_MEMBERS_CHUNK"))["members"]
        assert found["user"]["id"] == str(at.member.id)
        await at.members.add_members("crowd", 1500)
        await at.bot.send(8, {"guild_id": guild_id, "query": "crowd", "limit": 0})
        sizes = [len((await at.bot.event("GUILD_MEMBERS_CHUNK"))["members"]) for _ in "12"]
        assert sizes == [1000, 500]


async def test_faults_of_the_gateway() -> None:
    """Op 7, op 9 and refused logins come when they are asked for."""
    async with scene() as at:
        await at.members.trouble_gateway(reconnect=True)
        while (frame := await at.bot.frame())["op"] == 0:
            pass
        assert frame == {"op": 7, "d": None, "s": None, "t": None}
        await at.members.trouble_gateway(invalidate_resumable=True, refuses_logins=True)
        assert await at.bot.frame() == {"op": 9, "d": True, "s": None, "t": None}
        async with at.bot.session.get(at.server.origin + "/gateway") as answer:
            assert answer.status == 503
        await at.members.clear_faults()
        await at.bot.connect()


async def test_changes_of_the_world_are_told() -> None:
    """Channels, roles, members and tiers that change from outside reach the bot as Discord's events."""
    async with scene() as at:
        guild = f"/guilds/{at.members.guild_id()}"
        channel = await at.members.call("POST", guild + "/channels", {"name": "new"})
        assert (await at.bot.event("CHANNEL_CREATE"))["name"] == "new"
        place = f"/channels/{channel['id']}"
        everyone = at.members.guild_id()
        await at.members.call("PUT", f"{place}/overwrites/{everyone}", {"deny": 1 << 11})
        overwrites = (await at.bot.event("CHANNEL_UPDATE"))["permission_overwrites"]
        assert overwrites == [{"id": str(everyone), "type": 0, "allow": "0", "deny": str(1 << 11)}]
        await at.members.call("DELETE", place)
        await at.bot.event("CHANNEL_DELETE")
        role = await at.members.call("POST", guild + "/roles", {"name": "Painter", "permissions": "8"})
        assert (await at.bot.event("GUILD_ROLE_CREATE"))["role"]["permissions"] == "8"
        await at.members.call("PATCH", f"{guild}/members/{at.member.id}", {"role_ids": [role["id"]]})
        assert (await at.bot.event("GUILD_MEMBER_UPDATE"))["roles"] == [role["id"]]
        await at.members.call("PATCH", f"{guild}/roles/{role['id']}", {"permissions": 0})
        assert (await at.bot.event("GUILD_ROLE_UPDATE"))["role"]["permissions"] == "0"
        await at.members.call("DELETE", f"{guild}/roles/{role['id']}")
        await at.bot.event("GUILD_ROLE_DELETE")
        await at.members.call("PATCH", guild, {"premium_tier": 2})
        assert (await at.bot.event("GUILD_UPDATE"))["premium_tier"] == 2
        await at.members.call("DELETE", f"{guild}/members/{at.member.id}")
        assert (await at.bot.event("GUILD_MEMBER_REMOVE"))["user"]["username"] == "member"
        await at.members.call("DELETE", f"{guild}/members/{at.server.bot_user_id}")
        assert (await at.bot.event("GUILD_DELETE"))["id"] == str(everyone)
        assert await at.bot.refused("GET", guild) == (404, 10004)
