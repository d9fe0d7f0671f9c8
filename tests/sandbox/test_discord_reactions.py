import pytest

from sandbox.discord.permissions import Permission
from sandbox.members import Reacting, Refused
from tests.sandbox.discord_support import RawBot, Scene, button, deny, row, scene

ENVELOPE = "\N{ENVELOPE}\N{VARIATION SELECTOR-16}"
REROLL = "🔁"
REACTIONS, GUILDS = 1 << 10, 1 << 0


async def manage_messages(at: Scene) -> None:
    """Give the bot Manage Messages everywhere."""
    await at.members.set_permissions("Sana", Permission.MANAGE_MESSAGES)


@pytest.mark.parametrize("channel", ["general", "thread"])
async def test_the_events_of_a_reaction(channel: str) -> None:
    """Adding tells of the member with their roles and of the message's author; removing tells of neither."""
    async with scene() as at:
        sent = await at.bot.ok("POST", at.bot.messages(channel), {"content": "x"})
        who = at.members.of("booster")
        message = await who.message(channel, int(sent["id"]))
        await who.react(message, ENVELOPE)
        added = await at.bot.event("MESSAGE_REACTION_ADD")
        member = added.pop("member")
        common = {
            "user_id": str(who.id),
            "channel_id": str(message.channel_id),
            "message_id": sent["id"],
            "guild_id": str(at.members.guild_id()),
            "emoji": {"id": None, "name": ENVELOPE},
            "burst": False,
            "type": 0,
        }
        assert added == {**common, "message_author_id": str(at.server.bot_user_id)}
        assert member["user"]["id"] == str(who.id)
        assert member["roles"] == [str(at.members.role_id("Booster"))]
        await who.unreact(message, ENVELOPE)
        assert await at.bot.event("MESSAGE_REACTION_REMOVE") == common


async def test_reactions_need_their_intent() -> None:
    """Without the intent of reactions the bot hears of none."""
    async with scene(connect=False) as at:
        await at.bot.connect(intents=(1 << 25) - 1 & ~REACTIONS)
        message = await at.member.write("x", channel="general")
        await at.member.react(message, REROLL)
        await at.member.delete(message)
        await at.bot.event("MESSAGE_DELETE")
        assert not [frame for frame in at.bot.seen if "REACTION" in str(frame["t"])]


async def test_reactions_go_to_their_guilds_shard() -> None:
    """Of two shards the one that has the guild hears of a reaction, the other hears of its own guild's."""
    async with scene(connect=False) as at:
        bots = [RawBot(server=at.server, session=at.bot.session) for _ in range(2)]
        for shard, bot in enumerate(bots):
            await bot.connect(intents=GUILDS | REACTIONS, shard=[shard, 2])
        for who in (at.member, at.members.of("outsider", "Second server")):
            await who.react(await who.write("x", channel="general"), REROLL)
            guild_id = at.members.guild_id(who.guild)
            event = await bots[(guild_id >> 22) % 2].event("MESSAGE_REACTION_ADD")
            assert event["guild_id"] == str(guild_id)
        for bot in bots:
            await bot.close()


async def test_a_reaction_counts_once() -> None:
    """A reaction that is there already is taken and changes nothing, the bot's own as a person's."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        path = f"{at.bot.messages()}/{message.id}/reactions/{REROLL}"
        for _ in range(2):
            await at.bot.ok("PUT", f"{path}/@me")
            await at.member.react(message, REROLL)
        await at.member.delete(message)
        await at.bot.event("MESSAGE_DELETE")
        added = [frame["d"]["user_id"] for frame in at.bot.seen if frame["t"] == "MESSAGE_REACTION_ADD"]
        assert added == [str(at.server.bot_user_id), str(at.member.id)]


async def test_an_envelope_is_not_the_other_envelope() -> None:
    """Discord keeps an emoji with and without its variation selector apart."""
    async with scene(connect=False) as at:
        message = await at.member.write("x", channel="general")
        await at.member.react(message, ENVELOPE)
        await at.member.react(message, ENVELOPE[0])
        shown = await at.member.message("general", message.id)
        assert shown.reactions == {ENVELOPE: 1, ENVELOPE[0]: 1}


async def test_what_reacting_needs() -> None:
    """A new emoji needs Add Reactions, any of them Read Message History, of people as of the bot."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        path = f"{at.bot.messages()}/{message.id}/reactions"
        everyone = at.members.guild_id()
        await at.members.set_overwrite("general", everyone, deny=Permission.ADD_REACTIONS)
        assert await at.bot.refused("PUT", f"{path}/{REROLL}/@me") == (403, 50013)
        with pytest.raises(Refused):
            await at.member.react(message, REROLL)
        owner = at.members.of("owner")
        await owner.react(message, REROLL)
        await at.member.react(message, REROLL)
        await at.bot.ok("PUT", f"{path}/{REROLL}/@me")
        await at.members.set_overwrite("general", everyone, deny=Permission.READ_MESSAGE_HISTORY)
        with pytest.raises(Refused):
            await at.members.of("other").react(message, REROLL)
        assert await at.bot.refused("PUT", f"{path}/{REROLL}/@me") == (403, 50013)


async def test_taking_others_reactions_away() -> None:
    """It needs Manage Messages and a user that exists; one that is not there is taken away without a word."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        await at.member.react(message, REROLL)
        path = f"{at.bot.messages()}/{message.id}/reactions/{REROLL}/{at.member.id}"
        assert await at.bot.refused("DELETE", path) == (403, 50013)
        await manage_messages(at)
        await at.bot.ok("DELETE", path)
        assert (await at.bot.event("MESSAGE_REACTION_REMOVE"))["user_id"] == str(at.member.id)
        await at.bot.ok("DELETE", path)
        assert await at.bot.refused("DELETE", path.replace(str(at.member.id), "5")) == (404, 10013)
        assert (await at.member.message("general", message.id)).reactions == {}


async def test_in_direct_messages_nothing_of_others_is_taken_away() -> None:
    """The bot takes away neither a person's reaction nor their message there."""
    async with scene() as at:
        channel = await at.member.dm()
        message = await at.member.write("x", channel=channel)
        await at.member.react(message, REROLL)
        event = await at.bot.event("MESSAGE_REACTION_ADD")
        assert "guild_id" not in event
        assert "member" not in event
        path = f"/channels/{channel}/messages/{message.id}"
        assert await at.bot.refused("DELETE", f"{path}/reactions/{REROLL}/{at.member.id}") == (403, 50003)
        assert await at.bot.refused("DELETE", path) == (403, 50003)


async def test_twenty_emoji_at_most() -> None:
    """A message takes twenty different emoji, from the bot as from people; more of the same are welcome."""
    async with scene(connect=False) as at:
        message = await at.member.write("x", channel="general")
        emoji = [chr(0x1F600 + number) for number in range(21)]
        await at.members.react_many(
            Reacting(member=at.member, message=message, emoji=each) for each in emoji[:20]
        )
        path = f"{at.bot.messages()}/{message.id}/reactions"
        assert await at.bot.refused("PUT", f"{path}/{emoji[20]}/@me") == (403, 30010)
        with pytest.raises(Refused, match="Maximum"):
            await at.member.react(message, emoji[20])
        await at.bot.ok("PUT", f"{path}/{emoji[19]}/@me")


async def test_a_deleted_message_takes_its_reactions_along() -> None:
    """Deleting tells of the message alone, and nobody can react to it afterwards."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        await at.member.react(message, REROLL)
        await at.member.delete(message)
        gone = await at.bot.event("MESSAGE_DELETE")
        assert gone == {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "guild_id": str(at.members.guild_id()),
        }
        assert [frame["t"] for frame in at.bot.seen].count("MESSAGE_REACTION_REMOVE") == 0
        with pytest.raises(Refused):
            await at.member.react(message, REROLL)
        path = f"{at.bot.messages()}/{message.id}/reactions/{REROLL}/@me"
        assert await at.bot.refused("PUT", path) == (404, 10008)


async def test_many_reactions_with_one_call() -> None:
    """Fifty of ten members come in their order, and it is shown whose are there in the end."""
    async with scene() as at:
        message = await at.member.write("x", channel="general")
        crowd = await at.members.add_members("crowd", 10)
        turns = [
            Reacting(member=each, message=message, emoji=REROLL, remove=bool(turn % 2))
            for turn in range(5)
            for each in crowd
        ]
        await at.members.react_many(turns)
        steps = {False: "ADD", True: "REMOVE"}
        for each in turns:
            event = await at.bot.event(f"MESSAGE_REACTION_{steps[each.remove]}")
            assert event["user_id"] == str(each.member.id)
        shown = await at.member.message("general", message.id)
        assert shown.reacted == {REROLL: tuple(each.id for each in crowd)}
        assert shown.reactions == {REROLL: 10}


async def test_other_bots_react_and_do_no_more() -> None:
    """A bot's reaction says that it is one; bots type no commands and use no components."""
    async with scene() as at:
        await at.bot.ok("POST", at.bot.messages(), {"content": "x", "components": [row(button("a"))]})
        (message,) = await at.member.read("general")
        (robot,) = await at.members.add_members("robot", 1, bots=True)
        await robot.react(message, REROLL)
        event = await at.bot.event("MESSAGE_REACTION_ADD")
        assert event["member"]["user"]["bot"] is True
        with pytest.raises(Refused, match="Bots"):
            await robot.type("go", channel="general")
        with pytest.raises(Refused, match="Bots"):
            await robot.click(message, label="a")


async def test_bulk_deletion_is_told_once() -> None:
    """One event names all the messages that went together."""
    async with scene() as at:
        await manage_messages(at)
        ids = [str((await at.member.write("x", channel="general")).id) for _ in range(3)]
        await at.bot.ok("POST", at.bot.messages() + "/bulk-delete", {"messages": [*ids, ids[0], "5"]})
        gone = await at.bot.event("MESSAGE_DELETE_BULK")
        assert (gone["ids"], gone["guild_id"]) == (ids, str(at.members.guild_id()))
        assert await at.member.read("general") == []


async def test_waiting_until_a_message_is_gone() -> None:
    """Whoever waits for a deletion hears of it, through edits in between; what stays is told so."""
    async with scene(connect=False) as at:
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        message = await at.member.message("general", int(sent["id"]))
        path = f"{at.bot.messages()}/{message.id}"
        with pytest.raises(TimeoutError, match="was not deleted"):
            await at.member.wait_until_deleted(message, 0.05)
        await at.bot.ok("PATCH", path, {"content": "y"})
        await deny(at, "general", Permission.MANAGE_MESSAGES)
        await at.bot.ok("DELETE", path)
        await at.member.wait_until_deleted(message)
