"""Reacting on results and waiting for what comes of it, as members see it."""

from sandbox.discord.permissions import Permission
from sandbox.member import Member
from sandbox.members import Message
from tests.support.stage import CHANNEL, Stage

REROLL, DELETE, MAIL = "🔁", "❌", "✉️"


async def result(stage: Stage, who: Member | None = None, *, channel: str | int = CHANNEL) -> Message:
    """Type `/sana` and return its message with the pictures and the bot's own first reaction."""
    done = await stage.end_of(await stage.sana(who, channel=channel), who)
    return await (who or stage.member()).wait_for_change(done, lambda shown: shown.reactions == {REROLL: 1})


async def reply_to(stage: Stage, message: Message, *, after: Message | None = None) -> Message:
    """Return the bot's reply to a message, once there is one that is newer than `after`."""
    return await stage.member().wait_for_message(
        message.channel_id,
        lambda shown: shown.reply_to == message.id and (after is None or shown.id > after.id),
    )


async def replies_to(stage: Stage, message: Message) -> list[Message]:
    """Return all replies to a message that stand now, oldest first."""
    shown = await stage.member().read(message.channel_id)
    return [each for each in shown if each.reply_to == message.id]


async def free_again(stage: Stage, message: Message, emoji: str = REROLL, *, left: int = 1) -> Message:
    """Return a message once so many reactions of an emoji are left: members' were taken off."""
    return await stage.member().wait_for_change(
        await stage.member().message(message.channel_id, message.id),
        lambda shown: shown.reactions.get(emoji, 0) == left,
    )


async def allow_managing(stage: Stage) -> None:
    """Give the bot Manage Messages."""
    await stage.members.set_overwrite(CHANNEL, allow=Permission.MANAGE_MESSAGES)


async def calls(stage: Stage, method: str, route: str) -> int:
    """Return how many calls of a route the bot has made."""
    seen = await stage.members.requests()
    return sum((call["method"], call["route"]) == (method, route) for call in seen)
