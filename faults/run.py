"""One run: the bot is brought to its point, killed, started again, left in peace, and judged."""

import asyncio
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from faults.books import left_to_do, read_books
from faults.holds import Hold, Moment
from faults.plan import Plan
from faults.points import PROGRESS, Scene
from faults.scenes import PATIENCE_SECONDS, Play, ask, fidget
from faults.stage import Stage, staged
from faults.troubles import TROUBLES, Hits
from faults.verdict import judge
from sandbox.bot_process import BotDiedError
from sandbox.control import Refused

CALM_SECONDS: Final = 200.0
"""How long a bot that is left in peace may take: an edit that nobody confirmed is waited for 120 seconds."""

_ONE_SLOT_USD: Final = 10.0  # Source: Wiro's reference, Concurrency
_NO_LIMIT_USD: Final = 1000.0
_LOOK_SECONDS: Final = 0.1
_QUIET_LOOKS: Final = 5  # in a row at which nothing was left to do
_WHENEVER_SECONDS: Final = 3.0  # after a command, at the most, that any moment is
_LATE_SECONDS: Final = 4.0  # after which a held call takes effect, at the latest
_STOP_SECONDS: Final = 10.0  # Source: the issue on crashes, Stopping


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run."""

    plan: Plan
    violations: tuple[str, ...]
    was_reached: bool
    """Whether the bot was killed at the point that the plan names."""
    hits: Mapping[str, int]
    """How often each trouble of the plan was hit."""
    ends: Mapping[str, int]
    """How many jobs ended in each state."""
    seconds: float
    story: tuple[str, ...]


async def perform(plan: Plan) -> Outcome:
    """Perform a plan, in a folder of its own that is gone afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sana-faults-") as folder:
        async with staged(
            Path(folder),
            hours=int(plan.hour),
            balance_usd=_ONE_SLOT_USD if plan.has_one_slot else _NO_LIMIT_USD,
            echo=plan.echo,
            callbacks=plan.callbacks,
        ) as stage:
            run = _Run(stage, plan)
            violations = await run.perform()
            books = await asyncio.to_thread(read_books, stage.database)
            return Outcome(
                plan=plan,
                violations=tuple(violations),
                was_reached=run.was_reached,
                hits={name: sum(hits() for hits in each) for name, each in run.hits.items()},
                ends=Counter(job.state for job in books.jobs),
                seconds=time.monotonic() - began,
                story=(*stage.story, *stage.bot.log.splitlines()) if violations else (),
            )


class _Run:
    """One run under way."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._rng = Random(f"{plan.seed}, as it goes")  # noqa: S311 - keeps no secret
        self._hold = Hold(plan.point.moment)
        self.hits: dict[str, list[Hits]] = {}
        self.was_reached = False

    async def perform(self) -> list[str]:
        """Go through all of it, and return what was promised and not kept."""
        stage, plan = self._stage, self._plan
        violations: list[str] = []
        try:
            if plan.point.scene is not Scene.STARTING:
                await stage.start()
            await self._come_to_the_point()
            violations += await self._end_bot()
            await self._be_down()
            await stage.start()
            await self._go_on()
            violations += await self._calm_down()
            violations += await self._stop()
        except (BotDiedError, TimeoutError) as error:
            violations.append(f"the bot did not stay alive: {error}")
            await stage.bot.end()
        self._hold.released.set()
        return violations + await asyncio.to_thread(judge, stage)

    async def _come_to_the_point(self) -> None:
        """Play the scene until the bot is where it is to be killed."""
        point = self._plan.point
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await Play(self._stage, self._plan.wish, self._arm).play(point.scene)
                if point.call is not None:
                    await self._hold.reached.wait()
            self.was_reached = True
            self._stage.tell(f"the point: {point.name}")
        except (TimeoutError, Refused) as error:
            self._stage.tell(f"the point was not reached: {error}")
        if point.scene is Scene.WHENEVER:
            await asyncio.sleep(self._rng.uniform(0.0, _WHENEVER_SECONDS))
        elif point.moment is Moment.ANSWERED:
            await asyncio.sleep(self._rng.choice((0.0, self._rng.uniform(0.0, 0.05))))

    async def _arm(self) -> None:
        """Hold what is to be held, let things go wrong, and let others ask for pictures."""
        if self._plan.point.call is not None:
            self._stage.hold(self._plan.point.call, self._hold)
        for wish in self._plan.wishes:
            await ask(self._stage, wish)
        for name in self._plan.early:
            await self._strike(name)

    async def _strike(self, name: str) -> None:
        self._stage.tell(f"trouble: {name}")
        self.hits.setdefault(name, []).append(await TROUBLES[name](self._stage, self._rng))

    async def _end_bot(self) -> list[str]:
        """Kill the bot, or ask it to stop; return what is wrong with how it stopped."""
        if not self._plan.by_sigterm:
            await self._stage.kill()
            return []
        return await self._stop()

    async def _stop(self) -> list[str]:
        self._stage.tell("the bot is asked to stop")
        try:
            code = await self._stage.bot.stop(with_signal=signal.SIGTERM, timeout_seconds=_STOP_SECONDS)
        except TimeoutError:
            await self._stage.bot.kill()
            return [f"the bot did not stop within {_STOP_SECONDS:.0f} seconds"]
        return [f"the bot stopped with exit code {code}"] if code else []

    async def _be_down(self) -> None:
        """Let time pass, and what was held go its way.

        That may be when the bot is up again, but not after an hour, and not where it is an edit that shows
        progress: nobody can keep that from replacing the pictures.
        """
        late = self._rng.uniform(0.0, _LATE_SECONDS)
        asyncio.get_running_loop().call_later(late, self._hold.released.set)
        await asyncio.sleep(self._plan.down_seconds)
        if self._plan.hour or self._plan.point.call is PROGRESS:
            await self._hold.released.wait()
        if self._plan.hour:
            await self._stage.let_an_hour_pass()
        for name in self._plan.late:
            await self._strike(name)

    async def _go_on(self) -> None:
        """Let members go on, and kill the bot again as often as planned."""
        members = asyncio.create_task(self._use())
        try:
            for seconds in self._plan.more_kills:
                await asyncio.sleep(seconds)
                await self._stage.kill()
                await self._stage.start()
        finally:
            await members

    async def _use(self) -> None:
        for wish in self._plan.later_wishes:
            await ask(self._stage, wish)
        for _ in range(self._plan.clicks):
            await asyncio.sleep(self._rng.uniform(0.1, 0.8))
            await fidget(self._stage, self._rng)

    async def _calm_down(self) -> list[str]:
        """Take all faults back and wait until nothing is left to do; return what stayed."""
        self._stage.calm()
        left: list[str] = []
        quiet = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(CALM_SECONDS):
                while quiet < _QUIET_LOOKS:
                    await asyncio.sleep(_LOOK_SECONDS)
                    self._stage.check_alive()
                    left = await self._left()
                    quiet = 0 if left else quiet + 1
        return [f"left to do after {CALM_SECONDS:.0f} seconds: {each}" for each in left]

    async def _left(self) -> list[str]:
        """Tell what is still to be done, by the bot or by Wiro."""
        settling = [
            f"task {task.taskid} is {task.status}"
            for task in self._stage.wiro.tasks
            if not task.settled.is_set()
        ]
        return settling or await asyncio.to_thread(left_to_do, self._stage.database)
