"""What a person sees, as the control API answers it: Discord's objects and what the sandbox knows besides."""

from sandbox.discord import wire
from sandbox.discord.interaction import Interaction
from sandbox.discord.model import Body, Channel, Edit, Message, User
from sandbox.discord.payloads import Json
from sandbox.discord.world import World


def message(found: Message, world: World) -> Json:
    """Return a message with its history, whom it pinged, and whether one person alone sees it."""
    return {
        **wire.new_message(found, world),
        **_contents(found.body),
        "ephemeral": found.ephemeral_to is not None,
        "pings": found.pings,
        "reacted": {
            wire.emoji(key)["name"]: [str(user_id) for user_id in users]
            for key, users in found.reactions.items()
        },
        "revision": found.revision,
        "interaction_id": str(found.interaction_id) if found.interaction_id else None,
        "edits": [_edit(edit) for edit in found.edits],
    }


def interaction(found: Interaction) -> Json:
    """Return what a person sees of their interaction, and when each step of it was."""
    return {
        "id": str(found.id),
        "type": int(found.kind),
        "name": found.name,
        "user_id": str(found.user.id),
        "channel_id": str(found.channel.id),
        "state": found.state,
        "message_id": str(found.original.id) if found.original else None,
        "modal": found.modal,
        "choices": found.choices,
        "steps": [
            {"name": step.name, "at": step.at.isoformat(), "monotonic": step.monotonic}
            for step in found.steps
        ],
    }


def changes(channel: Channel, user: User, after: int, world: World) -> Json | None:
    """Return what changed in a channel after `after`, as a user sees it; None if nothing did."""
    if not channel.changes or channel.changes[-1][0] <= after:
        return None
    changed: dict[int, None] = {}
    for number, message_id in reversed(channel.changes):
        if number <= after:
            break
        changed[message_id] = None
    found = [channel.messages[each] for each in reversed(changed) if each in channel.messages]
    return {
        "messages": [message(each, world) for each in found if sees(user, each)],
        "deleted": [str(each) for each in changed if each not in channel.messages],
        "cursor": channel.changes[-1][0],
    }


def sees(user: User, found: Message) -> bool:
    """Tell whether a message in a channel that a user can open is shown to them."""
    return found.ephemeral_to in (None, user.id)


def world_map(world: World) -> Json:
    """Return guilds, channels, roles and members by name and identifier."""
    return {
        "application_id": str(world.application_id),
        "bot_user_id": str(world.bot.id),
        "guilds": [
            {
                "id": str(guild.id),
                "name": guild.name,
                "owner_id": str(guild.owner_id),
                "premium_tier": guild.premium_tier,
                "channels": [
                    {
                        "id": str(channel.id),
                        "name": channel.name,
                        "parent_id": str(channel.parent_id) if channel.parent_id else None,
                    }
                    for channel in guild.channels.values()
                ],
                "roles": [{"id": str(role.id), "name": role.name} for role in guild.roles.values()],
                "members": [
                    {
                        "id": str(member.user.id),
                        "name": member.user.name,
                        "bot": member.user.bot,
                        "role_ids": [str(role_id) for role_id in sorted(member.role_ids)],
                    }
                    for member in guild.members.values()
                ],
            }
            for guild in world.guilds.values()
        ],
    }


def _edit(edit: Edit) -> Json:
    return {
        "at": edit.at.isoformat(),
        "monotonic": edit.monotonic,
        "way": edit.way,
        **_contents(edit.body),
    }


def _contents(body: Body) -> Json:
    """Return what a message shows, with all its files in one list.

    One made of components shows no file that none of them holds (Source: Using Message Components).
    """
    shown = set(wire.media(body))
    files = [each for each in body.attachments if not body.is_v2 or each.url in shown]
    return {**wire.contents(body), "attachments": [wire.attachment(each) for each in files]}
