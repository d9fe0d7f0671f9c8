"""The sandbox's objects as Discord's JSON. Source: Discord's reference, the object of each name."""

from collections.abc import Iterator

from sandbox.discord.components import walk
from sandbox.discord.model import Attachment, Body, Channel, ChannelKind, Guild, Member, Message, Role, User
from sandbox.discord.payloads import Json
from sandbox.discord.permissions import in_guild
from sandbox.discord.snowflakes import created_at
from sandbox.discord.world import World

APPLICATION_FLAGS = 1 << 15 | 1 << 19
"""Members and message content may be asked for (Source: Application Flags, the "limited" ones)."""


def user(found: User) -> Json:
    """Return a user object."""
    return {
        "id": str(found.id),
        "username": found.name,
        "discriminator": "0000" if found.bot else "0",
        "global_name": None if found.bot else found.name,
        "avatar": None,
        "bot": found.bot,
        "system": False,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
    }


def own_user(found: User) -> Json:
    """Return the bot's user object as the bot itself sees it."""
    return {**user(found), "mfa_enabled": True, "verified": True, "email": None, "locale": "en-US"}


def member_without_user(found: Member) -> Json:
    """Return a member object without its user, as messages carry it."""
    return {
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(role_id) for role_id in found.role_ids],
        "joined_at": found.joined_at.isoformat(),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def member(found: Member) -> Json:
    """Return a member object."""
    return {"user": user(found.user), **member_without_user(found)}


def role(found: Role) -> Json:
    """Return a role object."""
    return {
        "id": str(found.id),
        "name": found.name,
        "permissions": str(int(found.permissions)),
        "position": found.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": found.managed,
        "mentionable": found.mentionable,
        "flags": 0,
    }


def channel(found: Channel, world: World) -> Json:
    """Return a channel object: of a text channel, a thread or a direct message."""
    common: Json = {
        "id": str(found.id),
        "type": int(found.kind),
        "last_message_id": str(next(reversed(found.messages))) if found.messages else None,
        "last_pin_timestamp": None,
        "flags": 0,
    }
    if found.recipient is not None:
        return {**common, "recipients": [user(found.recipient)]}
    common |= {
        "guild_id": str(found.guild_id),
        "name": found.name,
        "parent_id": str(found.parent_id) if found.parent_id else None,
        "rate_limit_per_user": 0,
    }
    return {**common, **(_thread(found, world) if found.is_thread else _text_channel(found))}


def guild(found: Guild, world: World) -> Json:
    """Return a guild object, without what only GUILD_CREATE has."""
    return {
        "id": str(found.id),
        "name": found.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(found.owner_id),
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in found.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "max_members": 500_000,
        "max_presences": None,
        "vanity_url_code": None,
        "premium_tier": found.premium_tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw": False,
        "nsfw_level": 0,
        "hub_type": None,
        "approximate_member_count": len(found.members),
        "owner": found.owner_id == world.bot.id,
        "permissions": str(in_guild(found, found.members[world.bot.id])),
    }


def guild_create(found: Guild, world: World) -> Json:
    """Return the data of GUILD_CREATE. Of the members only the bot itself is in it, as without presences."""
    channels = [channel(each, world) for each in found.channels.values() if not each.is_thread]
    threads = [
        channel(each, world)
        for each in found.channels.values()
        if each.is_thread and not each.archived and world.sees(world.bot, each)
    ]
    bot = found.members[world.bot.id]
    return {
        **guild(found, world),
        "joined_at": bot.joined_at.isoformat(),
        "large": False,
        "unavailable": False,
        "member_count": len(found.members),
        "voice_states": [],
        "members": [member(bot)],
        "channels": channels,
        "threads": threads,
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(found: Attachment) -> Json:
    """Return an attachment object."""
    body: Json = {
        "id": str(found.id),
        "filename": found.filename,
        "size": found.size_bytes,
        "url": found.url,
        "proxy_url": found.url,
        "flags": 0,
    }
    if found.content_type:
        body["content_type"] = found.content_type
    if found.description:
        body["description"] = found.description
    if found.width:
        body |= {"width": found.width, "height": found.height}
    return body


def emoji(key: str) -> Json:
    """Return the partial emoji of a reaction: `key` is a Unicode emoji, or name:id of a custom one."""
    name, _, emoji_id = key.partition(":")
    return {"id": emoji_id, "name": name, "animated": False} if emoji_id else {"id": None, "name": name}


def message(found: Message, world: World, *, reference: bool = True) -> Json:
    """Return a message object; `reference` adds the message it replies to.

    A nonce is not in it: it is told to whoever makes the message alone (see `new_message`).
    """
    body: Json = {
        "id": str(found.id),
        "channel_id": str(found.channel_id),
        "type": int(found.kind),
        "author": user(found.author),
        "timestamp": created_at(found.id).isoformat(),
        "edited_timestamp": found.edited_at.isoformat() if found.edited_at else None,
        "tts": False,
        "mention_everyone": found.mentions_everyone,
        "mentions": [user(each) for each in found.mentions],
        "mention_roles": [str(role_id) for role_id in found.mention_roles],
        "pinned": False,
        **contents(found.body),
    }
    if found.reactions:
        body["reactions"] = [_reaction(key, users, world) for key, users in found.reactions.items()]
    if found.author is world.bot:
        body["application_id"] = str(world.application_id)
    if found.interaction is not None:
        body |= {"interaction_metadata": found.interaction, "webhook_id": str(world.application_id)}
    if found.reply_to is not None:
        body |= _reply(found, found.reply_to, world, full=reference)
    return body


def new_message(found: Message, world: World) -> Json:
    """Return a message object as it goes to whoever has just made it."""
    body = message(found, world)
    return body if found.nonce is None else {**body, "nonce": found.nonce}


def contents(found: Body) -> Json:
    """Return the fields of a message object that an edit can change.

    Files that components or embeds show are in those alone (Source: Message Object, attachments).
    """
    shown = set(media(found))
    return {
        "content": found.content,
        "embeds": found.embeds,
        "components": found.components,
        "attachments": [attachment(each) for each in found.attachments if each.url not in shown],
        "flags": found.flags,
    }


def media(found: Body) -> Iterator[str | None]:
    """Go through the addresses of what components and embeds show."""
    for component in walk(found.components):
        items = (component, *component.get("items", ()))
        yield from (item[key].get("url") for item in items for key in ("media", "file") if key in item)
    for embed in found.embeds:
        parts = (embed[key] for key in ("image", "thumbnail", "author", "footer") if key in embed)
        yield from (part.get(key) for part in parts for key in ("url", "icon_url"))


def _thread(found: Channel, world: World) -> Json:
    return {
        "owner_id": str(world.bot.id),
        "message_count": len(found.messages),
        "total_message_sent": len(found.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": found.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": created_at(found.id).isoformat(),
            "create_timestamp": created_at(found.id).isoformat(),
            "locked": found.locked,
        },
    }


def _text_channel(found: Channel) -> Json:
    is_voice = found.kind is ChannelKind.VOICE
    return {
        **({"bitrate": 64_000, "user_limit": 0, "rtc_region": None} if is_voice else {}),
        "position": found.position,
        "topic": None,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(each.id),
                "type": int(each.is_member),
                "allow": str(int(each.allow)),
                "deny": str(int(each.deny)),
            }
            for each in found.overwrites.values()
        ],
    }


def _reaction(key: str, users: dict[int, User], world: World) -> Json:
    return {
        "emoji": emoji(key),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "me": world.bot.id in users,
        "me_burst": False,
        "burst_colors": [],
    }


def _reply(found: Message, replied_id: int, world: World, *, full: bool) -> Json:
    reference: Json = {"type": 0, "message_id": str(replied_id), "channel_id": str(found.channel_id)}
    if found.guild_id is not None:
        reference["guild_id"] = str(found.guild_id)
    body: Json = {"message_reference": reference}
    if full:
        channel = world.channels.get(found.channel_id)
        replied = channel.messages.get(replied_id) if channel else None
        shown = replied is not None and replied.ephemeral_to in (None, found.ephemeral_to)
        body["referenced_message"] = message(replied, world, reference=False) if replied and shown else None
    return body
