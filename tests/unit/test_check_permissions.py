"""What the doctor computes of permissions is what the sandbox's Discord does."""

from functools import reduce
from operator import or_
from pathlib import Path

import discord
from hypothesis import given
from hypothesis import strategies as st

from bot.check.discord_permissions import in_channel
from bot.present.permissions import INVITED, invite_link, missing_in_server, missing_permissions
from sandbox.discord import wire
from sandbox.discord.model import Overwrite
from sandbox.discord.permissions import Permission
from sandbox.discord.permissions import in_channel as as_discord_does
from sandbox.discord.world import World

README = Path(__file__).parents[2] / "README.md"
SOME = st.sets(st.sampled_from(Permission), max_size=6).map(lambda chosen: reduce(or_, chosen, 0))
SELDOM_ADMINISTRATOR = st.one_of(SOME.map(lambda bits: bits & ~Permission.ADMINISTRATOR), SOME)


@given(
    roles=st.tuples(SELDOM_ADMINISTRATOR, SELDOM_ADMINISTRATOR, SELDOM_ADMINISTRATOR),
    overwrites=st.lists(st.tuples(st.integers(0, 4), SOME, SOME), max_size=5),
    is_owner=st.booleans(),
)
def test_permissions_in_a_channel(
    roles: tuple[int, int, int], overwrites: list[tuple[int, int, int]], is_owner: bool
) -> None:
    """Whatever roles and overwrites there are, the same is missing as by the sandbox's own computation."""
    world = World()
    guild = world.new_guild("Sandbox", world.bot if is_owner else world.new_user("owner"))
    extra = world.new_role(guild, "Extra", roles[2])
    other = world.new_role(guild, "Not the bot's")
    own = world.role_named("Sana", "Sandbox")
    guild.roles[guild.id].permissions, own.permissions = roles[0], roles[1]
    member = guild.members[world.bot.id]
    member.role_ids = {own.id, extra.id}
    channel = world.new_channel(guild, "pictures")
    targets = (guild.id, own.id, extra.id, other.id, world.bot.id)
    for which, allow, deny in overwrites:
        target = targets[which]
        channel.overwrites[target] = Overwrite(target, target == world.bot.id, allow, deny)
    computed = in_channel(wire.guild(guild, world), wire.member(member), wire.channel(channel, world))
    expected = as_discord_does(guild, member, channel)
    if expected & Permission.VIEW_CHANNEL:
        assert missing_permissions(computed, is_thread=False) == missing_permissions(
            type(computed)(expected), is_thread=False
        )
    else:
        assert not computed.view_channel


def test_the_readme_invites_with_what_is_needed() -> None:
    """Its link is the one that the bot gives, and asks for six permissions and no more."""
    link = invite_link(0).replace("client_id=0", "client_id=YOUR_APPLICATION_ID")
    assert link in README.read_text()
    needed = missing_in_server(discord.Permissions.none())
    assert sorted(needed) == [
        "Add Reactions",
        "Attach Files",
        "Read Message History",
        "Send Messages",
        "Send Messages in Threads",
        "View Channel",
    ]
    assert INVITED.value.bit_count() == len(needed)
    assert all(name in README.read_text() for name in needed)
