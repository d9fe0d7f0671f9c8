"""What `/sana-check` shows a moderator: what the bot can do in this server, and how the work stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from discord import ui

from bot.jobs.condition import Condition
from bot.jobs.gate import Trouble
from bot.present.page import Colour, Page

_MIB: Final = 1024 * 1024
_CHANNELS_SHOWN: Final = 20
_TROUBLES: Final = {
    None: "takes pictures on.",
    Trouble.ACCOUNT: "refuses the account. Nothing is charged meanwhile; please tell the bot's owner.",
    Trouble.SERVICE: "does not answer as it should. I try again by myself.",
    Trouble.BUSY: "is busy with other work of the same account. I try again by myself.",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A channel, and what the bot lacks there."""

    channel_id: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """What there is to know.

    Args:
        missing_here: what the bot lacks in the channel of the command.
        others: channels in which it lacks something, of those that the moderator sees.
        upload_limit_bytes: how large a file may be.
        condition: how the work stands.
    """

    missing_here: tuple[str, ...]
    others: Sequence[Gap]
    upload_limit_bytes: int
    condition: Condition


def server_check(view: ServerView) -> Page:
    """Return the page."""
    is_well = not view.missing_here and view.condition.trouble is None
    lines = ["**Check of this server**", *_channels(view), *_work(view)]
    return Page(Colour.DELIVERED if is_well else Colour.HELD, [ui.TextDisplay[Any]("\n".join(lines))])


def _channels(view: ServerView) -> Iterator[str]:
    if view.missing_here:
        yield f"❌ This channel: I lack {_bold(view.missing_here)}, so `/sana` is refused here."
    else:
        yield "✅ This channel: I can do all that a picture needs."
    if not view.others:
        yield "✅ Other channels: nothing is missing in those that you see."
        return
    yield "⚠️ Other channels, where `/sana` is refused:"
    for gap in view.others[:_CHANNELS_SHOWN]:
        yield f"- <#{gap.channel_id}>: {_bold(gap.missing)}"
    if (more := len(view.others) - _CHANNELS_SHOWN) > 0:
        yield f"- and {more:,} more"
    yield "-# Allow this to my role in the channel's settings, Permissions, where I am to work."


def _work(view: ServerView) -> Iterator[str]:
    condition = view.condition
    yield (
        f"✅ Upload limit: {view.upload_limit_bytes // _MIB:,} MiB a file. A picture that is larger is posted"
        " as a smaller JPEG, with a link to the original."
    )
    yield f"{'✅' if condition.trouble is None else '❌'} Wiro {_TROUBLES[condition.trouble]}"
    yield (
        "✅ Callbacks: Wiro tells me when a picture is done."
        if condition.is_called_back
        else "✅ Callbacks: none; I ask Wiro by myself, and pictures come a little later."
    )
    yield f"✅ Line: {condition.waiting:,} waiting, {condition.under_way:,} at Wiro, over all servers."


def _bold(names: Sequence[str]) -> str:
    return ", ".join(f"**{name}**" for name in names)
