"""What happens behind the messages: the bot's process and jobs, Wiro's tasks and calls, Discord's calls.

Every part is looked at as a whole, and only what differs from the last look is told.
"""

import itertools
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.discord import DiscordServer, views
from sandbox.page.bot import Bot
from sandbox.page.calls import describe
from sandbox.page.jobs import Jobs
from sandbox.page.switches import Switches
from sandbox.shown import Json
from sandbox.wiro import Exchange, Task, WiroServer

MAX_CALLS = 200
MAX_TASKS = 50


class Behind:
    """The panel. `enter` and `close` it: in between it is told of every call at Wiro."""

    def __init__(
        self, discord: DiscordServer, wiro: WiroServer, bot: Bot, switches: Switches, jobs: Jobs
    ) -> None:
        self._discord = discord
        self._wiro = wiro
        self._bot = bot
        self._switches = switches
        self._jobs = jobs
        self._calls: deque[Json] = deque(maxlen=MAX_CALLS)
        self._numbers = itertools.count(1)
        self._told: dict[str, Json] = {}
        self._told_lists: dict[str, dict[Any, Json]] = {}

    def enter(self) -> None:
        """Begin to note what Wiro is asked."""
        self._wiro.watchers.add(self._note)

    def close(self) -> None:
        """Let go of everything."""
        self._wiro.watchers.discard(self._note)
        self._jobs.close()

    def everything(self) -> list[Json]:
        """Return the events that tell a new client how everything stands."""
        lists = [_event(name, list(records.values())) for name, records in self._lists()]
        return [*self._wholes(), *lists]

    async def news(self) -> list[Json]:
        """Return the events that tell what has changed since the last time."""
        await self._jobs.look()
        events = [event for event in self._wholes() if self._told.get(event["type"]) != event]
        self._told |= {event["type"]: event for event in events}
        for name, records in self._lists():
            told = self._told_lists.get(name, {})
            changed = [record for key, record in records.items() if told.get(key) != record]
            self._told_lists[name] = records
            if changed:
                events.append(_event(name, changed))
        return events

    def _wholes(self) -> Iterator[Json]:
        """Go through what is told as a whole whenever it has changed."""
        wiro = self._wiro
        yield {"type": "world", "world": views.world_map(self._discord.world)}
        yield {"type": "bot", **self._bot.state}
        yield {"type": "switches", "switches": self._switches.state}
        yield {
            "type": "account",
            "balance_usd": wiro.balance_usd,
            "limit": wiro.limit,
            "sockets": wiro.sockets,
        }

    def _lists(self) -> Iterator[tuple[str, dict[Any, Json]]]:
        """Go through what is told record by record, each by its key."""
        yield "jobs", {record["id"]: record for record in self._jobs.records}
        tasks = self._wiro.tasks[-MAX_TASKS:]
        yield "tasks", {task.taskid: _task(task) for task in tasks}
        yield "calls", {record["number"]: record for record in self._calls}
        yield "rest", {record["number"]: record for record in self._rest()}

    def _rest(self) -> Iterator[Json]:
        requests = self._discord.requests
        newest = list(itertools.islice(reversed(requests.calls), MAX_CALLS))
        for number, call in enumerate(reversed(newest), requests.made - len(newest) + 1):
            yield {
                "number": number,
                "at": call.at.isoformat(),
                "method": call.method,
                "route": call.route,
                "status": call.status,
                "milliseconds": round(call.seconds * 1000, 1),
            }

    def _note(self, exchange: Exchange) -> None:
        self._calls.append(describe(exchange, next(self._numbers)))


def _event(name: str, records: list[Json]) -> Json:
    return {"type": name, "calls" if name == "rest" else name: records}


def _task(task: Task) -> Json:
    """Return what the panel shows of a task, as Wiro knows it."""
    steps = sorted(task.times.items(), key=lambda step: step[1])
    return {
        "taskid": task.taskid,
        "status": task.status,
        "pexit": task.pexit,
        "cost_usd": task.cost,
        "steps": [
            {"status": status, "at": datetime.fromtimestamp(at, UTC).isoformat()} for status, at in steps
        ],
        "seconds": task.seconds,
        "outputs": len(task.outputs),
    }
