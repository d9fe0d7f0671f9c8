"""One run: the world that a seed gives, the lives and deaths of the bot in it, and the calm afterwards."""

import asyncio
from collections.abc import Mapping
from contextvars import copy_context
from datetime import timedelta
from itertools import pairwise
from typing import Final

from bot.allowance import Allowance, Period
from bot.jobs.model import TRANSITIONS, State
from bot.jobs.rules import JobRules
from bot.jobs.waiting import wait_for
from bot.quotas.model import OwnerTerms
from simulation.bot import Bot, Ports
from simulation.callbacks import Callbacks
from simulation.calls import Calls, Surroundings
from simulation.coverage import Coverage
from simulation.crowd import CHANNELS, Crowd
from simulation.discord_port import DiscordPort
from simulation.discord_server import DiscordServer
from simulation.disk import Disk, SimulatedDatabase
from simulation.faults import Faults
from simulation.feed import FeedPort
from simulation.loop import VirtualClock, VirtualLoop
from simulation.pictures import PicturesPort, Storehouse
from simulation.process import Process
from simulation.schedule import TROUBLES, Schedule
from simulation.trace import Trace
from simulation.wiro_port import WiroPort
from simulation.wiro_server import SimulatedTask, WiroServer

_CALLBACK_BASE: Final = "https://bot.example/wiro/callback"
_LONGEST_CALM_SECONDS: Final = 40 * 3600.0
_LOOK_SECONDS: Final = 20.0
_GATE_SECONDS: Final = 900.0  # after which a hold of the line is over, whatever it was for
_LATE_EDITS_SECONDS: Final = 150.0
_FOLLOWED: Final = frozenset({State.RUNNING, State.FINISHED, State.DELIVERED})  # by a new process, too


class World:
    """Everything of one run.

    Args:
        loop: on which it runs.
        trace, faults, coverage: the run's.
    """

    def __init__(self, loop: VirtualLoop, trace: Trace, faults: Faults, coverage: Coverage) -> None:
        self.loop = loop
        self.trace = trace
        self.faults = faults
        self.coverage = coverage
        self.clock = VirtualClock(loop)
        self.beginning = self.clock.now()
        self.violations: list[str] = []
        self.away_seconds = 0.0  # for which the bot was down, or something of the world
        self.disk = Disk(self._on_change, self._on_entry)
        self.discord = DiscordServer(loop)
        self.storehouse = Storehouse(faults)
        self.callbacks = Callbacks(loop, trace, faults, lambda: self._bot)
        self.wiro = WiroServer(
            loop, self.clock, trace, faults, begun=self.callbacks.task_began, ended=self._on_end
        )
        self.crowd = Crowd(loop, trace, faults, self.discord, self.disk, lambda: self._bot)
        self._bot: Bot | None = None
        self._down: set[str] = set()
        self._outside = copy_context()
        self._schedule = Schedule(faults)
        self._rules = _draw_rules(faults)
        self._terms = OwnerTerms(Allowance(faults.random.choice((4, 1000)), Period.DAY))
        self._job_of_seed: dict[int, int] = {}

    def complain(self, what: str) -> None:
        """Note that something happened that must not."""
        self.violations.append(what)
        self.trace.note("VIOLATED", what)

    async def live(self) -> None:
        """Let the storm rage, then let it calm down."""
        self._plan()
        number = 0
        storm_seconds = self._schedule.storm_seconds
        while True:
            number += 1
            bot = self._start(number)
            await wait_for(bot.process.ended, storm_seconds - self.loop.time())
            if self._schedule.goes_on and bot.goes_on:
                break
            bot.stop()
            await self._see_off(bot)
            self._forget_what_was_heard()
            down = self._schedule.down_seconds()
            self.away_seconds += down
            self.trace.note("process", f"down for {down:.1f} s")
            await asyncio.sleep(down)
            if self.loop.time() >= storm_seconds:
                bot = self._start(number + 1)
                break
        self._calm_down()
        if await self._wait_until_all_is_done(bot):
            await self._try_once_more(bot)
        bot.stop()
        await self._see_off(bot)
        await asyncio.sleep(_LATE_EDITS_SECONDS)

    def abandon(self) -> None:
        """Throw away what a run that does not end has left: it is not to speak when it is collected."""
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self.loop.lift_limit()
        if self._bot is not None:
            self._bot.process.die()
        everything = asyncio.all_tasks(self.loop)
        for task in everything:
            task.cancel()
        self.loop.run_until_complete(asyncio.wait(everything, timeout=1.0))

    # Lives and deaths.

    def _start(self, number: int) -> Bot:
        process = Process(self.loop, number)
        surroundings = Surroundings(
            self.loop, self.trace, self.faults, self._outside, self._crash, self._down.__contains__
        )
        calls = Calls(surroundings, process)
        ports = Ports(
            database=SimulatedDatabase(surroundings, self.disk, process),
            wiro=WiroPort(
                calls, self.wiro, job_of=self._job_of, on_run=self._on_run, cancelled=self.crowd.cancelled_at
            ),
            feed=FeedPort(self.loop, self.faults, process, self.wiro, self._outside),
            discord=DiscordPort(calls, self.discord, self.clock),
            pictures=PicturesPort(self.faults, process, self.storehouse),
            clock=self.clock,
        )
        self._bot = Bot(process, self.trace, self.complain, ports, rules=self._rules, terms=self._terms)
        self._bot.start()
        return self._bot

    async def _see_off(self, bot: Bot) -> None:
        """Wait for the end of a process, and of what it had in memory."""
        await bot.process.ended.wait()
        await bot.process.bury()
        self._bot = None

    def _forget_what_was_heard(self) -> None:
        """Take it for not heard where it was in memory alone: of tasks whose jobs are not known to run."""
        for task in self.wiro.tasks.values():
            if task.job_id and task.was_heard_of:
                task.was_heard_of = self.disk.state_of(task.job_id) in _FOLLOWED

    def _crash(self, process: Process, point: str, job_id: int | None) -> bool:
        """End the process here, if that is drawn."""
        if not process.is_alive or self.faults.are_over or not self._schedule.draws_crash():
            return False
        state = None if job_id is None else self.disk.state_of(job_id)
        self.coverage.crashes[point] += 1
        self.coverage.states_at_crashes[f"{point}: {state}" if state else point] += 1
        self.trace.note("process", f"CRASH: {point} (S-{job_id}, {state})" if state else f"CRASH: {point}")
        process.die()
        return True

    # The storm, and the calm.

    def _plan(self) -> None:
        at = self.loop.call_at
        for when, member_id in self._schedule.commands:
            at(when, self.crowd.use_sana, member_id)
        for when, deed in self._schedule.deeds:
            at(when, self.crowd.do, deed)
        for when in self._schedule.stops:
            at(when, self._stop)
        for begin, end, trouble in self._schedule.troubles:
            self.away_seconds += end - begin
            at(begin, self._begin_trouble, trouble)
            at(end, self._end_trouble, trouble)

    def _stop(self) -> None:
        if self._bot is not None:
            self._bot.stop()

    def _calm_down(self) -> None:
        self.trace.note("world", "calms down")
        self.faults.end()
        for trouble in TROUBLES:
            self._end_trouble(trouble)

    async def _wait_until_all_is_done(self, bot: Bot) -> bool:
        ends_at = self.loop.time() + _LONGEST_CALM_SECONDS
        while bot.process.is_alive and self.loop.time() < ends_at:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._is_all_done():
                return True
        self.complain("something is still open long after everything was mended")
        return False

    def _is_all_done(self) -> bool:
        is_open = self.disk.query(
            "SELECT 1 FROM jobs WHERE closed_at IS NULL OR (removed_by IS NOT NULL AND removed_at IS NULL)"
        )
        return not is_open and self.wiro.is_quiet and not self.callbacks.under_way

    async def _try_once_more(self, bot: Bot) -> None:
        """See that the bot still works: what was lost in the storm must not hold it up."""
        await asyncio.sleep(_GATE_SECONDS)
        seed = self.crowd.use_sana_at_last()
        await asyncio.sleep(_LOOK_SECONDS)
        await self._wait_until_all_is_done(bot)
        if seed is None or self.disk.state_of(self._job_of({"seed": seed})) is not State.DELIVERED:
            self.complain("a last /sana, with all well again, was not delivered")

    def _begin_trouble(self, trouble: str) -> None:
        if self.faults.are_over:
            return
        self.trace.note("world", f"trouble: {trouble}")
        self.faults.count(f"trouble: {trouble}")
        match trouble:
            case "balance":
                self.wiro.account.has_balance = False
            case "others":
                self.wiro.account.taken_by_others = 100
            case "permissions":
                self.discord.closed_channels = set(CHANNELS)
            case _:
                self._down.add(trouble)

    def _end_trouble(self, trouble: str) -> None:
        match trouble:
            case "balance":
                self.wiro.account.has_balance = True
            case "others":
                self.wiro.account.taken_by_others = 0
            case "permissions":
                self.discord.closed_channels = set()
            case _:
                self._down.discard(trouble)

    # What is watched all the time.

    def _job_of(self, inputs: Mapping[str, str | int]) -> int:
        """Tell which job has these inputs: no two have one seed."""
        seed = int(inputs["seed"])
        if seed not in self._job_of_seed:
            rows = self.disk.query("SELECT id FROM jobs WHERE json_extract(parameters, '$.seed') = ?", seed)
            self._job_of_seed[seed] = rows[0]["id"] if rows else 0
        return self._job_of_seed[seed]

    def _on_run(self, job_id: int) -> None:
        (job,) = self.disk.query("SELECT state, message_id FROM jobs WHERE id = ?", job_id)
        if job["state"] != State.SUBMITTING or job["message_id"] is None:
            self.complain(f"Run was sent for S-{job_id}, {job['state']}, with message {job['message_id']}")
        if any(not run.is_certain_to_have_started_nothing for run in self.wiro.runs.get(job_id, ())):
            self.complain(f"Run was sent again for S-{job_id}, although the first may have started a task")

    def _on_end(self, task: SimulatedTask) -> None:
        self.callbacks.task_ended(task)
        if self._bot is not None:
            self._bot.feed.task_ended(task)

    def _on_change(self, job_id: int, before: str, after: str) -> None:
        if not before or before == after:
            return
        self.trace.note("disk", f"S-{job_id} {before} to {after}")
        steps = [before, after]
        if (before, after) == (State.SUBMITTING, State.CANCELLED):  # two transitions in one change
            steps.insert(1, State.QUEUED)
        for origin, to in pairwise(map(State, steps)):
            self.coverage.transitions[f"{origin} to {to}"] += 1
            if to not in TRANSITIONS[origin]:
                self.complain(f"S-{job_id} went from {origin} to {to}")

    def _on_entry(self, job_id: int, kind: str, amount: int) -> None:
        self.trace.note("disk", f"S-{job_id} {kind} {amount}")
        if kind == "settle" and not any(message.has_held_pictures for message in self.discord.of_job(job_id)):
            self.complain(f"S-{job_id} was settled before its message held pictures")


def _draw_rules(faults: Faults) -> JobRules:
    draw = faults.random
    return JobRules(
        callback_base=_CALLBACK_BASE if faults.chance(0.75) else None,
        max_concurrent=draw.choice((None, 1, 2)),
        job_timeout=timedelta(seconds=draw.choice((20, 120, 1800))),
        queue_timeout=timedelta(seconds=draw.choice((30, 600, 21600, 21600))),
        lost_after=timedelta(seconds=draw.choice((5, 60, 600))),
    )
