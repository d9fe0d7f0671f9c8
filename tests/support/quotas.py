"""Typing `/quota` and reading what Discord shows."""

from collections.abc import Mapping

from sandbox.member import Member, Option
from sandbox.members import Message
from tests.support.stage import CHANNEL, Stage


async def ask(
    who: Member,
    command: str,
    options: Mapping[str, Option] | None = None,
    *,
    where: str | int = CHANNEL,
    raw: bool = False,
    **more: Option,
) -> Message:
    """Type a command and return its answer once it is there; it is for the eyes of `who` alone.

    Options go by name, or in `options` where a name is taken.
    """
    typed = await who.type(command, channel=where, options={**(options or {}), **more}, raw=raw)
    assert typed.shown in {"answered", "deferred"}, typed
    answer = await who.message(where, typed.message_id)
    answer = await who.wait_for_change(answer, lambda shown: not shown.loading)
    assert answer.ephemeral, answer
    assert not answer.pings, answer
    return answer


async def said(
    who: Member,
    command: str,
    options: Mapping[str, Option] | None = None,
    *,
    where: str | int = CHANNEL,
    raw: bool = False,
    **more: Option,
) -> str:
    """Type a command and return the text of its answer."""
    return (await ask(who, command, options, where=where, raw=raw, **more)).text


def changes(stage: Stage) -> list[tuple[str, str, str]]:
    """Return all changes by moderators, oldest first: action, before, after."""
    rows = stage.rows("SELECT action, before, after FROM quota_changes ORDER BY id")
    return [(row["action"], row["before"], row["after"]) for row in rows]
