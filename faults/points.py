"""The named points of a job's life at which the bot is killed, each made from outside, by a held call."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from faults.holds import Moment


class Scene(StrEnum):
    """What members do, and how the task goes, until the bot is killed."""

    PLAIN = "a picture is asked for"
    LONG = "a picture that takes seconds"
    FAILING = "a task that fails"
    CANCELLED = "a task that its member cancels"
    REPLIED = "a result is rolled again by reaction"
    REROLLED = "a result is rolled again by its button"
    REMOVED = "a result is deleted"
    REFUSED = "a reaction is refused"
    UNCONFIRMED = "an answer was never confirmed before the last start"
    UNANSWERED = "a Run is never answered"
    CALLED_BACK = "a callback, while the bot's machine hangs"
    STARTING = "the bot starts"
    WHENEVER = "anything"


class Word(StrEnum):
    """What a request to Discord says, by which one of several on the same route is known."""

    ANYTHING = ""
    PICTURES = "files[0]"
    PROGRESS = "sana:cancel:"
    REFUND = " back."
    MENTION = "<@"


@dataclass(frozen=True, kw_only=True)
class Call:
    """Which call is held. `server` is the one that sees it; Wiro's have no method and no words."""

    server: str
    route: str
    method: str = "*"
    says: Word = Word.ANYTHING


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point: what leads there, and where the bot is then. Without a call, the moment is any."""

    name: str
    scene: Scene
    call: Call | None = None
    moment: Moment = Moment.ANSWERED


def _discord(method: str, route: str, says: Word = Word.ANYTHING) -> Call:
    return Call(server="discord", method=method, route=route, says=says)


def _wiro(route: str) -> Call:
    return Call(server="wiro", route=route)


ANSWER: Final = _discord("POST", "/interactions/.*")
"""The answer to a command or a click."""

_REPLY: Final = _discord("POST", "/channels/[^/]*/messages", Word.PROGRESS)
_NOTICE: Final = _discord("POST", "/channels/[^/]*/messages", Word.MENTION)
_ANY_EDIT: Final = "/(webhooks|channels)/.*"
_DELIVERY: Final = _discord("PATCH", _ANY_EDIT, Word.PICTURES)
PROGRESS: Final = _discord("PATCH", _ANY_EDIT, Word.PROGRESS)
"""An edit that shows how far a job is."""

_REFUND: Final = _discord("PATCH", _ANY_EDIT, Word.REFUND)
_REACTION: Final = _discord("PUT", "/channels/.*/reactions/.*")
_DELETE: Final = _discord("DELETE", r"/channels/[^/]*/messages/[^/]*")
_LOOK: Final = _discord("GET", "/webhooks/.*")

_M = Moment


def _points() -> Iterator[Point]:
    for name, scene, call, moments in (
        ("the answer to a command", Scene.PLAIN, ANSWER, (_M.UNSENT, _M.LATE, _M.UNCONFIRMED, _M.ANSWERED)),
        ("the answer to Reroll", Scene.REROLLED, ANSWER, (_M.UNCONFIRMED,)),
        ("the reply", Scene.REPLIED, _REPLY, (_M.UNSENT, _M.LATE, _M.UNCONFIRMED, _M.ANSWERED)),
        ("the look for an answer", Scene.UNCONFIRMED, _LOOK, (_M.UNSENT, _M.ANSWERED)),
        ("Run", Scene.PLAIN, _wiro("Run"), (_M.UNSENT, _M.LATE, _M.UNCONFIRMED, _M.ANSWERED)),
        ("the search for a task", Scene.UNANSWERED, _wiro("Task/List"), (_M.UNSENT, _M.ANSWERED)),
        ("progress", Scene.LONG, PROGRESS, (_M.UNSENT, _M.LATE, _M.UNCONFIRMED)),
        ("Task/Detail", Scene.PLAIN, _wiro("Task/Detail"), (_M.UNSENT, _M.ANSWERED)),
        ("the file", Scene.PLAIN, _wiro("file"), (_M.UNSENT, _M.ANSWERED)),
        ("the delivery", Scene.PLAIN, _DELIVERY, (_M.UNSENT, _M.LATE, _M.UNCONFIRMED, _M.ANSWERED)),
        ("the delivery of a reply", Scene.REPLIED, _DELIVERY, (_M.UNSENT, _M.UNCONFIRMED)),
        ("the first reaction", Scene.PLAIN, _REACTION, (_M.UNSENT, _M.UNCONFIRMED)),
        ("the refund's message", Scene.FAILING, _REFUND, (_M.UNSENT, _M.LATE, _M.UNCONFIRMED, _M.ANSWERED)),
        ("Kill", Scene.CANCELLED, _wiro("Task/Kill"), (_M.UNSENT, _M.UNCONFIRMED, _M.ANSWERED)),
        ("the deletion", Scene.REMOVED, _DELETE, (_M.UNSENT, _M.UNCONFIRMED)),
        ("the files' deletion", Scene.REMOVED, _wiro("Task/InputOutputDelete"), (_M.UNSENT, _M.UNCONFIRMED)),
        ("the notice", Scene.REFUSED, _NOTICE, (_M.UNSENT, _M.ANSWERED)),
        ("the notice's deletion", Scene.REFUSED, _DELETE, (_M.UNCONFIRMED,)),
        ("the start", Scene.STARTING, _discord("PUT", "/applications/.*"), (_M.UNSENT, _M.ANSWERED)),
    ):
        for moment in moments:
            yield Point(name=f"{name}, {moment}", scene=scene, call=call, moment=moment)
    yield Point(name="a callback, sent and not answered", scene=Scene.CALLED_BACK)
    yield Point(name="any moment", scene=Scene.WHENEVER)


POINTS: Final = tuple(_points())
"""All points; of those without a call, the scene itself says when."""
