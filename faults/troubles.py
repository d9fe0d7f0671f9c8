"""What goes wrong besides the kills: each trouble by its name, with a count of how often it was hit.

Source of the list: the issue on crashes, *Real crashes*.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from random import Random
from types import MappingProxyType
from typing import Final

from faults.stage import Stage
from sandbox.control import Refused
from sandbox.discord import Fault
from sandbox.wiro import CallbackScript, CallFault, Rule, SocketScript, TaskScript
from sandbox.wiro.behaviours import Behaviour

Hits = Callable[[], int]
"""Tells how often a trouble was hit so far."""

Strike = Callable[[Stage, Random], Awaitable[Hits]]

_EDIT: Final = {"method": "PATCH", "route": "/(webhooks|channels)/.*"}
_ANSWER: Final = {"method": "POST", "route": "/interactions/.*"}
_REPLY: Final = {"method": "POST", "route": "/channels/[^/]*/messages"}


@dataclass(frozen=True, kw_only=True)
class _TalliedFault(CallFault):
    """A fault of Wiro's calls that counts."""

    tally: list[None] = field(default_factory=list)

    async def pause(self) -> None:
        self.tally.append(None)
        await super().pause()


def _at_discord(**how: object) -> Strike:
    async def strike(stage: Stage, rng: Random) -> Hits:
        times = rng.randint(1, 2)
        fault = Fault(**{"times": times, **how})  # type: ignore[arg-type]  # a table row names a fault's fields
        stage.discord.faults.add(fault)
        return lambda: times - (fault.times or 0)

    return strike


def _at_wiro(call: str, **how: object) -> Strike:
    async def strike(stage: Stage, rng: Random) -> Hits:
        fault = _TalliedFault(**how)  # type: ignore[arg-type]  # as above
        stage.wiro.script.add(Rule(call=call, do=fault, times=rng.randint(1, 2)))
        return lambda: len(fault.tally)

    return strike


def _of_tasks(call: str, behaviour: Behaviour) -> Strike:
    async def strike(stage: Stage, rng: Random) -> Hits:
        # A behaviour of its own, by which the tasks that have it are known.
        own = type(behaviour)(**{each.name: getattr(behaviour, each.name) for each in fields(behaviour)})
        stage.wiro.script.add(Rule(call=call, do=own, times=rng.randint(1, 2)))
        return lambda: sum(task.script is own or task.callback is own for task in stage.wiro.tasks)

    return strike


def _at_the_gateway(**trouble: bool | float) -> Strike:
    async def strike(stage: Stage, _: Random) -> Hits:
        await stage.members.trouble_gateway(**trouble)
        return lambda: 1

    return strike


async def _drop_sockets(stage: Stage, rng: Random) -> Hits:
    """Drop what is connected, and the next connection after its first message."""
    dropped = stage.wiro.sockets
    reset = rng.random() < 0.5  # noqa: PLR2004 - one or the other
    await stage.wiro.drop_sockets(reset=reset)
    drop_next = Rule(call="socket", do=SocketScript(close_after=1, reset=reset))
    number = stage.wiro.script.add(drop_next)
    return lambda: dropped + (not stage.wiro.script.stands(number))


async def _silence_socket(stage: Stage, _: Random) -> Hits:
    stage.wiro.script.add(Rule(call="socket", do=SocketScript(silent=True), times=None))
    await stage.wiro.drop_sockets()
    return lambda: 1


async def _expire_tokens(stage: Stage, _: Random) -> Hits:
    await stage.members.expire(tokens=True)
    return lambda: 1


async def _delete_message(stage: Stage, rng: Random) -> Hits:
    standing = [each for group in stage.witness.of_jobs().values() for each in group]
    standing = [each for each in standing if not stage.witness.is_gone(each)]
    if not standing:
        return lambda: 0
    chosen = rng.choice(standing)
    moderator = stage.person("moderator")
    try:
        message = await moderator.message(chosen.channel_id, chosen.id)
        stage.witness.taken_away(chosen.id)
        await moderator.delete(message)
    except Refused:  # the bot was quicker
        return lambda: 0
    return lambda: 1


async def _delete_channel(stage: Stage, _: Random) -> Hits:
    world = stage.discord.world
    try:
        channel = world.channel_named("thread")
    except KeyError:
        return lambda: 0
    stage.witness.look()  # what was posted this moment goes with it
    stage.discord.changes.remove_channel(world.guild_named("Sandbox"), channel)
    return lambda: 1


TROUBLES: Final[Mapping[str, Strike]] = MappingProxyType(
    {
        "edit: 5xx before its effect": _at_discord(kind="status", status=503, **_EDIT),
        "edit: 5xx after its effect": _at_discord(kind="status", status=502, after_effect=True, **_EDIT),
        "edit: reset before its effect": _at_discord(kind="reset", **_EDIT),
        "edit: reset after its effect": _at_discord(kind="reset", after_effect=True, **_EDIT),
        "edit: stalled": _at_discord(kind="stall", seconds=2.0, after_effect=True, **_EDIT),
        "edit: answer cut off": _at_discord(kind="cut_off", **_EDIT),
        "edit: 429 with Retry-After": _at_discord(kind="rate_limit", seconds=1.0, **_EDIT),
        "edit: 429 without Retry-After": _at_discord(kind="rate_limit", retry_after=False, **_EDIT),
        "edit: 429 from a proxy": _at_discord(kind="rate_limit", via=False, **_EDIT),
        "answer: 5xx before its effect": _at_discord(kind="status", status=500, **_ANSWER),
        "answer: 5xx after its effect": _at_discord(kind="status", after_effect=True, **_ANSWER),
        "answer: reset before its effect": _at_discord(kind="reset", **_ANSWER),
        "answer: reset after its effect": _at_discord(kind="reset", after_effect=True, **_ANSWER),
        "answer: stalled": _at_discord(kind="stall", seconds=1.0, **_ANSWER),
        "answer: cut off": _at_discord(kind="cut_off", **_ANSWER),
        "reply: 5xx after its effect": _at_discord(kind="status", after_effect=True, **_REPLY),
        "reply: reset after its effect": _at_discord(kind="reset", after_effect=True, **_REPLY),
        "reply: 429 without Retry-After": _at_discord(kind="rate_limit", retry_after=False, **_REPLY),
        "gateway: dropped, to RESUME": _at_the_gateway(drop=4000),
        "gateway: asked to reconnect": _at_the_gateway(reconnect=True),
        "gateway: invalid session": _at_the_gateway(invalidate_resumable=False),
        "gateway: events late": _at_the_gateway(event_delay_seconds=0.4),
        "interaction tokens expired": _expire_tokens,
        "a message deleted": _delete_message,
        "a channel deleted": _delete_channel,
        "Run: 5xx before its effect": _at_wiro("Run", http_status=503),
        "Run: 5xx after its effect": _at_wiro("Run", http_status=503, after_effect=True),
        "Run: reset before its effect": _at_wiro("Run", answer="reset"),
        "Run: reset after its effect": _at_wiro("Run", answer="reset", after_effect=True),
        "Run: closed without an answer": _at_wiro("Run", answer="lost_answer"),
        "Run: answer cut off": _at_wiro("Run", answer="cut_off"),
        "Run: no JSON, after its effect": _at_wiro("Run", answer="not_json", after_effect=True),
        "Run: stalled": _at_wiro("Run", delay_seconds=2.0),
        "Run: 429 with Retry-After": _at_wiro("Run", http_status=429, retry_after_seconds=1),
        "Run: 429 without Retry-After": _at_wiro("Run", http_status=429),
        "Run: code 96": _at_wiro("Run", error="you can run up to 1 tasks at the same time", error_code=96),
        "Run: code 97": _at_wiro("Run", error="Insufficient balance.", error_code=97),
        "Task/Detail: 5xx": _at_wiro("Task/Detail", http_status=500),
        "Task/Detail: reset": _at_wiro("Task/Detail", answer="reset"),
        "Task/Detail: answer cut off": _at_wiro("Task/Detail", answer="cut_off"),
        "Task/List: 5xx": _at_wiro("Task/List", http_status=502),
        "Task/Kill: answer lost": _at_wiro("Task/Kill", answer="lost_answer"),
        "file: 5xx": _at_wiro("file", http_status=503),
        "file: reset": _at_wiro("file", answer="reset"),
        "file: cut off": _at_wiro("file", answer="cut_off"),
        "task: stuck": _of_tasks("task", TaskScript(stuck=True)),
        "task: fails": _of_tasks("task", TaskScript(pexit="1")),
        "task: fewer pictures": _of_tasks("task", TaskScript(fewer_outputs=1)),
        "task: no pictures": _of_tasks("task", TaskScript(no_outputs=True)),
        "task: unknown status": _of_tasks("task", TaskScript(unknown_status="task_dreaming")),
        "task: no pexit": _of_tasks("task", TaskScript(no_pexit=True)),
        "callback: lost": _of_tasks("callback", CallbackScript(lost=True)),
        "callback: doubled": _of_tasks("callback", CallbackScript(times=3)),
        "callback: late": _of_tasks("callback", CallbackScript(late_seconds=2.0)),
        "callback: forged": _of_tasks("callback", CallbackScript(body="forged")),
        "callback: no JSON": _of_tasks("callback", CallbackScript(body="not_json")),
        "callback: before Run's answer": _of_tasks("callback", CallbackScript(before_answer=True)),
        "socket: dropped": _drop_sockets,
        "socket: silent": _silence_socket,
    }
)
"""Each trouble, by its name."""
