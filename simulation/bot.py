"""A bot on the simulated world: the real services of one process on ports that can fail."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from bot.errors import MessageGoneError, Refusal, StorageError
from bot.jobs.mail import Mailer
from bot.jobs.removal import Remover
from bot.jobs.results import Results
from bot.jobs.rules import JobRules
from bot.jobs.service import JobService
from bot.quotas.model import OwnerTerms
from bot.quotas.service import QuotaService
from simulation.discord_port import DiscordPort, NoMail
from simulation.feed import FeedPort
from simulation.loop import VirtualClock
from simulation.pictures import PicturesPort
from simulation.process import Process
from simulation.trace import Trace
from simulation.wiro_port import WiroPort
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.quotas import SqliteQuotaStore
from storage.reports import SqliteReports

_STOP_SECONDS: Final = 2.0  # as `bot.app`


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """A process's ways to the world."""

    database: Database
    wiro: WiroPort
    feed: FeedPort
    discord: DiscordPort
    pictures: PicturesPort
    clock: VirtualClock


class Bot:
    """One start of the bot, to its end.

    Args:
        process: in which it runs.
        trace: hears of its starts and stops.
        complain: is told of what should never happen.
        ports: the world.
        rules, terms: the owner's.
    """

    def __init__(
        self,
        process: Process,
        trace: Trace,
        complain: Callable[[str], None],
        ports: Ports,
        *,
        rules: JobRules,
        terms: OwnerTerms,
    ) -> None:
        self.process = process
        self.discord = ports.discord
        self.feed = ports.feed
        self.is_ready = False
        self._trace = trace
        self._complain = complain
        self._stopping = asyncio.Event()
        store = SqliteJobStore(ports.database, terms)
        self.service = JobService(
            store=store,
            wiro=ports.wiro,
            feed=ports.feed,
            pictures=ports.pictures,
            messenger=ports.discord,
            clock=ports.clock,
            rules=rules,
        )
        self.quotas = QuotaService(
            store=SqliteQuotaStore(ports.database, terms),
            reports=SqliteReports(ports.database),
            jobs=self.service,
            clock=ports.clock,
            terms=terms,
        )
        self._remover = Remover(
            store=store,
            note_removed=self.service.note_removed,
            wiro=ports.wiro,
            messenger=ports.discord,
        )
        self.results = Results(
            service=self.service,
            store=store,
            messenger=ports.discord,
            remover=self._remover,
            mailer=Mailer(pictures=ports.pictures, mail=NoMail(), find=store.get),
        )

    def stop(self) -> None:
        """Ask for a clean stop."""
        self._stopping.set()

    @property
    def goes_on(self) -> bool:
        """Whether it lives, and nobody asked it to stop."""
        return self.process.is_alive and not self._stopping.is_set()

    def start(self) -> None:
        """Begin; `process.ended` tells when it is over, for whatever reason."""
        self._trace.note("process", f"start {self.process.number}")
        self.process.spawn(self._live(), "bot")

    def attempt(self, name: str, doing: Coroutine[Any, Any, object]) -> None:
        """Do what somebody asked of the bot; a refusal is noted, anything else is complained of."""
        self.process.spawn(self._attempt(name, doing), name)

    async def _attempt(self, name: str, doing: Coroutine[Any, Any, object]) -> None:
        try:
            await doing
        except (Refusal, StorageError, MessageGoneError) as error:
            self._trace.note("bot", f"{name}: {type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the simulation is after
            self._complain(f"{name} raised {type(error).__name__}: {error}")

    async def _live(self) -> None:
        try:
            await self._start_and_work()
        except StorageError as error:
            self._trace.note("process", f"the start failed: {error}")
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the simulation is after
            self._complain(f"the bot died of {_flat(error)}")
        self.is_ready = False
        if self.process.is_alive:
            self.process.die()

    async def _start_and_work(self) -> None:
        """Work as `bot.app` does: recover, then run until asked to stop, then give it two seconds."""
        await self.service.recover()
        await self.quotas.recover()
        await self._remover.recover()
        self.is_ready = True
        workers = (self.service, self._remover)
        working = [self.process.spawn(each.run(), type(each).__name__) for each in workers]
        stopping = self.process.spawn(self._stopping.wait(), "stopping")
        await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
        self.is_ready = False
        if not stopping.done():
            _raise_what_ended(working)
        for each in workers:
            each.stop()
        await asyncio.wait(working, timeout=_STOP_SECONDS)
        is_through = all(task.done() for task in working)
        self._trace.note("process", "stopped" if is_through else "stopped with calls under way")
        for task in working:
            if task.done():
                task.result()


def _raise_what_ended(working: Iterable[asyncio.Task[None]]) -> NoReturn:
    for task in working:
        if task.done():
            task.result()
    raise RuntimeError("a part of the bot ended by itself")


def _flat(error: BaseException) -> str:
    """Return an exception, and those within it, in one line."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_flat(each) for each in error.exceptions)
    return f"{type(error).__name__}: {error}"
